import { ChurnkitError } from "../base/errors.js";
import type { ObjectStore } from "../io/object-store.js";
import { writeEntry } from "./history.js";
import { emptyIndex, parseIndex, writeIndex, type RegistryIndex } from "./registry-index.js";
import type { HistoryEntry } from "./registry.js";

/** What is to be recorded of a change; sequence, time and the hash of the entry before are added. */
type ChangeEntry = Omit<HistoryEntry, "sequence" | "at" | "by" | "previous"> & { readonly by?: string | undefined };

/** What a decision comes to: a new index and its entry in the history, or nothing to change. */
export type Change<T> =
  | { readonly index: RegistryIndex; readonly entry: ChangeEntry; readonly result: T }
  | { readonly index?: undefined; readonly result: T };

/** Reads the index, decides, and commits; again from the start whenever somebody else was quicker. */
export type Changer = <T>(
  decide: (index: RegistryIndex) => Change<T> | Promise<Change<T>>,
) => Promise<{ readonly index: RegistryIndex; readonly result: T }>;

const maxAttempts = 200;

/** The index of a registry and the version to name when it is changed. */
export async function readIndex(
  store: ObjectStore,
  prefix: string,
): Promise<{ readonly index: RegistryIndex; readonly version: string | null }> {
  const key = `${prefix}index.json`;
  const found = await store.get(key);
  return found === undefined
    ? { index: emptyIndex, version: null }
    : { index: parseIndex(key, found.bytes), version: found.version };
}

/**
 * Makes the one way in which a registry's index is changed: the entry of the history is written first, then the index
 * that names it, by compare-and-swap. An entry whose index lost the race is removed again.
 */
export function changer(store: ObjectStore, prefix: string, options: { by: string; now: () => Date }): Changer {
  // Changes of one process wait for each other instead of racing.
  let turn: Promise<unknown> = Promise.resolve();

  async function attempt<T>(decide: Parameters<Changer>[0]): Promise<{ index: RegistryIndex; result: T }> {
    for (let tries = 1; ; tries++) {
      const { index, version } = await readIndex(store, prefix);
      const change = (await decide(index)) as Change<T>;
      if (change.index === undefined) return { index, result: change.result };
      const { head, key, bytes } = await writeEntry(prefix, {
        ...change.entry,
        by: change.entry.by ?? options.by,
        at: options.now().toISOString(),
        sequence: (index.head?.sequence ?? 0) + 1,
        previous: index.head?.sha256 ?? null,
      });
      await store.put(key, bytes);
      const next = { ...change.index, head };
      try {
        await store.put(`${prefix}index.json`, writeIndex(next), { ifVersion: version });
        return { index: next, result: change.result };
      } catch (error) {
        if (!ChurnkitError.isInstance(error) || error.code !== "STORE_CONFLICT" || tries === maxAttempts) throw error;
        await store.delete(key);
        await pause(tries);
      }
    }
  }

  return (decide) => {
    const mine = turn.then(() => attempt<never>(decide));
    turn = mine.catch(() => undefined);
    return mine;
  };
}

/** Waits a moment, longer with every try and different for everybody, so that rivals don't meet again. */
function pause(tries: number): Promise<void> {
  const [random = 0] = crypto.getRandomValues(new Uint8Array(1));
  return new Promise((resolve) => setTimeout(resolve, (Math.min(tries, 20) * random) / 64));
}
