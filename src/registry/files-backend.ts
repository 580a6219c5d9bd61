import pLimit from "p-limit";
import { hasher } from "../base/hash.js";
import type { ObjectStore } from "../io/object-store.js";
import { manifestPath } from "../model/bundle/manifest.js";
import { bundleSource, type BundleSource } from "../model/bundle/source.js";
import { withAlias } from "./aliases.js";
import { inTurns, ledgerIn, untilSettled, type Write } from "./ledger.js";
import { corruptRecord } from "./registry-error.js";
import type { IndexedVersion, RegistryIndex } from "./registry-index.js";
import type { RegistryBackend, RegistryChange } from "./registry-state.js";
import { versionNumbered } from "./resolve.js";
import { compareSemver } from "./semver.js";
import type { VersionRecord } from "./version.js";
import { parseRecord, writeRecord } from "./version-record.js";

/** Objects read or written at once; small files of a bundle, which take no memory to speak of, in one wave. */
const parallel = { small: 32, other: 16 };
const small = 2 ** 20;

/** A registry's backend in an object store with compare-and-swap; {@link filesRegistry} says where things lie. */
export function filesBackend(store: ObjectStore, prefix: string, now: () => Date): RegistryBackend<IndexedVersion> {
  const limit = pLimit(parallel.other);
  const smallLimit = pLimit(parallel.small);
  const ledger = ledgerIn(store, prefix, now);
  const inTurn = inTurns();
  const bundleKey = (contentHash: string, path: string): string => `${prefix}bundles/${contentHash}/${path}`;

  /** The files come in any order: a bundle counts only once the index names it. */
  async function upload({ manifest, read }: BundleSource): Promise<void> {
    const put = (path: string): Promise<unknown> => store.putStream(bundleKey(manifest.contentHash, path), read(path));
    await Promise.all([
      smallLimit(() => put(manifestPath)),
      ...manifest.files.map(({ path, bytes }) => (bytes > small ? limit : smallLimit)(() => put(path))),
    ]);
  }

  async function removeBundle(contentHash: string): Promise<void> {
    // The manifest first: a bundle without it counts as none.
    await store.delete(bundleKey(contentHash, manifestPath));
    const rest = await store.list(bundleKey(contentHash, ""));
    await Promise.all(rest.map(({ key }) => limit(() => store.delete(key))));
  }

  const recordKey = (number: number, hash: string): string => `${prefix}versions/${String(number).padStart(6, "0")}-${hash}.json`;

  /** What the index says of a record, which has to be written before it. */
  function indexed(record: VersionRecord): { readonly entry: IndexedVersion; readonly write: Write } {
    const bytes = writeRecord(record);
    const { number, semver, contentHash, status, stage } = record;
    const hash = hasher().update(bytes).hex();
    return { entry: { number, semver, contentHash, status, stage, record: hash }, write: () => store.put(recordKey(number, hash), bytes) };
  }

  async function getRecord({ number, record: hash }: IndexedVersion): Promise<VersionRecord> {
    const key = recordKey(number, hash);
    const bytes = (await store.get(key))?.bytes;
    if (bytes === undefined) throw corruptRecord(key, "is missing");
    if (hasher().update(bytes).hex() !== hash) throw corruptRecord(key, "was changed since it was written");
    return parseRecord(key, bytes);
  }

  /** The index after a change; `writes` gets what has to be written before it. */
  async function applied(index: RegistryIndex, change: RegistryChange, writes: Write[]): Promise<RegistryIndex> {
    const { versions } = index;
    switch (change.kind) {
      case "add": {
        const { entry, write } = indexed({ ...change.draft, number: index.next });
        writes.push(() => upload(change.bundle), write);
        return { ...index, versions: [...versions, entry], next: index.next + 1, highest: change.draft.semver };
      }
      case "label": {
        const found = versionNumbered(versions, change.version);
        if (found === undefined) return index;
        const { entry, write } = indexed({ ...(await getRecord(found)), ...change.labels });
        writes.push(write);
        return { ...index, versions: versions.map((version) => (version === found ? entry : version)) };
      }
      case "remove":
        return { ...index, versions: versions.filter(({ number }) => number !== change.version) };
      case "alias":
        return { ...index, aliases: withAlias(index.aliases, change.entry) };
    }
  }

  const attempt: RegistryBackend<IndexedVersion>["transact"] = async (decide) => {
    const read = await ledger.read();
    const { result, changes = [], entry } = await decide(read.index);
    if (entry === undefined) return { state: read.index, result };
    let { index } = read;
    const writes: Write[] = [];
    for (const change of changes) index = await applied(index, change, writes);
    const added = changes.some(({ kind }) => kind === "add");
    const state = await ledger.commit(read, index, added ? { ...entry, version: index.next - 1 } : entry, writes);
    for (const change of changes) {
      const removed = change.kind === "remove" ? versionNumbered(read.index.versions, change.version) : undefined;
      if (removed !== undefined) await removeBundle(removed.contentHash);
    }
    return { state, result };
  };

  return {
    capabilities: { compareAndSwap: true, history: true, remove: true },

    read: async () => (await ledger.read()).index,

    transact: (decide) => inTurn(() => untilSettled(() => attempt(decide))),

    record: (version) => limit(() => getRecord(version)),

    bundle: ({ contentHash }) => bundleSource(store, bundleKey(contentHash, "")),

    history: (most) => ledger.history(most),

    async restore({ versions, aliases, history, bundle }) {
      const held = new Set((await ledger.read()).index.versions.map(({ contentHash }) => contentHash));
      const entries: IndexedVersion[] = [];
      for (const version of versions) {
        if (!held.has(version.contentHash)) await upload(await bundle(version));
        const { entry, write } = indexed(version);
        await write();
        entries.push(entry);
      }
      const removed = history.map(({ entry }) => entry.version);
      const next = Math.max(0, ...removed, ...versions.map(({ number }) => number)) + 1;
      const given = [...versions.map(({ semver }) => semver), ...history.flatMap(({ entry }) => entry.semver ?? [])];
      await ledger.adopt({ versions: entries, aliases, next, highest: given.sort(compareSemver).at(-1) }, history);
    },
  };
}
