import pLimit from "p-limit";
import { retryOnConflict, settleAll, type Work } from "../../../base/async/index.js";
import { hasher } from "../../../base/hash.js";
import type { ObjectStore } from "../../../io/store/index.js";
import type { BundleSource } from "../../../model/bundle/index.js";
import { withAlias } from "../../versions/aliases.js";
import { ledgerIn } from "../../history/ledger.js";
import { orphansAmong } from "./orphans.js";
import { corruptRecord } from "../../registry-error.js";
import type { IndexedVersion, RegistryIndex } from "../../versions/registry-index.js";
import type { Decision, RegistryBackend, RegistryChange } from "../../registry-state.js";
import { versionNumbered } from "../../versions/resolve.js";
import { compareSemver } from "../../versions/semver.js";
import {
  folderOf,
  newUpload,
  storedBundles,
  uploadNumbered,
  type StoredBundle,
} from "../../versions/stored-bundles.js";
import type { VersionRecord } from "../../versions/version.js";
import { parseRecord, writeRecord } from "../../versions/version-record.js";

/** Records read at once. */
const parallel = 16;

type Decide<T> = (state: RegistryIndex) => Decision<T> | Promise<Decision<T>>;

/** A bundle that a change adds, and how often the registry had been cleaned when its upload began. */
interface Upload extends Pick<RegistryIndex, "cleaned"> {
  readonly stored: StoredBundle;
  readonly put: Work;
}

/** Each bundle is uploaded once, however often the change restarts, unless the registry is cleaned in the meantime. */
type Uploads = Map<string, Upload>;

