import type { FileHandle } from "node:fs/promises";
import { ChurnkitError } from "../../base/errors.js";
import { node } from "../../base/node.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { ioFailed, systemCode } from "../../io/io-error.js";
import type { Edit } from "./edit.js";
import { changes, isErasableName, mostBytes, repacked, tooLarge, unpacked, type ErasablePlace } from "./places.js";

const files = () => node().getBuiltinModule("node:fs/promises");
const paths = () => node().getBuiltinModule("node:path");

/** How often a file that somebody else changes meanwhile is read again. */
const attempts = 10;

/**
 * A file, or the files of lines below a folder.
 *
 * Lines of JSON are overwritten by blanks in the open file: a server may append to it and move it aside meanwhile, and neither
 * loses a line. Other files are replaced as a whole.
 */
export function filePlace(path: string): ErasablePlace {
  return {
    async list() {
      const found = await files()
        .stat(path)
        .catch((error: unknown) => {
          if (systemCode(error) !== "ENOENT") throw ioFailed("read", path, error);
          throw new ChurnkitError("INPUT_NOT_FOUND", `There is no ${path}.`, { where: { file: path } });
        });
      if (!found.isDirectory()) return [path];
      const entries = await files().readdir(path, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && isErasableName(entry.name))
        .map((entry) => paths().join(entry.parentPath, entry.name))
        .sort();
    },
    async visit(name, edit, write) {
      for (let attempt = 0; attempt < attempts; attempt++) {
        const made = await visitOnce(name, edit, write);
        if (made !== "changed") return made;
      }
      throw new ChurnkitError("IO_FAILED", `${name} is being written. Erase again when its writer is done.`, {
        where: { file: name },
      });
    },
  };
}

async function visitOnce(
  path: string,
  edit: (bytes: Uint8Array) => Edit,
  write: boolean,
): Promise<Edit | undefined | "changed"> {
  let file: FileHandle | undefined;
  try {
    file = await files().open(path, "r");
    const before = await file.stat();
    if (before.size > mostBytes) throw tooLarge(path);
    const object = await unpacked(await file.readFile(), path);
    const made = edit(object.bytes);
    if (!write || !changes(made)) return made;
    if (made.inPlace && !object.packed) return (await blankLines(path, made, before.ino)) ? made : "changed";
    const bytes = await repacked(object, made);
    const now = await files().stat(path);
    if (now.ino !== before.ino || now.size !== before.size || now.mtimeMs !== before.mtimeMs) return "changed";
    await writeFileAtomic(path, bytes);
    return made;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw ioFailed(write ? "change" : "read", path, error);
  } finally {
    await file?.close();
  }
}

/** Overwrites lines by blanks; false where another file has taken the name since. */
async function blankLines(path: string, { ranges }: Edit, ino: number): Promise<boolean> {
  const file = await files().open(path, "r+");
  try {
    if ((await file.stat()).ino !== ino) return false;
    for (const [from, to] of ranges) await blank(file, from, to);
    await file.datasync();
    return true;
  } finally {
    await file.close();
  }
}

async function blank(file: FileHandle, from: number, to: number): Promise<void> {
  const blanks = new Uint8Array(to - from).fill(32);
  for (let done = 0; done < blanks.length;)
    done += (await file.write(blanks, done, blanks.length - done, from + done)).bytesWritten;
}
