import { bundleStamp, loadBundle } from "../../model/bundle/index.js";
import type { ModelRegistry } from "../../registry/registry.js";
import type { VersionRef } from "../../registry/versions/index.js";
import { isAnswer, loadCopy, loadVersion, type LoadedModel, type ServiceOptions } from "./load-for-service.js";

/** The version that is due. */
export interface Due {
  /** Changes whenever another version is due. */
  readonly stamp: string;
  load(): Promise<LoadedModel>;
}

/** Where a reference leads: looked at again and again. */
export interface Place {
  look(): Promise<Due>;
  /** Returns the model to serve while the place cannot be reached, if there is one. */
  copy(error: unknown): Promise<{ readonly model: LoadedModel; readonly stamp: string } | undefined>;
}

/** A version, an alias or a stage in a registry. */
export function registryPlace(registry: ModelRegistry, ref: VersionRef, options: ServiceOptions): Place {
  return {
    async look() {
      const { contentHash, number } = await registry.get(ref);
      // By number: the alias may move on while this one is loaded.
      return { stamp: contentHash, load: () => loadVersion(registry, number, options) };
    },
    async copy(error) {
      const copied = isAnswer(error) ? undefined : await loadCopy(registry.name, options);
      return copied && { model: copied.model, stamp: copied.contentHash };
    },
  };
}

/** A folder or archive with a bundle. */
export function bundlePlace(path: string): Place {
  return {
    async look() {
      const stamp = await bundleStamp(path);
      return {
        stamp,
        async load() {
          const { artifact, scorer, manifest } = await loadBundle(path);
          const version = manifest.contentHash.slice(0, 12);
          return { artifact, scorer, name: scorer.contract.name, version, source: "local" };
        },
      };
    },
    copy: () => Promise.resolve(undefined),
  };
}
