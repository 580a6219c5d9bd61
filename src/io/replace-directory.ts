import { existsSync, renameSync } from "node:fs";
import { mkdir, open, readdir, realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { makeFolder, removeCreated, removeLeftovers, syncFolder } from "./atomic.js";
import { withFileLock } from "./store/files/file-lock.js";
import { ioFailed } from "./io-error.js";
import { ownedName } from "./owner.js";

/**
 * Replaces `target` with a folder of exactly `files` (relative paths with `/`).
 *
 * The files are written to a staging folder next to the target and reach the disk. Then, under a lock, the old folder
 * is renamed to `.<name>.previous-*` and the staged one takes its place. Between those two renames the target is
 * absent, and a reader uses the newest of those folders. So a kill at any moment leaves the old files or the new. A
 * failure leaves nothing behind; the next call removes what a killed process left.
 *
 * @throws ChurnkitError IO_FAILED with the path and what to do.
 */
export async function replaceDirectory(target: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  // A link stays a link: its target is replaced.
  const place = await realpath(target).catch(() => resolve(target));
  const folder = dirname(place);
  const name = basename(place);
  const created = await makeFolder(folder);
  const staged = join(folder, `.${name}.staging-${ownedName()}`);
  try {
    await removeLeftovers(folder, `.${name}.staging-`, "");
    await writeFolder(staged, files);
    await withFileLock(join(folder, `.${name}.lock`), () => {
      swap(staged, place, join(folder, `.${name}.previous-${ownedName()}`));
    });
  } catch (error) {
    await rm(staged, { recursive: true, force: true }).catch(() => undefined);
    await removeCreated(folder, created);
    throw ioFailed("write", target, error);
  }
  await syncFolder(folder);
  // The new folder is in place: anything under the old names is useless, and harmless if it stays.
  for (const previous of await previousFolders(place)) {
    await rm(previous, { recursive: true, force: true }).catch(() => undefined);
  }
}

function swap(staged: string, place: string, previous: string): void {
  if (!existsSync(place)) {
    renameSync(staged, place);
    return;
  }
  renameSync(place, previous);
  try {
    renameSync(staged, place);
  } catch (error) {
    renameSync(previous, place);
    throw error;
  }
}

/** Earlier contents of `target`, newest first: a reader uses them if a kill left no target. */
export async function previousFolders(target: string): Promise<string[]> {
  const place = resolve(target);
  const folder = dirname(place);
  const prefix = `.${basename(place)}.previous-`;
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(prefix));
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      // A rename sets the change time, so the newest was renamed last.
      return {
        path,
        time: await stat(path).then(
          (entry) => entry.ctimeMs,
          () => 0,
        ),
      };
    }),
  );
  return found.sort((a, b) => b.time - a.time).map((entry) => entry.path);
}

async function writeFolder(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const folders = new Set([folder]);
  for (const path of files.keys()) {
    for (let parent = dirname(path); parent !== "."; parent = dirname(parent)) folders.add(join(folder, parent));
  }
  // Sorted, a folder comes before its contents. Not recursive: see makeFolder.
  for (const path of [...folders].sort()) await mkdir(path);
  await Promise.all([...files].map(([path, bytes]) => writeSynced(join(folder, path), bytes)));
  for (const path of folders) await syncFolder(path);
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
