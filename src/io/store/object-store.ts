import { ChurnkitError } from "../../base/errors.js";

/** An object read from a store: its bytes and the version that a later conditional write names. */
export interface StoredObject {
  readonly bytes: Uint8Array;
  /** Changes whenever the bytes do; compare it, don't interpret it. */
  readonly version: string;
}

/**
 * A large object, as a stream of bytes, to be read once. A store of files keeps the file open until the end, until a reader
 * stops before (`break` in `for await`), or at the latest until the stream is garbage.
 */
export interface StoredStream {
  readonly stream: AsyncIterable<Uint8Array>;
  /** Length in bytes. */
  readonly size: number;
}

/** An object in a listing. */
export interface ObjectInfo {
  readonly key: string;
  /** Length in bytes. */
  readonly size: number;
  /** Time of the last write, by the store's clock; absent if the store does not know. */
  readonly modified?: Date | undefined;
}

/** Condition of a write. */
export interface PutOptions {
  /**
   * Write only if the object still has this version; `null`: only if the object does not exist. Left out: write
   * anyway. Needs the capability `compareAndSwap`.
   */
  readonly ifVersion?: string | null | undefined;
}

/** Optional abilities of a store; the conformance suite tests the declared ones. */
export interface StoreCapabilities {
  /** Honors {@link PutOptions.ifVersion} against every other writer. */
  readonly compareAndSwap: boolean;
  /** Whether objects survive the process. */
  readonly durable: boolean;
}

/**
 * The port for bytes kept by name: memory, a folder, a bucket. A read after a write sees it, and a reader never sees
 * a part of an object.
 *
 * Keys are `/`-separated segments of letters, digits and `._-`. No key may be the folder of another (`a` and `a/b`):
 * not every store can keep both.
 *
 * Every method throws ChurnkitError STORE_FAILED when the store cannot be reached or refuses, naming the key.
 */
export interface ObjectStore {
  /** Name of the store in messages: "memory", "files at out/registry". */
  readonly name: string;
  readonly capabilities: StoreCapabilities;
  /** @returns undefined if the object does not exist. */
  get(key: string): Promise<StoredObject | undefined>;
  /** @throws ChurnkitError STORE_CONFLICT when `ifVersion` does not hold; nothing is written then. */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<{ readonly version: string }>;
  /** Objects whose key begins with `prefix` (any text, even part of a segment), sorted by key. */
  list(prefix: string): Promise<readonly ObjectInfo[]>;
  /** Removes an object; a missing one is not an error. */
  delete(key: string): Promise<void>;
  /** Like `get`, without holding the object in memory. */
  getStream(key: string): Promise<StoredStream | undefined>;
  /** Like `put`, without holding the object in memory. The object appears when the last byte has been written. */
  putStream(
    key: string,
    content: AsyncIterable<Uint8Array>,
    options?: PutOptions,
  ): Promise<{ readonly version: string }>;
}

const segment = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;
const maxKeyLength = 900;

/**
 * Refuses keys that could leave a store's folder or that some store cannot keep: empty, absolute, `.` or `..`,
 * hidden, longer than 900 characters or 200 in a segment, or with characters other than letters, digits and `._-`.
 *
 * @throws ChurnkitError OPTION_INVALID.
 */
export function checkKey(key: string): void {
  if (key.length <= maxKeyLength && key.split("/").every((part) => segment.test(part) && !part.endsWith("."))) return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `The key ${JSON.stringify(key.slice(0, 80))} is not allowed in an object store. Use up to ${maxKeyLength} characters: ` +
      "segments of letters, digits and ._- separated by /, none starting or ending with a dot.",
    { where: { value: key.slice(0, 80) } },
  );
}

/** Makes the error for a conditional write that came too late. */
export function conflict(store: string, key: string): ChurnkitError {
  return new ChurnkitError(
    "STORE_CONFLICT",
    `The object ${key} in ${store} was changed by someone else after it was read. Read it again and repeat the change.`,
    { where: { file: key } },
  );
}