/** A registry's backend in an object store with compare-and-swap; {@link storeRegistry} describes the layout. */
export function storeBackend(store: ObjectStore, prefix: string, now: () => Date): RegistryBackend<IndexedVersion> {
  const limit = pLimit(parallel);
  const ledger = ledgerIn(store, prefix, now);
  const inTurn = pLimit(1);
  const bundles = storedBundles(store, `${prefix}bundles/`);

  const recordKey = (number: number, hash: string): string =>
    `${prefix}versions/${String(number).padStart(6, "0")}-${hash}.json`;

  /** Returns the index entry of a record; the record has to be written first. */
  function indexed(record: VersionRecord, upload: string): { readonly entry: IndexedVersion; readonly write: Work } {
    const bytes = writeRecord(record);
    const { number, semver, contentHash, status, stage } = record;
    const hash = hasher().update(bytes).hex();
    return {
      entry: { number, semver, contentHash, status, stage, record: hash, upload },
      write: () => store.put(recordKey(number, hash), bytes),
    };
  }

  async function getRecord({ number, record: hash }: IndexedVersion): Promise<VersionRecord> {
    const key = recordKey(number, hash);
    const bytes = (await store.get(key))?.bytes;
    if (bytes === undefined) throw corruptRecord(key, "is missing");
    if (hasher().update(bytes).hex() !== hash) throw corruptRecord(key, "was changed since it was written");
    return parseRecord(key, bytes);
  }

  async function uploadOf(source: BundleSource, uploads: Uploads, { cleaned }: RegistryIndex): Promise<Upload> {
    const { contentHash } = source.manifest;
    const known = uploads.get(contentHash);
    if (known !== undefined) {
      if (known.cleaned === cleaned) return known;
      await bundles.remove(folderOf(known.stored));
    }
    const stored = { contentHash, upload: newUpload() };
    let done: Promise<void> | undefined;
    const begun = { stored, cleaned, put: () => (done ??= bundles.put(stored, source)) };
    uploads.set(contentHash, begun);
    return begun;
  }

  /** Returns the index after a change; `writes` collects the objects to write before it. */
  async function applied(
    index: RegistryIndex,
    change: RegistryChange,
    writes: Work[],
    uploads: Uploads,
  ): Promise<RegistryIndex> {
    const { versions } = index;
    switch (change.kind) {
      case "add": {
        const { stored, put } = await uploadOf(change.bundle, uploads, index);
        const { entry, write } = indexed({ ...change.draft, number: index.next }, stored.upload);
        writes.push(async () => {
          try {
            await settleAll([put, write]);
          } catch (error) {
            // A change that restarts must upload it again.
            uploads.delete(stored.contentHash);
            await bundles.remove(folderOf(stored)).catch(() => undefined);
            throw error;
          }
        });
        return { ...index, versions: [...versions, entry], next: index.next + 1, highest: change.draft.semver };
      }
      case "label": {
        const found = versionNumbered(versions, change.version);
        if (found === undefined) return index;
        const { entry, write } = indexed({ ...(await getRecord(found)), ...change.labels }, found.upload);
        writes.push(write);
        return { ...index, versions: versions.map((version) => (version === found ? entry : version)) };
      }
      case "remove":
        return { ...index, versions: versions.filter(({ number }) => number !== change.version) };
      case "alias":
        return { ...index, aliases: withAlias(index.aliases, change.entry) };
    }
  }

  async function attempt<T>(decide: Decide<T>, uploads: Uploads): Promise<{ state: RegistryIndex; result: T }> {
    const read = await ledger.read();
    const { result, changes = [], entry } = await decide(read.index);
    if (entry === undefined) return { state: read.index, result };
    let { index } = read;
    const writes: Work[] = [];
    for (const change of changes) index = await applied(index, change, writes, uploads);
    const added = changes.some(({ kind }) => kind === "add");
    const state = await ledger.commit(read, index, added ? { ...entry, version: index.next - 1 } : entry, writes);
    for (const change of changes) {
      const removed = change.kind === "remove" ? versionNumbered(read.index.versions, change.version) : undefined;
      if (removed !== undefined) await bundles.remove(folderOf(removed));
    }
    return { state, result };
  }

  /** Removes the upload of a version that was not created, because somebody else had registered the bundle by then. */
  async function removeUnnamed(uploads: Uploads, { versions }: RegistryIndex): Promise<void> {
    for (const { stored } of uploads.values())
      if (!versions.some(({ upload }) => upload === stored.upload)) await bundles.remove(folderOf(stored));
  }

  return {
    capabilities: { compareAndSwap: true, history: true, remove: true },

    read: async () => (await ledger.read()).index,

    transact: (decide) =>
      inTurn(async () => {
        const uploads: Uploads = new Map();
        const settled = await retryOnConflict(() => attempt(decide, uploads));
        await removeUnnamed(uploads, settled.state);
        return settled;
      }),

    record: (version) => limit(() => getRecord(version)),

    bundle: (version) => bundles.open(version),

    history: (most) => ledger.history(most),

    abandoned: (history) => ledger.abandoned(history),

    async orphans() {
      // Listed before the index is read, which then names everything registered in the meantime.
      const listed = await bundles.list();
      return orphansAmong(listed, (await ledger.read()).index.versions);
    },

    removeOrphans: (folders) =>
      inTurn(async () => {
        const unnamed = await retryOnConflict(async () => {
          const read = await ledger.read();
          const named = new Set(read.index.versions.map(folderOf));
          const unnamed = folders.filter((folder) => !named.has(folder));
          // Counted before anything is removed: a registration in progress finds the index changed, and uploads
          // again.
          if (unnamed.length > 0) await ledger.replace(read, { ...read.index, cleaned: (read.index.cleaned ?? 0) + 1 });
          return unnamed;
        });
        for (const folder of unnamed) await bundles.remove(folder);
        return unnamed;
      }),

    async restore({ versions, aliases, history, bundle }) {
      const { index } = await ledger.read();
      const { cleaned } = index;
      const held = new Map(index.versions.map(({ contentHash, upload }) => [contentHash, upload]));
      const entries: IndexedVersion[] = [];
      for (const version of versions) {
        const { contentHash } = version;
        // The same again when an interrupted restore is repeated.
        const upload = held.get(contentHash) ?? uploadNumbered(version.number, cleaned);
        if (!held.has(contentHash)) await bundles.put({ contentHash, upload }, await bundle(version));
        const { entry, write } = indexed(version, upload);
        await write();
        entries.push(entry);
      }
      const removed = history.map(({ entry }) => entry.version);
      const next = Math.max(0, ...removed, ...versions.map(({ number }) => number)) + 1;
      const given = [...versions.map(({ semver }) => semver), ...history.flatMap(({ entry }) => entry.semver ?? [])];
      await ledger.adopt(
        { versions: entries, aliases, next, highest: given.sort(compareSemver).at(-1), cleaned },
        history,
      );
    },
  };
}
