import { crc32 } from "node:zlib";
import type { CompletedPart } from "@aws-sdk/client-s3";
import { ChurnkitError } from "../../../base/errors.js";
import {
  count,
  documentError,
  JsonValue,
  literal,
  object,
  record,
  text,
  type Decoded,
} from "../../../base/json/index.js";
import { checkOrigins, type Counts, type Origins, type ResumableFile } from "../../resumable-file.js";
import type { S3Connection } from "./connection.js";
import { isOver, isUncertain, s3Failed } from "./error.js";
import { newWrite, type Write } from "./lineage.js";
import { begin, checkPart, complete, sendPart, type Upload } from "./multipart.js";
import { readAll } from "./read.js";
import { putWhole } from "./write.js";

const format = "churnkit-partial-upload-1";

const journalOf = object({
  format: literal(format),
  /** Id of the upload in parts. */
  upload: text(),
  /** Name of the write, for the object's lineage. */
  write: text(),
  parts: count(1, 10_000),
  /** Bytes in them. */
  bytes: count(),
  /** CRC-32 of these bytes. */
  sum: count(0, 2 ** 32 - 1),
  counts: record(count()),
  origins: record(text()),
});
type Journal = Decoded<typeof journalOf>;

const unusable = documentError("CHECKPOINT_MISMATCH", "The journal", "Begin again without --resume.");

/** What is there of an object, and what will be. */
interface State {
  readonly upload: Upload;
  readonly write: Write;
  readonly sent: CompletedPart[];
  bytes: number;
  sum: number;
}

/**
 * Begins an object, or continues one that a killed run left. Its bytes are parts of an upload; beside the object,
 * `<key>.partial.json` says which of them are good, and of what they were made. The object appears when it is whole. One that
 * fits in a part is written at once.
 *
 * @param options.resume Continue an upload that is there; without one, begin.
 * @throws ChurnkitError CHECKPOINT_MISMATCH if the parts were made of something else, STORE_FAILED.
 */
export async function resumableUpload(
  s3: S3Connection,
  key: string,
  origins: Origins,
  { resume, partBytes }: { readonly resume: boolean; readonly partBytes: number },
): Promise<ResumableFile> {
  const journalKey = `${key}.partial.json`;
  const noted = await readJournal(s3, journalKey).catch((error: unknown) => {
    // One that cannot be read is nothing to continue, and in nobody's way.
    if (resume || !ChurnkitError.isInstance(error) || error.code !== "CHECKPOINT_MISMATCH") throw error;
    return undefined;
  });
  if (resume && noted !== undefined) checkOrigins(s3.place.uriOf(key), origins, noted.origins);
  let state = noted && (await stateOf(s3, key, noted));
  const forget = async (): Promise<void> => {
    const UploadId = state?.upload.UploadId ?? noted?.upload;
    const upload = { ...s3.common, Key: s3.place.keyOf(key), UploadId };
    if (UploadId !== undefined) await s3.send(new s3.sdk.AbortMultipartUploadCommand(upload)).catch(() => undefined);
    await drop(s3, journalKey);
    state = undefined;
  };
  if (noted !== undefined && (!resume || state === undefined)) await forget();
  const done = state && noted?.counts;
  let waiting: Uint8Array[] = [];
  let size = 0;
  const taken = (): Uint8Array => {
    const bytes = Buffer.concat(waiting);
    waiting = [];
    size = 0;
    return bytes;
  };
  const send = async (to: State): Promise<void> => {
    const bytes = taken();
    checkPart(s3, key, to.sent.length + 1, bytes.length);
    try {
      to.sent.push(await sendPart(s3, to.upload, to.sent.length + 1, bytes));
    } catch (error) {
      // The parts are gone, as a lifecycle rule removes them: the next run begins.
      if (isOver(error)) await drop(s3, journalKey);
      throw s3Failed(s3.place, "UploadPart", key, error);
    }
    to.bytes += bytes.length;
    to.sum = crc32(bytes, to.sum);
  };
  return {
    done,
    async append(bytes: Uint8Array, counts: Counts) {
      waiting.push(new Uint8Array(bytes));
      size += bytes.length;
      if (size < partBytes) return;
      state ??= await newState(s3, key);
      await send(state);
      const { upload, write, sent, ...good } = state;
      const [id, parts] = [upload.UploadId, sent.length];
      const journal: Journal = { format, upload: id, write: write.name, parts, ...good, counts, origins };
      await putWhole(s3, journalKey, Buffer.from(JSON.stringify(journal)), undefined, newWrite(undefined));
    },
    async finish() {
      if (state === undefined) {
        await putWhole(s3, key, taken(), undefined, newWrite(undefined));
        return;
      }
      if (size > 0) await send(state);
      try {
        await complete(s3, key, state.upload, state);
      } catch (error) {
        // Refused: its parts are not what was noted, since another run wrote them at the same time. The next run begins.
        if (!isUncertain((error as Error).cause)) await forget();
        throw error;
      }
      await drop(s3, journalKey);
    },
    async close(keep: boolean) {
      if (!keep) await forget().catch(() => undefined);
    },
  };
}

async function readJournal(s3: S3Connection, key: string): Promise<Journal | undefined> {
  const found = await readAll(s3, key);
  return found && journalOf(JsonValue.parse(found.bytes, s3.place.uriOf(key), unusable));
}

async function newState(s3: S3Connection, key: string): Promise<State> {
  const write = newWrite(undefined);
  const UploadId = await begin(s3, key, write);
  return { upload: { ...s3.common, Key: s3.place.keyOf(key), UploadId }, write, sent: [], bytes: 0, sum: 0 };
}

/** The parts that a journal tells of; undefined where the upload is over, or they are not the ones in it. */
async function stateOf(s3: S3Connection, key: string, journal: Journal): Promise<State | undefined> {
  const upload: Upload = { ...s3.common, Key: s3.place.keyOf(key), UploadId: journal.upload };
  const sent: (CompletedPart & { readonly Size?: number | undefined })[] = [];
  try {
    for (let after: string | undefined; sent.length < journal.parts;) {
      const listed = await s3.send(
        new s3.sdk.ListPartsCommand({ ...upload, ...(after === undefined ? {} : { PartNumberMarker: after }) }),
      );
      for (const { PartNumber, ETag, ChecksumCRC32, Size } of listed.Parts ?? [])
        sent.push({ PartNumber, ETag, ChecksumCRC32, Size });
      after = listed.NextPartNumberMarker;
      if (listed.IsTruncated !== true) break;
    }
  } catch (error) {
    if (isOver(error)) return undefined;
    throw s3Failed(s3.place, "ListParts", key, error);
  }
  // A part behind the last that is noted is sent again.
  sent.splice(journal.parts);
  const bytes = sent.reduce((sum, { Size = 0 }) => sum + Size, 0);
  if (sent.length < journal.parts || bytes !== journal.bytes) return undefined;
  const write = { name: journal.write, base: undefined, lineage: journal.write };
  return {
    upload,
    write,
    sent: sent.map(({ PartNumber, ETag, ChecksumCRC32 }) => ({ PartNumber, ETag, ChecksumCRC32 })),
    bytes,
    sum: journal.sum,
  };
}

async function drop(s3: S3Connection, key: string): Promise<void> {
  try {
    await s3.send(new s3.sdk.DeleteObjectCommand({ ...s3.common, Key: s3.place.keyOf(key) }));
  } catch (error) {
    throw s3Failed(s3.place, "DeleteObject", key, error);
  }
}
