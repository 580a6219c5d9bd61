import pLimit from "p-limit";
import { ChurnkitError } from "../base/errors.js";
import { sha256Hex } from "../base/hash.js";
import { checkKey, type ObjectStore } from "../io/object-store.js";
import { fromBundleFiles, toBundleFiles, type BundleFiles, type BundleReader } from "../model/bundle/format.js";
import { manifestPath } from "../model/bundle/manifest.js";
import { openBundle } from "../model/bundle/open.js";
import { readHistory } from "./history.js";
import { emptyIndex, parseIndex, type IndexedVersion, type RegistryIndex } from "./registry-index.js";
import { changer, type Change } from "./registry-change.js";
import { corruptRecord, notFound } from "./registry-error.js";
import { moveAlias, moveBack, refusals } from "./aliases.js";
import type { ModelRegistry, ModelVersion, VersionRef } from "./registry.js";
import { checkLabels, parseRecord, writeRecord, type VersionRecord } from "./version-record.js";

export interface FilesRegistryOptions {
  /** The model's name: one segment of letters, digits and `._-`. */
  readonly name: string;
  /** Who makes changes unless told otherwise. Default "unknown". */
  readonly by?: string | undefined;
  /** The clock. */
  readonly now?: (() => Date) | undefined;
}

/** Objects read or written at once. */
const parallel = 16;

/**
 * A registry in an object store, without a server:
 *
 * ```
 * <name>/index.json                    versions, aliases, end of the history: the one object that changes
 * <name>/bundles/<content hash>/...    a bundle's files, as they lie in a bundle folder
 * <name>/versions/<number>-<hash>.json a version's record
 * <name>/history/<sequence>-<hash>.json one change, holding the hash of the one before
 * ```
 *
 * Everything is written before the index names it, and the index is changed by compare-and-swap: a kill at any moment
 * leaves the state before or after, and of two changes at once none is lost.
 *
 * @throws ChurnkitError OPTION_INVALID when the name is no key segment or the store has no compare-and-swap.
 *
 * @example
 * ```ts
 * import { memoryStore } from "churnkit/io";
 * import type { Artefact } from "churnkit/model";
 * import { filesRegistry } from "churnkit/registry";
 *
 * const registry = filesRegistry(memoryStore(), { name: "telco-churn" });
 * console.assert((await registry.list()).length === 0);
 * export async function release(artefact: Artefact): Promise<void> {
 *   const { version } = await registry.register(artefact);
 *   await registry.promote(version.number, "champion", { by: "ada" });
 * }
 * ```
 */
