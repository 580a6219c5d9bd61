import { checkKey, conflict, type ObjectStore, type PutOptions, type StoredObject } from "./object-store.js";

/**
 * An object store in memory, for tests and experiments; its content is lost when the process ends.
 *
 * @example
 * ```ts
 * import { memoryStore } from "churnkit/io";
 *
 * const store = memoryStore();
 * const { version } = await store.put("greeting.txt", new TextEncoder().encode("hello"), { ifVersion: null });
 * const found = await store.get("greeting.txt");
 * console.assert(found?.version === version);
 * ```
 */
export function memoryStore(): ObjectStore {
  const objects = new Map<string, StoredObject & { readonly modified: Date }>();
  let writes = 0;

  // Without an await between the check and the change, nothing can come between them.
  const commit = (key: string, bytes: Uint8Array, options: PutOptions): { version: string } => {
    const { ifVersion } = options;
    if (ifVersion !== undefined && (objects.get(key)?.version ?? null) !== ifVersion) throw conflict("memory", key);
    const version = String(++writes);
    objects.set(key, { bytes: new Uint8Array(bytes), version, modified: new Date() });
    return { version };
  };

  const store: ObjectStore = {
    name: "memory",
    capabilities: { compareAndSwap: true, durable: false },
    async get(key) {
      checkKey(key);
      const found = objects.get(key);
      return Promise.resolve(found && { bytes: found.bytes.slice(), version: found.version });
    },
    async put(key, bytes, options = {}) {
      checkKey(key);
      return Promise.resolve(commit(key, bytes, options));
    },
    async list(prefix) {
      const found = [...objects].filter(([key]) => key.startsWith(prefix));
      return Promise.resolve(
        found
          .map(([key, { bytes, modified }]) => ({ key, size: bytes.length, modified }))
          .sort((a, b) => (a.key < b.key ? -1 : 1)),
      );
    },
    async delete(key) {
      checkKey(key);
      objects.delete(key);
      return Promise.resolve();
    },
    async getStream(key) {
      const found = await store.get(key);
      return found && { size: found.bytes.length, stream: once(found.bytes) };
    },
    async putStream(key, content, options = {}) {
      checkKey(key);
      const parts: Uint8Array[] = [];
      for await (const part of content) parts.push(new Uint8Array(part));
      return commit(key, join(parts), options);
    },
  };
  return store;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
