import { isConflict, retryOnConflict, settleAll, type Work } from "../../base/async/index.js";
import { ChurnkitError } from "../../base/errors.js";
import { abandonedEntries, copyHistory, newestEntry, readHistory, writeEntry, type StoredEntry } from "./history.js";
import { corruptRecord } from "../registry-error.js";
import {
  emptyIndex,
  parseIndex,
  writeIndex,
  type HistoryHead,
  type RegistryIndex,
} from "../versions/registry-index.js";
import type { EntryDraft } from "../registry-state.js";
import type { ObjectStore } from "../../io/store/index.js";

/** An index as read, and the object's version for changing it. */
export interface ReadIndex {
  readonly index: RegistryIndex;
  readonly version: string | null;
}

/**
 * An index and its history in an object store with compare-and-swap:
 *
 * ```
 * <prefix>index.json                     the one object that changes
 * <prefix>history/<sequence>-<hash>.json one change, holding the hash of the one before
 * ```
 */
export interface Ledger {
  read(): Promise<ReadIndex>;
  /**
   * Writes an entry of the history together with everything else that the index names; then the index, by
   * compare-and-swap. If the index is not written, the entry is removed again.
   *
   * @throws ChurnkitError STORE_CONFLICT when the index was changed since it was read.
   */
  commit(
    read: ReadIndex,
    index: Omit<RegistryIndex, "head">,
    entry: EntryDraft,
    writes?: readonly Work[],
  ): Promise<RegistryIndex>;
  /**
   * Writes the index without an entry, for changes that do not belong in the registry's history.
   *
   * @throws ChurnkitError STORE_CONFLICT when the index was changed since it was read.
   */
  replace(read: ReadIndex, index: RegistryIndex): Promise<void>;
  /** Changes the current index, and tries again after losing a race. Errors of `change` are rethrown. */
  append(change: (index: RegistryIndex) => Omit<RegistryIndex, "head">, entry: EntryDraft): Promise<RegistryIndex>;
  /** Newest first. */
  history(limit: number): Promise<StoredEntry[]>;
  /** See {@link abandonedEntries}. */
  abandoned(history: readonly StoredEntry[]): Promise<readonly number[]>;
  /**
   * Takes over an index and a history from elsewhere; the history must continue this one.
   *
   * @throws ChurnkitError REGISTRY_REFUSED if this history is another one, STORE_CONFLICT if folders were removed
   * since the count in the given index.
   */
  adopt(index: Omit<RegistryIndex, "head">, oldestFirst: readonly StoredEntry[]): Promise<void>;
}

export function ledgerIn(store: ObjectStore, prefix: string, now: () => Date): Ledger {
  const key = `${prefix}index.json`;
  // An unchanged index is not parsed again.
  let known: ReadIndex = { index: emptyIndex, version: null };
  const read = async (): Promise<ReadIndex> => {
    const found = await store.get(key);
    if (found === undefined) return { index: emptyIndex, version: null };
    if (found.version !== known.version) known = { index: parseIndex(key, found.bytes), version: found.version };
    return known;
  };
  /**
   * The end of the history is the last entry or the one before it: a killed change leaves one more, never two.
   *
   * @throws ChurnkitError REGISTRY_CORRUPT if the index is gone, or an old one replaced it.
   */
  async function wholeHead(): Promise<HistoryHead | null> {
    // Listed before the index is read, which then includes everything written in the meantime.
    const newest = await newestEntry(store, prefix);
    const { head } = (await read()).index;
    if (newest > (head?.sequence ?? 0) + 1)
      throw corruptRecord(
        key,
        `${head === null ? "is missing" : "is an old one"}: the history goes on to entry ${newest}; a restore that was interrupted is finished by repeating it`,
      );
    return head;
  }
  const replace: Ledger["replace"] = async ({ version }, index) => {
    known = { index, ...(await store.put(key, writeIndex(index), { ifVersion: version })) };
  };
  const ledger: Ledger = {
    read,
    replace,
    async commit(found, index, draft, writes = []) {
      const { index: before, version } = found;
      if (version === null) await wholeHead();
      const entry = await writeEntry(prefix, {
        ...draft,
        at: now().toISOString(),
        sequence: (before.head?.sequence ?? 0) + 1,
        previous: before.head?.sha256 ?? null,
      });
      const next = { ...index, head: entry.head };
      const takeBack = (): Promise<void> => store.delete(entry.key);
      try {
        await settleAll([() => store.put(entry.key, entry.bytes), ...writes]);
      } catch (error) {
        await takeBack().catch(() => undefined);
        throw error;
      }
      try {
        await replace(found, next);
      } catch (error) {
        // Another error may have come after the index was changed; then the entry counts.
        if (isConflict(error)) await takeBack();
        throw error;
      }
      return next;
    },
    async append(change, entry) {
      return retryOnConflict(async () => {
        const found = await read();
        return ledger.commit(found, change(found.index), entry);
      });
    },
    async history(limit) {
      const head = limit === Infinity ? await wholeHead() : (await read()).index.head;
      return readHistory(store, prefix, head, limit);
    },
    abandoned: (history) => abandonedEntries(store, prefix, history),
    async adopt(index, oldestFirst) {
      const found = await read();
      const { index: before } = found;
      const held =
        before.head === null ? -1 : oldestFirst.findIndex(({ entry }) => entry.sha256 === before.head?.sha256);
      if (before.head !== null && held < 0) {
        throw new ChurnkitError(
          "REGISTRY_REFUSED",
          `${store.name} has a registry ${prefix} with another history, which would be lost. Use an empty location.`,
        );
      }
      if (before.cleaned !== index.cleaned) {
        throw new ChurnkitError(
          "STORE_CONFLICT",
          `Bundle folders in ${store.name} were removed during the restore, possibly including its own. Repeat the restore.`,
        );
      }
      await copyHistory(store, prefix, oldestFirst.slice(held + 1));
      const last = oldestFirst.at(-1)?.entry;
      const head = last === undefined ? null : { sequence: last.sequence, sha256: last.sha256 };
      await replace(found, { ...index, head });
    },
  };
  return ledger;
}
