import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { makeFolder, removeLeftovers, syncFolder, takeAfter } from "./atomic.js";
import { ioFailed, systemCode } from "./io-error.js";
import { ownedName } from "./owner.js";
import { withFileLock } from "./store/files/file-lock.js";

/**
 * Changes a small file of text so that of several processes that change it at once none undoes another's change: each reads and
 * writes it under a lock. A kill at any moment leaves the old content or the new.
 *
 * @param change gets the text, undefined for a file that does not exist, and returns the new one. An error of it leaves the file as it is.
 * @param options `mode` has the permissions of a new file; an existing file keeps its own.
 * @throws ChurnkitError IO_FAILED with the path, also where the lock is not free in time; the error of `change`.
 */
export async function updateFile(
  path: string,
  change: (text: string | undefined) => string,
  { mode = 0o666 }: { readonly mode?: number } = {},
): Promise<void> {
  const target = targetOf(path);
  const folder = dirname(target);
  await makeFolder(folder);
  const hidden = join(folder, `.${basename(target)}.`);
  await removeLeftovers(folder, `.${basename(target)}.`, ".tmp");
  const staged = `${hidden}${ownedName()}.tmp`;
  try {
    await withFileLock(`${hidden}lock`, () => {
      const before = readNow(target);
      const text = change(before);
      const present = statSync(target, { throwIfNoEntry: false });
      writeNow(staged, text, present?.mode ?? mode);
      if (present !== undefined) takeAfter(staged, present);
      renameSync(staged, target);
    });
    await syncFolder(folder);
  } catch (error) {
    rmSync(staged, { force: true });
    throw ioFailed("change", path, error);
  }
}

/** The file behind a link. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function readNow(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function writeNow(path: string, text: string, mode: number): void {
  const file = openSync(path, "wx", mode);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
