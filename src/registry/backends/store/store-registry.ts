import { ChurnkitError } from "../../../base/errors.js";
import { type ObjectStore, typedStore } from "../../../io/store/index.js";
import { storeBackend } from "./store-backend.js";
import { checkModelName } from "../../model-name.js";
import { registryOver, type RegistryOptions } from "../../registry-over.js";
import type { ModelRegistry } from "../../registry.js";

/**
 * A registry in an object store, without a server:
 *
 * ```
 * <name>/index.json                      versions in short, aliases, end of the history: the one object that changes
 * <name>/bundles/<hash>-<upload>/...     a bundle's files, as they lie in a bundle folder
 * <name>/versions/<number>-<hash>.json   a version's record; a change writes a new one and keeps the old
 * <name>/history/<sequence>-<hash>.json  one change, holding the hash of the one before
 * ```
 *
 * Everything is written before the index names it, and the index is changed by compare-and-swap: a kill at any moment
 * leaves the state before or after, and of two simultaneous changes none is lost.
 *
 * @throws ChurnkitError OPTION_INVALID when the name is not a key segment or the store has no compare-and-swap.
 *
 * @example
 * ```ts
 * import { memoryStore } from "churnkit/io";
 * import type { Artifact } from "churnkit/model";
 * import { storeRegistry } from "churnkit/registry";
 *
 * const registry = storeRegistry(memoryStore(), { name: "telco-churn" });
 * console.assert((await registry.list()).length === 0);
 * export async function release(artifact: Artifact): Promise<void> {
 *   const { version } = await registry.register(artifact);
 *   await registry.promote(version.number, "champion", { by: "ada" });
 * }
 * ```
 */
export function storeRegistry(store: ObjectStore, options: RegistryOptions): ModelRegistry {
  const { name, now = () => new Date() } = options;
  checkModelName(name);
  if (!store.capabilities.compareAndSwap) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `A registry needs a store with compare-and-swap, which ${store.name} does not support. Use a folder or a bucket.`,
    );
  }
  return registryOver(storeBackend(typedStore(store), `${name}/`, now), { ...options, now });
}
