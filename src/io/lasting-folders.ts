import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { syncFolder } from "./atomic.js";
import { systemCode } from "./io-error.js";

/** Folders below a root whose contents, and whose own names in their parents, outlive a power cut. */
export interface LastingFolders {
  /** Makes a folder and its parents. */
  readonly make: (folder: string) => void;
  /** Runs a write up to its rename: a sync that is asked for meanwhile waits for it, a moment. */
  readonly writing: <T>(write: () => Promise<T>) => Promise<T>;
  /**
   * Makes what was renamed into a folder before this call last: the folder reaches the disk, and so do those above it
   * that are new or that this process has not seen there. All who ask before a folder's sync begins share it.
   */
  readonly settle: (folder: string) => Promise<void>;
}

/** How long a sync waits, in milliseconds, so that others who are about to ask for it may share it. */
const patience = 10;
/** How many folders are remembered. A registry makes new ones for ever, and one that is forgotten is only synced once more. */
const most = 10_000;

/** @param root an absolute path; what is above it is not looked after. */
export function lastingFolders(root: string): LastingFolders {
  // Whose name in the parent has reached the disk.
  const named = new Set<string>();
  // Syncs that have not begun.
  const toCome = new Map<string, Promise<void>>();
  let writes = 0;
  let waiting: (() => void)[] = [];

  const quiet = (): Promise<unknown> =>
    writes === 0 ? Promise.resolve() : Promise.race([new Promise<void>((resolve) => waiting.push(resolve)), sleep(patience)]);

  function sync(folder: string): Promise<void> {
    const shared = toCome.get(folder) ?? quiet().then(() => {
      toCome.delete(folder);
      // A folder that is gone was empty: what was in it was removed by its name.
      return syncFolder(folder).catch((error: unknown) => {
        if (systemCode(error) !== "ENOENT") throw error;
      });
    });
    toCome.set(folder, shared);
    return shared;
  }

  return {
    make(folder) {
      const made = mkdirSync(folder, { recursive: true });
      if (made === undefined) return;
      for (let path = folder; path.length >= made.length; path = dirname(path)) named.delete(path);
    },
    async writing(write) {
      writes++;
      try {
        return await write();
      } finally {
        if (--writes === 0) {
          for (const goOn of waiting) goOn();
          waiting = [];
        }
      }
    },
    async settle(folder) {
      const unnamed: string[] = [];
      for (let path = folder; !named.has(path) && path.length > root.length; path = dirname(path)) unnamed.push(path);
      await Promise.all([sync(folder), ...unnamed.map((path) => sync(dirname(path)))]);
      if (named.size > most) named.clear();
      for (const path of unnamed) named.add(path);
    },
  };
}
