import { crc32 } from "node:zlib";
import type { CompletedPart } from "@aws-sdk/client-s3";
import { ChurnkitError } from "../../../base/errors.js";
import type { S3Connection } from "./connection.js";
import { s3Failed, storeFailed, wasRetried } from "./error.js";
import { lineageField, type KnownVersion, type Write } from "./lineage.js";
import { conditionOf, putWhole, settle, written } from "./write.js";

/** S3 takes no more. */
const maxParts = 10_000;
/** Parts in transit at a time: with the one being filled, that many are in memory. */
const inFlight = 2;

/**
 * Writes a stream in parts, of which few are in memory at a time; a stream that fits into a single part takes one
 * request. The object appears, under its condition, with the last request. On any failure the parts are removed.
 */
export async function putParts(
  s3: S3Connection,
  key: string,
  content: AsyncIterable<Uint8Array>,
  options: { readonly ifVersion: string | null | undefined; readonly write: Write; readonly partBytes: number },
): Promise<KnownVersion> {
  const { ifVersion, write, partBytes } = options;
  const spare: Uint8Array[] = [];
  const parts = split(content, partBytes, spare);
  const first = await fromSource(s3, key, parts);
  const second = await fromSource(s3, key, parts);
  if (first === undefined || second === undefined)
    return putWhole(s3, key, first ?? new Uint8Array(0), ifVersion, write);
  const upload = { ...s3.common, Key: s3.place.keyOf(key), UploadId: await begin(s3, key, write) };
  try {
    const { sent, sum } = await sendAll(s3, key, upload, follow(s3, key, [first, second], parts), spare);
    return await complete(s3, key, upload, { sent, sum, ifVersion, write });
  } catch (error) {
    await parts.return(undefined).catch(() => undefined);
    // If this fails too, the bucket's lifecycle rule for unfinished uploads removes them.
    await s3.send(new s3.sdk.AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}

/** Makes the object of its parts. @param sum CRC-32 of all its bytes. */
export async function complete(
  s3: S3Connection,
  key: string,
  upload: Upload,
  whole: {
    readonly sent: CompletedPart[];
    readonly sum: number;
    readonly ifVersion?: string | null | undefined;
    readonly write: Write;
  },
): Promise<KnownVersion> {
  const { sent, sum, ifVersion, write } = whole;
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(sum);
  const parts = {
    MultipartUpload: { Parts: sent },
    ChecksumCRC32: checksum.toString("base64"),
    ChecksumType: s3.sdk.ChecksumType.FULL_OBJECT,
  };
  return s3.send(new s3.sdk.CompleteMultipartUploadCommand({ ...upload, ...parts, ...conditionOf(ifVersion) })).then(
    ({ ETag }) => written(s3, key, write, ETag),
    (error: unknown) =>
      settle(s3, key, write, {
        operation: "CompleteMultipartUpload",
        error,
        retried: wasRetried(error),
        conditional: ifVersion !== undefined,
      }),
  );
}

/** Starts an upload in parts, and gives its id. */
export async function begin(s3: S3Connection, key: string, write: Write): Promise<string> {
  try {
    const { UploadId } = await s3.send(
      new s3.sdk.CreateMultipartUploadCommand({
        ...s3.common,
        ...s3.encryption,
        Key: s3.place.keyOf(key),
        Metadata: { [lineageField]: write.lineage },
        ChecksumAlgorithm: s3.sdk.ChecksumAlgorithm.CRC32,
        ChecksumType: s3.sdk.ChecksumType.FULL_OBJECT,
      }),
    );
    if (UploadId !== undefined) return UploadId;
  } catch (error) {
    throw s3Failed(s3.place, "CreateMultipartUpload", key, error);
  }
  throw storeFailed(s3.place, "write", key, "The server started an upload without an id.");
}

/** An upload in parts. */
export type Upload = S3Connection["common"] & { readonly Key: string; readonly UploadId: string };

/** @param spare receives the memory of parts that have arrived. */
async function sendAll(
  s3: S3Connection,
  key: string,
  upload: Upload,
  parts: AsyncIterable<Uint8Array>,
  spare: Uint8Array[],
): Promise<{ sent: CompletedPart[]; sum: number }> {
  const sent: CompletedPart[] = [];
  const running = new Set<Promise<unknown>>();
  let sum = 0;
  try {
    for await (const bytes of parts) {
      const PartNumber = sent.length + 1;
      checkPart(s3, key, PartNumber, bytes.length);
      sum = crc32(bytes, sum);
      const place = sent.push({ PartNumber }) - 1;
      const part = sendPart(s3, upload, PartNumber, bytes)
        .then((done) => {
          sent[place] = done;
          spare.push(bytes);
        })
        .finally(() => running.delete(part));
      running.add(part);
      while (running.size >= inFlight) await Promise.race(running);
    }
    await Promise.all(running);
  } catch (error) {
    await Promise.allSettled(running);
    throw s3Failed(s3.place, "UploadPart", key, error);
  }
  return { sent, sum };
}

/** Sends one part. */
export async function sendPart(
  s3: S3Connection,
  upload: Upload,
  PartNumber: number,
  Body: Uint8Array,
): Promise<CompletedPart> {
  const ChecksumAlgorithm = s3.sdk.ChecksumAlgorithm.CRC32;
  const { ETag, ChecksumCRC32 } = await s3.send(
    new s3.sdk.UploadPartCommand({ ...upload, PartNumber, Body, ChecksumAlgorithm }),
  );
  return { PartNumber, ETag, ChecksumCRC32 };
}

/** @throws ChurnkitError STORE_FAILED for a part more than S3 takes. */
export function checkPart(s3: S3Connection, key: string, number: number, partBytes: number): void {
  if (number <= maxParts) return;
  const why = `It is larger than ${maxParts} parts of ${partBytes} bytes: raise partBytes.`;
  throw storeFailed(s3.place, "write", key, why);
}

/**
 * Cuts a stream into parts of one size, the last one shorter, each in separate or spare memory: new memory for each
 * would pile up until it is collected.
 */
async function* split(
  content: AsyncIterable<Uint8Array>,
  size: number,
  spare: Uint8Array[],
): AsyncGenerator<Uint8Array, undefined> {
  let part: Uint8Array = new Uint8Array(size);
  let filled = 0;
  for await (const bytes of content) {
    for (let offset = 0; offset < bytes.length;) {
      const taken = bytes.subarray(offset, offset + size - filled);
      part.set(taken, filled);
      filled += taken.length;
      offset += taken.length;
      if (filled < size) continue;
      yield part;
      part = spare.pop() ?? new Uint8Array(size);
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

/** Reads the next part; marks an error as the source's, to distinguish it from S3's. */
async function fromSource(
  s3: S3Connection,
  key: string,
  parts: AsyncGenerator<Uint8Array, undefined>,
): Promise<Uint8Array | undefined> {
  try {
    return (await parts.next()).value;
  } catch (error) {
    if (ChurnkitError.isInstance(error)) throw error;
    throw storeFailed(
      s3.place,
      "write",
      key,
      `The data to write cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
}

async function* follow(
  s3: S3Connection,
  key: string,
  read: Uint8Array[],
  parts: AsyncGenerator<Uint8Array, undefined>,
): AsyncGenerator<Uint8Array> {
  for (let part = read.shift(); part !== undefined; part = read.shift() ?? (await fromSource(s3, key, parts)))
    yield part;
}
