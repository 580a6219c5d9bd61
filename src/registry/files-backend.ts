import pLimit from "p-limit";
import { sha256Hex } from "../base/hash.js";
import type { ObjectStore } from "../io/object-store.js";
import { manifestPath } from "../model/bundle/manifest.js";
import { bundleSource, type BundleSource } from "../model/bundle/source.js";
import { withAlias } from "./aliases.js";
import { inTurns, ledgerIn, untilSettled } from "./ledger.js";
import { corruptRecord } from "./registry-error.js";
import type { IndexedVersion, RegistryIndex } from "./registry-index.js";
import type { RegistryBackend, RegistryChange } from "./registry-state.js";
import { versionNumbered } from "./resolve.js";
import { compareSemver } from "./semver.js";
import type { VersionRecord } from "./version.js";
import { parseRecord, writeRecord } from "./version-record.js";

/** Objects read or written at once. */
const parallel = 16;

/** A registry's backend in an object store with compare-and-swap; {@link filesRegistry} says where things lie. */
export function filesBackend(store: ObjectStore, prefix: string, now: () => Date): RegistryBackend<IndexedVersion> {
  const limit = pLimit(parallel);
  const ledger = ledgerIn(store, prefix, now);
  const inTurn = inTurns();
  const bundleKey = (contentHash: string, path: string): string => `${prefix}bundles/${contentHash}/${path}`;

  /** The manifest is written last: where it is, the bundle is whole. */
  async function upload({ manifest, read }: BundleSource): Promise<void> {
    const put = (path: string): Promise<unknown> => limit(() => store.putStream(bundleKey(manifest.contentHash, path), read(path)));
    await Promise.all(manifest.files.map(({ path }) => put(path)));
    await put(manifestPath);
  }

  async function removeBundle(contentHash: string): Promise<void> {
    // The manifest first: a bundle without it counts as none.
    await store.delete(bundleKey(contentHash, manifestPath));
    const rest = await store.list(bundleKey(contentHash, ""));
    await Promise.all(rest.map(({ key }) => limit(() => store.delete(key))));
  }

  const recordKey = (number: number, hash: string): string => `${prefix}versions/${String(number).padStart(6, "0")}-${hash}.json`;

  async function putRecord(record: VersionRecord): Promise<IndexedVersion> {
    const bytes = writeRecord(record);
    const { number, semver, contentHash, status, stage } = record;
    const hash = await sha256Hex(bytes);
    await store.put(recordKey(number, hash), bytes);
    return { number, semver, contentHash, status, stage, record: hash };
  }

  async function getRecord({ number, record: hash }: IndexedVersion): Promise<VersionRecord> {
    const key = recordKey(number, hash);
    const bytes = (await store.get(key))?.bytes;
    if (bytes === undefined) throw corruptRecord(key, "is missing");
    if ((await sha256Hex(Uint8Array.from(bytes))) !== hash) throw corruptRecord(key, "was changed since it was written");
    return parseRecord(key, bytes);
  }

  async function applied(index: RegistryIndex, change: RegistryChange): Promise<RegistryIndex> {
    const { versions } = index;
    switch (change.kind) {
      case "add":
        await upload(change.bundle);
        return { ...index, versions: [...versions, await putRecord({ ...change.draft, number: index.next })], next: index.next + 1, highest: change.draft.semver };
      case "label": {
        const found = versionNumbered(versions, change.version);
        if (found === undefined) return index;
        const labelled = await putRecord({ ...(await getRecord(found)), ...change.labels });
        return { ...index, versions: versions.map((version) => (version === found ? labelled : version)) };
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
    for (const change of changes) index = await applied(index, change);
    const added = changes.some(({ kind }) => kind === "add");
    const state = await ledger.commit(read, index, added ? { ...entry, version: index.next - 1 } : entry);
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
      const indexed: IndexedVersion[] = [];
      for (const version of versions) {
        if (!held.has(version.contentHash)) await upload(await bundle(version));
        indexed.push(await putRecord(version));
      }
      const removed = history.map(({ entry }) => entry.version);
      const next = Math.max(0, ...removed, ...versions.map(({ number }) => number)) + 1;
      const given = [...versions.map(({ semver }) => semver), ...history.flatMap(({ entry }) => entry.semver ?? [])];
      await ledger.adopt({ versions: indexed, aliases, next, highest: given.sort(compareSemver).at(-1) }, history);
    },
  };
}
