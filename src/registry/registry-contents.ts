import pLimit from "p-limit";
import { sha256Hex } from "../base/hash.js";
import type { ObjectStore } from "../io/object-store.js";
import { fromBundleFiles, type BundleFiles, type BundleReader } from "../model/bundle/format.js";
import { corrupt } from "../model/bundle/json.js";
import { manifestPath } from "../model/bundle/manifest.js";
import { openBundle, type Bundle, type OpenBundleOptions } from "../model/bundle/open.js";
import { corruptRecord, notFound } from "./registry-error.js";
import type { IndexedVersion, RegistryIndex } from "./registry-index.js";
import type { ModelVersion, VersionRef } from "./registry.js";
import { parseRecord, writeRecord, type VersionRecord } from "./version-record.js";

/** Objects read or written at once. */
const parallel = 16;

/** The part of a registry that never changes once written: bundles under their content hash, and version records. */
export interface RegistryContents {
  /** Writes a bundle's files, the manifest last: where it is, the bundle is whole. */
  upload(contentHash: string, files: BundleFiles): Promise<void>;
  /** Writes a version's record and returns its key. */
  writeRecord(record: VersionRecord): Promise<string>;
  describe(index: RegistryIndex, version: IndexedVersion): Promise<ModelVersion>;
  describeAll(index: RegistryIndex, versions: readonly IndexedVersion[]): Promise<ModelVersion[]>;
  download(contentHash: string): Promise<BundleFiles>;
  open(contentHash: string, options?: OpenBundleOptions): Promise<Bundle>;
}

export function registryContents(store: ObjectStore, prefix: string): RegistryContents {
  const limit = pLimit(parallel);
  const bundleKey = (contentHash: string, path: string): string => `${prefix}bundles/${contentHash}/${path}`;
  const reader = (contentHash: string): BundleReader => (path) =>
    limit(async () => (await store.get(bundleKey(contentHash, path)))?.bytes);

  const contents: RegistryContents = {
    async upload(contentHash, files) {
      const put = (path: string, bytes: Uint8Array) => limit(() => store.put(bundleKey(contentHash, path), bytes));
      await Promise.all([...files].filter(([path]) => path !== manifestPath).map(([path, bytes]) => put(path, bytes)));
      const manifest = files.get(manifestPath);
      if (manifest !== undefined) await put(manifestPath, manifest);
    },
    async writeRecord(record) {
      const bytes = writeRecord(record);
      const hash = await sha256Hex(bytes);
      const key = `${prefix}versions/${String(record.number).padStart(6, "0")}-${hash.slice(0, 16)}.json`;
      await store.put(key, bytes);
      return key;
    },
    async describe({ aliases }, { number, record, status }) {
      const found = await store.get(record);
      if (found === undefined) throw corruptRecord(record, "is missing");
      const pointing = aliases.filter(({ version }) => version === number).map(({ alias }) => alias);
      return { ...parseRecord(record, found.bytes), status, aliases: pointing };
    },
    describeAll: (index, versions) =>
      Promise.all(versions.map((version) => limit(() => contents.describe(index, version)))),
    async download(contentHash) {
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
    async open(contentHash, options) {
      const bundle = await openBundle(reader(contentHash), options);
      checkContent(bundle.manifest.contentHash, contentHash);
      return bundle;
    },
  };
  return contents;
}

/** A whole bundle in the place of another is no less wrong than a broken one. */
function checkContent(found: string, expected: string): void {
  if (found !== expected) throw corrupt(manifestPath, `is of another model (${found.slice(0, 12)}) than was registered (${expected.slice(0, 12)})`);
}

/** Finds the version that is meant. */
export function resolveVersion(registry: string, index: RegistryIndex, ref: VersionRef): IndexedVersion {
  const number =
    typeof ref === "number"
      ? ref
      : ref === "latest"
        ? index.versions.findLast(({ status }) => status === "registered")?.number
        : index.aliases.find(({ alias }) => alias === ref)?.version;
  const found = number === undefined ? undefined : index.versions[number - 1];
  if (found === undefined) throw notFound(registry, typeof ref === "number" ? `version ${ref}` : `version under the alias "${ref}"`);
  return found;
}
