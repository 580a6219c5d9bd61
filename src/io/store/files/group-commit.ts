import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { syncFolder } from "../../atomic.js";
import { withFileLock } from "./file-lock.js";
import { systemCode } from "../../io-error.js";

/**
 * Changes of names below a root folder, made in groups: all that are ready at the same time are made under one lock,
 * and each affected folder is synced once, as a database commits transactions together.
 */
export interface GroupCommit {
  /** Makes a folder and its parents. */
  readonly makeFolder: (folder: string) => void;
  /**
   * Runs the preparation of a change, such as the writing of a file; a group that is about to begin waits for it
   * briefly.
   */
  readonly preparing: <T>(work: () => Promise<T>) => Promise<T>;
  /**
   * Changes names in a folder while no other process or thread changes any below the root. Afterwards the change
   * survives a power cut: the folder has reached the disk, and so have its parents that are new or that this process
   * has not seen there. An error of `change` is thrown here and stops none of the others.
   */
  readonly commit: (folder: string, change: () => void) => Promise<void>;
}

interface Change {
  readonly folder: string;
  readonly make: () => void;
  failed?: { readonly error: unknown };
}

/** Changes that are made together; the result is the syncs of their folders, which have begun by then. */
interface Group {
  readonly changes: Change[];
  readonly syncs: Promise<ReadonlyMap<string, Promise<void>>>;
}

/** How long a group waits for preparations, in milliseconds. */
const patience = 20;
/**
 * Number of folders that are remembered. A registry keeps making new ones; a forgotten one is only synced once more.
 */
const most = 10_000;

/**
 * @param root an absolute path; folders above it are not synced.
 * @param lock the lock file.
 */
export function groupCommit(root: string, lock: string): GroupCommit {
  // Folders whose name in the parent has reached the disk.
  const named = new Set<string>();
  // That has not begun.
  let group: Group | undefined;
  let preparations = 0;
  const waiting = new Set<() => void>();

  /** Waiters that gave up are forgotten: if writes overlap without end, they would pile up. */
  async function quiet(): Promise<void> {
    if (preparations === 0) return;
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        clearTimeout(timer);
        waiting.delete(goOn);
        resolve();
      };
      const timer = setTimeout(goOn, patience);
      waiting.add(goOn);
    });
  }

  async function makeAll(changes: readonly Change[]): Promise<ReadonlyMap<string, Promise<void>>> {
    await quiet();
    try {
      await withFileLock(lock, () => {
        group = undefined;
        for (const change of changes) attempt(change);
      });
    } catch (error) {
      // The lock was not available, so the group has not begun.
      group = undefined;
      throw error;
    }
    const begun = new Map<string, Promise<void>>();
    const sync = (folder: string): Promise<void> => {
      const shared = begun.get(folder) ?? syncPresent(folder);
      begun.set(folder, shared);
      return shared;
    };
    const folders = new Set(changes.filter(({ failed }) => failed === undefined).map(({ folder }) => folder));
    return new Map([...folders].map((folder) => [folder, settle(folder, sync)]));
  }

  async function settle(folder: string, sync: (folder: string) => Promise<void>): Promise<void> {
    const unnamed: string[] = [];
    for (let path = folder; !named.has(path) && path.length > root.length; path = dirname(path)) unnamed.push(path);
    await Promise.all([sync(folder), ...unnamed.map((path) => sync(dirname(path)))]);
    if (named.size > most) named.clear();
    for (const path of unnamed) named.add(path);
  }

  return {
    makeFolder(folder) {
      const made = mkdirSync(folder, { recursive: true });
      if (made === undefined) return;
      for (let path = folder; path.length >= made.length; path = dirname(path)) named.delete(path);
    },
    async preparing(work) {
      preparations++;
      try {
        return await work();
      } finally {
        if (--preparations === 0) for (const goOn of waiting) goOn();
      }
    },
    async commit(folder, make) {
      const change: Change = { folder, make };
      if (group === undefined) {
        const changes: Change[] = [];
        group = { changes, syncs: makeAll(changes) };
      }
      group.changes.push(change);
      const syncs = await group.syncs;
      if (change.failed !== undefined) throw change.failed.error;
      await syncs.get(folder);
    },
  };
}

function attempt(change: Change): void {
  try {
    change.make();
  } catch (error) {
    change.failed = { error };
  }
}

async function syncPresent(folder: string): Promise<void> {
  try {
    await syncFolder(folder);
  } catch (error) {
    // A missing folder was empty: its contents were removed by name.
    if (systemCode(error) !== "ENOENT") throw error;
  }
}
