import type { Clock } from "../../src/base/async/index.js";
import type { Release } from "../../src/deploy/sagemaker/index.js";
import type { ObjectStore } from "../../src/io/store/index.js";

export const served: Release["serve"] = (version, data) => ({
  models: { [version]: { data } },
  config: { kind: "real-time", variants: [{ model: version, instanceType: "ml.m5.large", instances: 2 }] },
});

/** Keys of a bucket below a prefix. */
export const below = (store: ObjectStore, prefix: string): ObjectStore => ({
  ...store,
  get: (key) => store.get(prefix + key),
  put: (key, bytes, options) => store.put(prefix + key, bytes, options),
  delete: (key) => store.delete(prefix + key),
  getStream: (key) => store.getStream(prefix + key),
  putStream: (key, content, options) => store.putStream(prefix + key, content, options),
  list: async (key) =>
    (await store.list(prefix + key)).map((info) => ({ ...info, key: info.key.slice(prefix.length) })),
});

/** A store whose requests a clock sees as work. */
export function held(store: ObjectStore, { during = (work) => work() }: Clock): ObjectStore {
  return {
    ...store,
    get: (key) => during(() => store.get(key)),
    put: (...given) => during(() => store.put(...given)),
    delete: (key) => during(() => store.delete(key)),
    list: (prefix) => during(() => store.list(prefix)),
    getStream: (key) => during(() => store.getStream(key)),
    putStream: (...given) => during(() => store.putStream(...given)),
  };
}
