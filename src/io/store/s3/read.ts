import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import type { Readable } from "node:stream";
import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import type { ChurnkitError } from "../../../base/errors.js";
import type { StoredStream } from "../object-store.js";
import type { S3Connection } from "./connection.js";
import { isAbsent, isDenied, isPreconditionFailed, s3Failed, storeFailed } from "./error.js";
import { lineageField, type KnownVersion } from "./lineage.js";

/** Limit for an object that is read whole. */
const maxInMemory = 2 ** 31;
/** How often in a row a read may break off without receiving a byte. */
const patience = 5;

/** An object that is being read. */
export interface OpenObject extends KnownVersion, StoredStream {
  readonly modified: Date | undefined;
  /** Ends a read that is not wanted, or not wanted any longer. */
  close(): void;
}

/** The current version. Not read by HEAD, whose answer has no body to explain an error. */
export async function look(s3: S3Connection, key: string): Promise<KnownVersion | undefined> {
  const found = await first(s3, key);
  if (found === undefined) return undefined;
  (found.Body as Readable | undefined)?.destroy();
  return knownVersion(found);
}

/**
 * Opens an object. A body that breaks off is resumed where it ended, on the same version only; every byte is counted,
 * and S3's checksum is compared at the end.
 */
export async function open(s3: S3Connection, key: string): Promise<OpenObject | undefined> {
  const found = await first(s3, key);
  if (found === undefined) return undefined;
  const size = found.ContentLength ?? 0;
  const close = (): unknown => (found.Body as Readable | undefined)?.destroy();
  return { ...knownVersion(found), size, modified: found.LastModified, stream: whole(s3, key, found, size), close };
}

const knownVersion = ({ ETag = "", Metadata }: GetObjectCommandOutput): KnownVersion => ({
  version: ETag,
  lineage: Metadata?.[lineageField] ?? "",
});

async function first(s3: S3Connection, key: string): Promise<GetObjectCommandOutput | undefined> {
  try {
    return await request(s3, key);
  } catch (error) {
    if (await isNotThere(s3, key, error)) return undefined;
    throw s3Failed(s3.place, "GetObject", key, error);
  }
}

/** Some bytes of an object's version. */
export async function readRange(
  s3: S3Connection,
  key: string,
  version: string,
  { start, length }: { readonly start: number; readonly length: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (let failures = 0; offset < length;) {
    const body = await resume(s3, key, { version, offset: start + offset, end: start + length });
    try {
      for await (const part of body as AsyncIterable<Uint8Array>) {
        bytes.set(part, offset);
        offset += part.length;
        failures = 0;
      }
    } catch (cause) {
      if (++failures === patience)
        throw storeFailed(s3.place, "read", key, `The read stopped at byte ${start + offset}.`, cause);
      await sleep(20 * 2 ** failures);
    } finally {
      body.destroy();
    }
  }
  return bytes;
}

/** Reads an object into memory, from the beginning again if necessary. */
export async function readAll(
  s3: S3Connection,
  key: string,
): Promise<(KnownVersion & { bytes: Uint8Array }) | undefined> {
  for (let attempt = 1; ; attempt++) {
    const found = await open(s3, key);
    if (found === undefined) return undefined;
    if (found.size > maxInMemory)
      throw storeFailed(s3.place, "read", key, `It has ${found.size} bytes, too many for memory: read it as a stream.`);
    try {
      const bytes = new Uint8Array(found.size);
      let offset = 0;
      for await (const part of found.stream) {
        bytes.set(part, offset);
        offset += part.length;
      }
      return { ...found, bytes };
    } catch (error) {
      if (attempt === patience) throw error;
    }
  }
}

/** A place in a version of an object, up to its end or another. */
interface Place {
  readonly version: string;
  readonly offset: number;
  readonly end?: number;
}

function request(s3: S3Connection, key: string, from?: Place): Promise<GetObjectCommandOutput> {
  const last = from?.end === undefined ? "" : from.end - 1;
  const part = from === undefined ? {} : { IfMatch: from.version, Range: `bytes=${from.offset}-${last}` };
  return s3.send(
    new s3.sdk.GetObjectCommand({ ...s3.common, Key: s3.place.keyOf(key), ChecksumMode: "ENABLED", ...part }),
  );
}

async function* whole(
  s3: S3Connection,
  key: string,
  first: GetObjectCommandOutput,
  size: number,
): AsyncGenerator<Uint8Array> {
  const version = first.ETag ?? "";
  let [offset, sum, failures] = [0, 0, 0];
  for (let body = first.Body as Readable | undefined; ; body = await resume(s3, key, { version, offset })) {
    let cause: unknown;
    try {
      for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
        offset += part.length;
        sum = crc32(part, sum);
        failures = 0;
        yield part;
      }
    } catch (error) {
      cause = error;
    } finally {
      body?.destroy();
    }
    if (offset === size) return checkSum(s3, key, first, sum, cause);
    if (++failures === patience)
      throw storeFailed(
        s3.place,
        "read",
        key,
        `The read stopped at byte ${offset} of ${size}, and again on a retry.`,
        cause,
      );
    await sleep(20 * 2 ** failures);
  }
}

async function resume(s3: S3Connection, key: string, from: Place): Promise<Readable> {
  try {
    const next = await request(s3, key, from);
    if (next.ContentRange?.startsWith(`bytes ${from.offset}-`) === true) return next.Body as Readable;
  } catch (error) {
    if (isAbsent(error) || isPreconditionFailed(error))
      throw storeFailed(s3.place, "read", key, "It was replaced or deleted during the read: read it again.", error);
    throw s3Failed(s3.place, "GetObject", key, error);
  }
  throw storeFailed(s3.place, "read", key, "The server cannot give a part of an object (the header Range).");
}

function checkSum(
  s3: S3Connection,
  key: string,
  { ChecksumCRC32: stored }: GetObjectCommandOutput,
  sum: number,
  cause: unknown,
): void {
  const damaged = (): ChurnkitError =>
    storeFailed(
      s3.place,
      "read",
      key,
      "Its bytes do not match S3's checksum: read it again; if that does not help, restore it.",
      cause,
    );
  // The SDK compares the other possible checksums, and reports a mismatch after the last byte.
  if (cause instanceof Error && /checksum/i.test(cause.message)) throw damaged();
  // An upload in parts may only have a checksum of the parts' checksums: "...-3".
  if (stored === undefined || stored.includes("-")) return;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(sum);
  if (bytes.toString("base64") !== stored) throw damaged();
}

/**
 * Returns whether an error means that the object does not exist. Without permission to list the bucket, S3 answers
 * that access is denied instead; then a listing of the one key decides.
 */
async function isNotThere(s3: S3Connection, key: string, error: unknown): Promise<boolean> {
  if (isAbsent(error)) return true;
  if (!isDenied(error)) return false;
  try {
    const name = s3.place.keyOf(key);
    const listed = await s3.send(new s3.sdk.ListObjectsV2Command({ ...s3.common, Prefix: name, MaxKeys: 1 }));
    return listed.Contents?.[0]?.Key !== name;
  } catch {
    return false;
  }
}
