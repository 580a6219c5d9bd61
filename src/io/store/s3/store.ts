/**
 * An object store in a bucket. Needs `@aws-sdk/client-s3`.
 *
 * @module churnkit/io/s3
 */
import { ChurnkitError } from "../../../base/errors.js";
import { checkKey, conflict, type ObjectInfo, type ObjectStore, type PutOptions } from "../object-store.js";
import { connect, type S3Connection, type S3StoreOptions } from "./connection.js";
import { s3Failed } from "./error.js";
import type { KnownVersion, Write } from "./lineage.js";
import { putParts } from "./multipart.js";
import { open, readAll } from "./read.js";
import { beginWrite, putWhole } from "./write.js";
import { keyedQueue, sharedReads } from "../../../base/async/index.js";

export { s3StorePolicy } from "./policy.js";

const mebibyte = 1024 * 1024;
/** Number of objects whose last seen version is remembered. */
const remembered = 1000;

/** The last seen version of an object, and the version that a write of this process replaced with it. */
interface SeenVersion extends KnownVersion {
  readonly replaced: string | null | undefined;
}

/**
 * An object store in an S3 bucket, without a server. Any number of processes may share it: conditional writes are S3's
 * own (If-Match, If-None-Match), and an object's version is its ETag. Throttling, server errors, time-outs and resets
 * are retried; a write whose answer was lost is recognized as done, not reported as a conflict.
 *
 * Needs the package `@aws-sdk/client-s3`, and the permissions of {@link s3StorePolicy}. A lifecycle rule should remove
 * unfinished uploads after a day: a killed process leaves the parts of the object it was writing.
 *
 * @throws ChurnkitError PEER_MISSING when the SDK is not installed, OPTION_INVALID for an invalid bucket, prefix,
 * part size or region.
 *
 * @example
 * ```ts no-run
 * import { s3Store } from "churnkit/io/s3";
 *
 * const store = await s3Store({ bucket: "acme-models", prefix: "churn", clientConfig: { region: "eu-central-1" } });
 * const { version } = await store.put("settings.json", new TextEncoder().encode("{}"), { ifVersion: null });
 * await store.put("settings.json", new TextEncoder().encode('{"a":1}'), { ifVersion: version });
 * ```
 */
export async function s3Store(options: S3StoreOptions): Promise<ObjectStore> {
  const { partBytes = 8 * mebibyte } = options;
  if (!Number.isInteger(partBytes) || partBytes < 5 * mebibyte || partBytes > 5 * 1024 * mebibyte) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `partBytes is ${partBytes}: give a whole number of bytes, 5 MiB to 5 GiB.`,
    );
  }
  const s3 = await connect(options);
  const seen = new Map<string, SeenVersion>();
  const remember = (key: string, { version, lineage }: KnownVersion, replaced?: string | null): { version: string } => {
    seen.delete(key);
    seen.set(key, { version, lineage, replaced });
    if (seen.size > remembered) seen.delete(seen.keys().next().value ?? "");
    return { version };
  };
  const begin = async (key: string, { ifVersion }: PutOptions): Promise<Write> => {
    checkKey(key);
    const known = seen.get(key);
    // Late writers in this process need not ask S3.
    if (typeof ifVersion === "string" && known?.replaced === ifVersion) throw conflict(s3.place.uriOf(), key);
    return beginWrite(s3, key, ifVersion, known);
  };
  const turn = keyedQueue();
  const read = sharedReads((key) => readAll(s3, key));

  return {
    name: s3.place.uriOf(),
    capabilities: { compareAndSwap: true, durable: true },
    async get(key) {
      checkKey(key);
      const found = await read(key);
      return found && { bytes: found.bytes.slice(), ...remember(key, found) };
    },
    put(key, bytes, { ifVersion } = {}) {
      const own = new Uint8Array(bytes);
      return turn(key, async () =>
        remember(key, await putWhole(s3, key, own, ifVersion, await begin(key, { ifVersion })), ifVersion),
      );
    },
    async getStream(key) {
      checkKey(key);
      const found = await open(s3, key);
      return found && { size: found.size, stream: found.stream };
    },
    async putStream(key, content, { ifVersion } = {}) {
      const write = await begin(key, { ifVersion });
      return remember(key, await putParts(s3, key, content, { ifVersion, write, partBytes }), ifVersion);
    },
    list: (prefix) => list(s3, prefix),
    async delete(key) {
      checkKey(key);
      try {
        await s3.send(new s3.sdk.DeleteObjectCommand({ ...s3.common, Key: s3.place.keyOf(key) }));
        seen.delete(key);
      } catch (error) {
        throw s3Failed(s3.place, "DeleteObject", key, error);
      }
    },
  };
}

async function list(s3: S3Connection, prefix: string): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  let token: string | undefined;
  do {
    try {
      // The encoding "url" can represent every key in XML, also those that other programs have made.
      const input = { ...s3.common, Prefix: s3.place.prefix + prefix, EncodingType: s3.sdk.EncodingType.url };
      const page = await s3.send(
        new s3.sdk.ListObjectsV2Command({ ...input, ...(token === undefined ? {} : { ContinuationToken: token }) }),
      );
      for (const { Key = "", Size = 0, LastModified: modified } of page.Contents ?? []) {
        const key = keyIn(s3, page.EncodingType === "url" ? decoded(Key) : Key);
        if (key !== undefined) found.push({ key, size: Size, modified });
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } catch (error) {
      throw s3Failed(s3.place, "ListObjectsV2", undefined, error);
    }
  } while (token !== undefined);
  // Keys are ASCII, for which S3 sorts bytes like this; directory buckets list in no order.
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

const decoded = (key: string): string => {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return "";
  }
};

/**
 * Returns the store's key of an object in the bucket; undefined for objects of other programs with names of their
 * own.
 */
function keyIn(s3: S3Connection, name: string): string | undefined {
  const key = name.slice(s3.place.prefix.length);
  try {
    checkKey(key);
    return key;
  } catch {
    return undefined;
  }
}
