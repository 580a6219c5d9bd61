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

/** `captured.jsonl.9` before `captured.jsonl.10`. */
const byNumber = new Intl.Collator("en", { numeric: true }).compare;

/**
 * A file, or the files of lines below a folder, in the order in which a server moves them aside: one that is moved before it is
 * visited then has a name that comes later.
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
          throw new ChurnkitError("INPUT_NOT_FOUND", `There is no ${path}. Check the path.`, { where: { file: path } });
        });
      if (!found.isDirectory()) return [path];
      const entries = await files().readdir(path, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && isErasableName(entry.name))
        .map((entry) => paths().join(entry.parentPath, entry.name))
        .sort(byNumber);
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
    if (made.inPlace && object.pack === undefined)
      return (await blankLines(path, made, object.bytes)) ? made : "changed";
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

/**
 * Overwrites lines by blanks.
 *
 * @param bytes what was read of the file. False where lines are no longer what they were: another file has taken the name since, or
 * this one was emptied and begun again. It may have grown.
 */
async function blankLines(path: string, { ranges }: Edit, bytes: Uint8Array): Promise<boolean> {
  const file = await files().open(path, "r+");
  try {
    for (const [from, to] of ranges) {
      const line = new Uint8Array(to - from);
      const { bytesRead } = await file.read(line, 0, line.length, from);
      if (bytesRead < line.length || !line.every((byte, i) => byte === bytes[from + i])) return false;
      await blank(file, from, line.fill(32));
    }
    await file.datasync();
    return true;
  } finally {
    await file.close();
  }
}

async function blank(file: FileHandle, from: number, blanks: Uint8Array): Promise<void> {
  for (let done = 0; done < blanks.length;)
    done += (await file.write(blanks, done, blanks.length - done, from + done)).bytesWritten;
}
