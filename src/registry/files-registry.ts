import { ChurnkitError } from "../base/errors.js";
import { checkKey, type ObjectStore } from "../io/object-store.js";
import { fromBundleFiles, toBundleFiles } from "../model/bundle/format.js";
import { moveAlias, moveBack, refusals, withStatus } from "./aliases.js";
import { readHistory } from "./history.js";
import { changer, readIndex, type Change } from "./registry-change.js";
import { registryContents, resolveVersion } from "./registry-contents.js";
import type { IndexedVersion, RegistryIndex } from "./registry-index.js";
import type { ModelRegistry, PromotionResult, RollbackResult, VersionRef } from "./registry.js";
import { checkLabels } from "./version-record.js";

/** What {@link filesRegistry} needs beside the store. */
export interface FilesRegistryOptions {
  /** The model's name: one segment of letters, digits and `._-`. */
  readonly name: string;
  /** Who makes changes unless told otherwise. Default "unknown". */
  readonly by?: string | undefined;
  /** The clock. */
  readonly now?: (() => Date) | undefined;
}

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
  const contents = registryContents(store, prefix);
  const change = changer(store, prefix, { by: someone, now });
  const read = async (): Promise<RegistryIndex> => (await readIndex(store, prefix)).index;
  const resolve = (index: RegistryIndex, ref: VersionRef): IndexedVersion => resolveVersion(name, index, ref);

  return {
    name,
    capabilities: { compareAndSwap: true, history: true },

    async register(bundle, { tags = {}, description = "", metrics, verdict, by = someone, reason } = {}) {
      checkLabels(tags, description);
      const files = "contract" in bundle ? await toBundleFiles(bundle, { createdAt: now() }) : (bundle);
      const { manifest, artefact } = await fromBundleFiles(files);
      const { contentHash } = manifest;
      const find = ({ versions }: RegistryIndex): IndexedVersion | undefined =>
        versions.find((version) => version.contentHash === contentHash);
      if (find(await read()) === undefined) await contents.upload(contentHash, files);
      const { index, result } = await change(async (index): Promise<Change<{ version: IndexedVersion; created: boolean }>> => {
        const known = find(index);
        if (known !== undefined) return { result: { version: known, created: false } };
        const number = index.versions.length + 1;
        const record = await contents.writeRecord({
          number,
          contentHash,
          registeredAt: now().toISOString(),
          description,
          tags,
          metrics: metrics ?? artefact.metrics,
          ...(verdict === undefined ? {} : { verdict }),
          provenance: artefact.provenance,
          by,
        });
        const version = { number, contentHash, record, status: verdict?.passed === false ? "failed" : "registered" } as const;
        return {
          index: { ...index, versions: [...index.versions, version] },
          entry: { action: "register", version: number, status: version.status, verdict, by, reason },
          result: { version, created: true },
        };
      });
      return { version: await contents.describe(index, result.version), created: result.created };
    },

    async list({ limit = 100, before = Infinity, status } = {}) {
      const index = await read();
      const chosen = index.versions.filter((version) => version.number < before && (status ?? version.status) === version.status);
      return contents.describeAll(index, chosen.slice(Math.max(0, chosen.length - limit)).reverse());
    },

    async get(ref) {
      const index = await read();
      return contents.describe(index, resolve(index, ref));
    },

    async aliases() {
      return new Map((await read()).aliases.map(({ alias, version }) => [alias, version]));
    },

    async download(ref) {
      return contents.download(resolve(await read(), ref).contentHash);
    },

    async load(ref, openOptions) {
      const index = await read();
      const found = resolve(index, ref);
      const [version, bundle] = await Promise.all([contents.describe(index, found), contents.open(found.contentHash, openOptions)]);
      return { ...bundle, version };
    },

    async promote(ref, alias, { verdict, by, reason } = {}) {
      const { result } = await change((index): Change<PromotionResult> => {
        const version = resolve(index, ref);
        const { aliases, previous } = moveAlias(index.aliases, alias, version.number);
        const reasons = refusals(version, verdict);
        const entry = { version: version.number, alias, verdict, by, reason };
        if (reasons.length > 0) {
          return { index, entry: { ...entry, action: "refuse", reasons }, result: { promoted: false, version: version.number, reasons } };
        }
        return {
          index: { ...index, aliases },
          entry: { ...entry, action: "promote", from: previous, to: version.number },
          result: { promoted: true, version: version.number, previous },
        };
      });
      return result;
    },

    async rollback(alias, { quarantine = true, by, reason } = {}) {
      const { result } = await change((index): Change<RollbackResult> => {
        const from = resolve(index, alias).number;
        const moved = moveBack(index, alias);
        if (moved === undefined) {
          return { result: { rolledBack: false, from, reasons: [`${alias} pointed to no other version that is fit for service`] } };
        }
        const { aliases, to } = moved;
        const versions = quarantine ? withStatus(index.versions, from, "quarantined") : index.versions;
        const status = quarantine ? ("quarantined" as const) : undefined;
        return {
          index: { ...index, versions, aliases },
          entry: { action: "rollback", version: from, alias, from, to, by, reason, status },
          result: { rolledBack: true, from, to },
        };
      });
      return result;
    },

    async setStatus(ref, status, { by, reason } = {}) {
      const { index, result } = await change((index): Change<number> => {
        const { number } = resolve(index, ref);
        return {
          index: { ...index, versions: withStatus(index.versions, number, status) },
          entry: { action: "status", version: number, status, by, reason },
          result: number,
        };
      });
      return contents.describe(index, resolve(index, result));
    },

    async history({ limit = Infinity } = {}) {
      return readHistory(store, prefix, (await read()).head, limit);
    },
  };
}
