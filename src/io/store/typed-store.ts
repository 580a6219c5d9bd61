import { ChurnkitError } from "../../base/errors.js";
import type { ObjectStore } from "./object-store.js";

const typed = new WeakSet<ObjectStore>();

/**
 * Wraps a store so that all its failures are ChurnkitErrors: any other error of a driver becomes STORE_FAILED with
 * the store and the key. Drivers come from others too, and an error without a code tells a caller nothing.
 */
export function typedStore(store: ObjectStore): ObjectStore {
  if (typed.has(store)) return store;
  const failed = (action: string, key: string, cause: unknown): unknown =>
    ChurnkitError.isInstance(cause)
      ? cause
      : new ChurnkitError(
          "STORE_FAILED",
          `Cannot ${action} ${key} in ${store.name}. ${cause instanceof Error ? cause.message : String(cause)}`,
          {
            where: { file: key },
            cause,
          },
        );
  const attempt = async <T>(action: string, key: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw failed(action, key, cause);
    }
  };
  async function* parts(key: string, stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* stream;
    } catch (cause) {
      throw failed("read", key, cause);
    }
  }
  const guarded: ObjectStore = {
    name: store.name,
    capabilities: store.capabilities,
    get: (key) => attempt("read", key, () => store.get(key)),
    put: (key, bytes, options) => attempt("write", key, () => store.put(key, bytes, options)),
    list: (prefix) =>
      attempt("list", prefix === "" ? "the objects" : `the objects ${prefix}*`, () => store.list(prefix)),
    delete: (key) => attempt("delete", key, () => store.delete(key)),
    getStream: (key) =>
      attempt("read", key, async () => {
        const found = await store.getStream(key);
        return found && { size: found.size, stream: parts(key, found.stream) };
      }),
    putStream: (key, content, options) => attempt("write", key, () => store.putStream(key, content, options)),
  };
  typed.add(guarded);
  return guarded;
}
