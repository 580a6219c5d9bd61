import { ChurnkitError } from "../../base/errors.js";
import { loadBundle } from "../../model/bundle/index.js";
import type { Models, ServedModel } from "./models.js";

/** Options of {@link modelsOnDemand}. */
export interface ModelsOnDemandOptions {
  /** The folder in which bundles may be. Default `/opt/ml/models`, where SageMaker puts them. */
  readonly root?: string | undefined;
  /** Most models in memory. Default 100. */
  readonly most?: number | undefined;
}

/**
 * Models that callers load and unload: `POST /models` with `{ "model_name", "url" }` and `DELETE /models/{model}`, as SageMaker's
 * multi-model endpoints do. It begins without a model.
 *
 * @example
 * ```ts
 * import { createHandler, listen, modelsOnDemand } from "churnkit/serving";
 *
 * export const start = () => listen(createHandler(modelsOnDemand()), { host: "0.0.0.0", port: 8080 });
 * ```
 */
export function modelsOnDemand({ root = "/opt/ml/models", most = 100 }: ModelsOnDemandOptions = {}): Models {
  const loaded = new Map<string, ServedModel>();
  const loading = new Set<string>();
  const find: Models["find"] = (name, version) => {
    const model = name === undefined ? [...loaded.values()][0] : loaded.get(name);
    return version === undefined || version === model?.version ? model : undefined;
  };
  return {
    names: () => [...loaded.keys()],
    find,
    choose: (_, name) => find(name),
    ready: () => true,
    async load(name, url) {
      if (!url.startsWith(`${root}/`) || /(?:^|[\\/])\.\.(?:[\\/]|$)/.test(url))
        throw new ChurnkitError("REQUEST_INVALID", `The model's url must be a folder in ${root}.`);
      if (loading.has(name))
        throw new ChurnkitError("REQUEST_INVALID", `The model ${name.slice(0, 100)} is being loaded.`);
      if (loaded.size + loading.size >= most)
        throw new ChurnkitError("INPUT_TOO_LARGE", `${most} models are loaded. Unload one first.`);
      loading.add(name);
      try {
        const { artifact, scorer, manifest } = await loadBundle(url);
        const model = { artifact, scorer, name, version: manifest.contentHash.slice(0, 12), source: url };
        loaded.set(name, model);
        return model;
      } finally {
        loading.delete(name);
      }
    },
    unload: (name) => loaded.delete(name),
  };
}