export function filesRegistry(store: ObjectStore, options: FilesRegistryOptions): ModelRegistry {
  const { name, by: someone = "unknown", now = () => new Date() } = options;
  checkKey(name);
  if (name.includes("/") || !store.capabilities.compareAndSwap) {
    throw new ChurnkitError("OPTION_INVALID", `A registry needs a name without "/" and a store with compare-and-swap, not ${name} in ${store.name}.`);
  }
  const prefix = `${name}/`;
  const limit = pLimit(parallel);
  const change = changer(store, prefix, { by: someone, now });

  async function readIndex(): Promise<RegistryIndex> {
    const key = `${prefix}index.json`;
    const found = await store.get(key);
    return found === undefined ? emptyIndex : parseIndex(key, found.bytes);
  }

  function resolve(index: RegistryIndex, ref: VersionRef): IndexedVersion {
    let number: number | undefined;
    if (typeof ref === "number") number = ref;
    else if (ref === "latest") number = index.versions.findLast(({ status }) => status === "registered")?.number;
    else number = index.aliases.find(({ alias }) => alias === ref)?.version;
    const found = number === undefined ? undefined : index.versions[number - 1];
    if (found === undefined) throw notFound(name, typeof ref === "number" ? `version ${ref}` : `alias "${ref}"`);
    return found;
  }

  async function describe(index: RegistryIndex, { number, record, status }: IndexedVersion): Promise<ModelVersion> {
    const found = await store.get(record);
    if (found === undefined) throw corruptRecord(record, "is missing");
    const aliases = index.aliases.filter(({ version }) => version === number).map(({ alias }) => alias);
    return { ...parseRecord(record, found.bytes), status, aliases };
  }

  const bundleKey = (contentHash: string, path: string): string => `${prefix}bundles/${contentHash}/${path}`;

  const reader = (contentHash: string): BundleReader => (path) =>
    limit(async () => (await store.get(bundleKey(contentHash, path)))?.bytes);

  /** Uploads the files, the manifest last: where it is, the bundle is whole. */
  async function upload(contentHash: string, files: BundleFiles): Promise<void> {
    const paths = [...files.keys()].filter((path) => path !== manifestPath);
    const put = (path: string) => limit(() => store.put(bundleKey(contentHash, path), files.get(path) ?? new Uint8Array()));
    await Promise.all(paths.map(put));
    await put(manifestPath);
  }

  return {
    name,
    capabilities: { compareAndSwap: true, history: true },

    async register(bundle, given = {}) {
      const { tags = {}, description = "", verdict, by = someone } = given;
      checkLabels(tags, description);
      const files = bundle instanceof Map ? (bundle as BundleFiles) : await toBundleFiles(bundle as never, { createdAt: now() });
      const { manifest, artefact } = await fromBundleFiles(files);
      const { contentHash } = manifest;
      const before = await readIndex();
      if (!before.versions.some((version) => version.contentHash === contentHash)) await upload(contentHash, files);
      const { index, result } = await change(async ({ index }) => {
        const known = index.versions.find((version) => version.contentHash === contentHash);
        if (known !== undefined) return { result: { version: known, created: false } };
        const record: VersionRecord = {
          number: index.versions.length + 1,
          contentHash,
          registeredAt: now().toISOString(),
          description,
          tags,
          metrics: given.metrics ?? artefact.metrics,
          ...(verdict === undefined ? {} : { verdict }),
          provenance: artefact.provenance,
          by,
        };
        const bytes = writeRecord(record);
        const key = `${prefix}versions/${String(record.number).padStart(6, "0")}-${(await sha256Hex(bytes)).slice(0, 16)}.json`;
        await store.put(key, bytes);
        const status = verdict?.passed === false ? "failed" : "registered";
        const version: IndexedVersion = { number: record.number, contentHash, record: key, status };
        return {
          index: { ...index, versions: [...index.versions, version] },
          entry: { action: "register", version: version.number, status, verdict, by, reason: given.reason },
          result: { version, created: true },
        };
      });
      return { version: await describe(index, result.version), created: result.created };
    },

    async list({ limit: most = 100, before = Infinity, status } = {}) {
      const index = await readIndex();
      const chosen = index.versions.filter((version) => version.number < before && (status === undefined || version.status === status));
      const newest = chosen.slice(Math.max(0, chosen.length - most)).reverse();
      return Promise.all(newest.map((version) => limit(() => describe(index, version))));
    },

    async get(ref) {
      const index = await readIndex();
      return describe(index, resolve(index, ref));
    },

    async aliases() {
      return new Map((await readIndex()).aliases.map(({ alias, version }) => [alias, version]));
    },

    async download(ref) {
      const { contentHash } = resolve(await readIndex(), ref);
      const files = new Map<string, Uint8Array>();
      const read = reader(contentHash);
      const { manifest } = await fromBundleFiles(async (path) => {
        const bytes = await read(path);
        if (bytes !== undefined) files.set(path, bytes);
        return bytes;
      });
      checkContent(manifest.contentHash, contentHash);
      return files;
    },

    async load(ref, openOptions) {
      const index = await readIndex();
      const found = resolve(index, ref);
      const [version, bundle] = await Promise.all([describe(index, found), openBundle(reader(found.contentHash), openOptions)]);
      checkContent(bundle.manifest.contentHash, found.contentHash);
      return { ...bundle, version };
    },

    async promote(ref, alias, { verdict, by, reason } = {}) {
      return (
        await change(({ index }) => {
          const version = resolve(index, ref);
          const reasons = refusals(version, verdict);
          const entry = { version: version.number, alias, verdict, by, reason };
          if (reasons.length > 0) {
            return { index, entry: { ...entry, action: "refuse", reasons }, result: { promoted: false, version: version.number, reasons } };
          }
          const { aliases, previous } = moveAlias(index.aliases, alias, version.number);
          return {
            index: { ...index, aliases },
            entry: { ...entry, action: "promote", from: previous, to: version.number },
            result: { promoted: true, version: version.number, previous },
          };
        })
      ).result;
    },

    async rollback(alias, { quarantine = true, by, reason } = {}) {
      return (
        await change(({ index }) => {
          const from = resolve(index, alias).number;
          const moved = moveBack(index, alias);
          if (moved === undefined) {
            return { result: { rolledBack: false, from, reasons: [`${alias} pointed to no other version that is fit for service`] } };
          }
          const versions = quarantine ? withStatus(index.versions, from, "quarantined") : index.versions;
          return {
            index: { ...index, versions, aliases: moved.aliases },
            entry: { action: "rollback", version: from, alias, from, to: moved.to, by, reason, ...(quarantine ? { status: "quarantined" } : {}) },
            result: { rolledBack: true, from, to: moved.to },
          };
        })
      ).result;
    },

    async setStatus(ref, status, { by, reason } = {}) {
      const { index, result } = await change(({ index }) => {
        const { number } = resolve(index, ref);
        return {
          index: { ...index, versions: withStatus(index.versions, number, status) },
          entry: { action: "status", version: number, status, by, reason },
          result: number,
        };
      });
      return describe(index, resolve(index, result));
    },

    async history({ limit: most = Infinity } = {}) {
      return readHistory(store, prefix, (await readIndex()).head, most);
    },
  };
}
