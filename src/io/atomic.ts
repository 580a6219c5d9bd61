import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { ChurnkitError } from "../base/errors.js";
import { node } from "../base/node.js";
import { ioFailed, systemCode } from "./io-error.js";
import { isLeftover, ownedName } from "./owner.js";

const files = () => node().getBuiltinModule("node:fs/promises");
const paths = () => node().getBuiltinModule("node:path");

/** Bytes to write: at once, or as a stream. */
export type FileContent = string | Uint8Array | AsyncIterable<string | Uint8Array>;

/**
 * Writes a file so that a kill, a full disk or an error at any moment leaves the old content or the new, never a
 * part: the bytes go to a temporary file next to it, reach the disk, and take its name in one step. Missing folders
 * are made, and removed again on failure. A device such as /dev/stdout is written to directly.
 *
 * @param options `mode` has the permissions of a new file; an existing file keeps its own.
 * @throws ChurnkitError IO_FAILED with the path and what to do.
 */
export async function writeFileAtomic(
  path: string,
  content: FileContent,
  { mode }: { readonly mode?: number } = {},
): Promise<void> {
  const { realpath, rename, rm, stat } = files();
  const target = await realpath(path).catch(() => path);
  const present = await stat(target).catch(() => undefined);
  if (present?.isDirectory() === true) {
    throw new ChurnkitError("IO_FAILED", `Cannot write ${path}. It is a folder, not a file: use another path.`, {
      where: { file: path },
    });
  }
  if (present !== undefined && !present.isFile()) {
    return writeInto(target, content, "w", undefined).catch((error: unknown) => {
      throw ioFailed("write", path, error);
    });
  }
  const folder = paths().dirname(target);
  const created = await makeFolder(folder);
  const staged = paths().join(folder, `.${paths().basename(target)}.${ownedName()}.tmp`);
  try {
    await removeLeftovers(folder, `.${paths().basename(target)}.`, ".tmp");
    await writeInto(staged, content, "wx", present?.mode ?? mode);
    if (present !== undefined) takeAfter(staged, present);
    await rename(staged, target);
    await syncFolder(folder);
  } catch (error) {
    await rm(staged, { force: true }).catch(() => undefined);
    await removeCreated(folder, created);
    throw ioFailed("write", path, error);
  }
}

/** Gives a file the owner and the permissions of the one that it replaces: root, and the mask of this process, would change them. */
export function takeAfter(path: string, { mode, uid, gid }: Stats): void {
  const { chmodSync, chownSync } = node().getBuiltinModule("node:fs");
  try {
    chownSync(path, uid, gid);
  } catch (error) {
    // Another user's file that this one may replace, or a file system without owners.
    if (!["EPERM", "EINVAL", "ENOSYS", "ENOTSUP"].includes(systemCode(error))) throw error;
  }
  chmodSync(path, mode & 0o7777);
}

async function writeInto(path: string, content: FileContent, flags: string, mode: number | undefined): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await files().open(path, flags, mode ?? 0o666);
    await writeParts(file, typeof content === "string" || content instanceof Uint8Array ? [content] : content);
    if (flags === "wx") await file.sync();
  } finally {
    await file?.close();
  }
}

/**
 * Writes parts one after the other. `writeFile` continues until every byte is written; a single write may stop short
 * without an error on a disk that is nearly full.
 */
async function writeParts(
  file: FileHandle,
  parts: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
): Promise<void> {
  for await (const part of parts) await file.writeFile(part);
}

/**
 * Makes a folder and its parents; returns the topmost one made, if any, for {@link removeCreated}. One by one,
 * because Node's recursive mkdir never ends where the system answers ENOENT for a folder in an existing one, as /proc
 * does.
 */
export async function makeFolder(folder: string): Promise<string | undefined> {
  const missing: string[] = [];
  let created: string | undefined;
  try {
    for (let path = paths().resolve(folder); !(await isFolder(path)); path = paths().dirname(path))
      missing.unshift(path);
    for (const path of missing) {
      if (await makeOne(path)) created ??= path;
    }
    return created;
  } catch (error) {
    await removeCreated(folder, created);
    throw ioFailed("make the folder", folder, error);
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    // The root always is one; the mkdir below it reports a file in the way.
    return (await files().stat(path)).isDirectory() || paths().dirname(path) === path;
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    return false;
  }
}

/** Returns false if another process made it first. */
async function makeOne(path: string): Promise<boolean> {
  try {
    await files().mkdir(path);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST" && (await isFolder(path))) return false;
    throw error;
  }
}

/** Undoes {@link makeFolder}: removes the folders it made, as long as they are empty. */
export async function removeCreated(folder: string, created: string | undefined): Promise<void> {
  if (created === undefined) return;
  for (let path = paths().resolve(folder); path.length >= created.length; path = paths().dirname(path)) {
    try {
      await files().rmdir(path);
    } catch {
      return;
    }
  }
}

/** Removes leftovers of dead processes in a folder, by the beginning and end of their names. */
export async function removeLeftovers(folder: string, prefix: string, suffix: string): Promise<void> {
  const { readdir, rm, stat } = files();
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(prefix) || !name.endsWith(suffix)) continue;
    const path = paths().join(folder, name);
    const age = await stat(path).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (isLeftover(name, age)) await rm(path, { recursive: true, force: true });
  }
}

/** Makes a rename in a folder survive a power cut, if the system can. */
export async function syncFolder(folder: string): Promise<void> {
  const { closeSync, fsync, openSync } = node().getBuiltinModule("node:fs");
  let handle: number | undefined;
  try {
    handle = openSync(folder, "r");
    await node().getBuiltinModule("node:util").promisify(fsync)(handle);
  } catch (error) {
    // Windows cannot open a folder, and some network file systems cannot sync one.
    if (!["EISDIR", "EPERM", "EACCES", "EINVAL", "ENOTSUP"].includes(systemCode(error))) throw error;
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}
