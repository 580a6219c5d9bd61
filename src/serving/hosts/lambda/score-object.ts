import { ChurnkitError } from "../../../base/errors.js";
import { count, documentError, JsonValue, literal, object, record, text } from "../../../base/json/index.js";
import { writeResumable, type Counts, type Origins, type ResumableFile } from "../../../io/resumable-file.js";
import type { S3Objects } from "../../../io/store/s3/objects.js";
import type { Artifact } from "../../../model/artifact.js";
import { scoreFile, type OutputPart, type ScoreFormat } from "../../../model/batch/index.js";
import type { ServedModel } from "../../models/index.js";

/** What became of an object. */
export interface ScoredObject {
  readonly bucket: string;
  readonly key: string;
  /** Key of its scores. */
  readonly output: string;
  /** `scored` now, `known` where its scores were there, or `gone` where the object was deleted before. */
  readonly outcome: "scored" | "known" | "gone";
  readonly rows: number;
  /** Rows that break the contract, which have an error in place of a score. */
  readonly rejected: number;
  /** Rows with the positive label. */
  readonly positives: number;
}

/** How objects are scored. */
export interface ObjectWork {
  readonly model: ServedModel & { readonly artifact: Artifact };
  readonly format: ScoreFormat;
  readonly threshold: number;
  readonly workers: number;
  /** Of what the scores are made, beside the object. */
  readonly origins: Origins;
  readonly hasTime: () => boolean;
}

const receiptOf = object({ format: literal("churnkit-scores-1"), counts: record(count()), origins: record(text()) });
const unusable = documentError("INPUT_MALFORMED", "The receipt", "Delete it, and the object is scored again.");

/**
 * Scores an object, unless the receipt beside its scores says that they are of the same version, model and options.
 *
 * @throws ChurnkitError TOO_BUSY where the time is over: what was written is kept, and the next call continues.
 */
export async function scoreObject(
  objects: S3Objects,
  { bucket, key, output }: { readonly bucket: string; readonly key: string; readonly output: string },
  { origins, hasTime, ...work }: ObjectWork,
): Promise<ScoredObject> {
  const found = await objects.open(key);
  const result = (outcome: ScoredObject["outcome"], counts: Counts = {}): ScoredObject => {
    const { rows = 0, rejected = 0, positives = 0 } = counts;
    return { bucket, key, output, outcome, rows, rejected, positives };
  };
  if (found === undefined) return result("gone");
  try {
    const all = { ...origins, input: `${found.size} bytes of ${found.version}` };
    const receipt = `${output}.done.json`;
    const known = await receiptIn(objects, receipt);
    if (known !== undefined && isSame(known.origins, all)) return result("known", known.counts);
    const file = await begun(objects, output, all, work.format);
    const from = { name: `s3://${bucket}/${key}`, bytes: found.stream, ranged: found };
    const counts = await writeResumable(file, (done) =>
      whileTime(scoreFile(work.model, from, { ...work, done }), from.name, work.format, hasTime),
    );
    const document = { format: "churnkit-scores-1", counts, origins: all };
    await objects.write(receipt, Buffer.from(JSON.stringify(document)));
    return result("scored", counts);
  } finally {
    found.close();
  }
}

async function receiptIn(objects: S3Objects, key: string): Promise<ReturnType<typeof receiptOf> | undefined> {
  const bytes = await objects.read(key);
  return bytes && receiptOf(JsonValue.parse(bytes, key, unusable));
}

const isSame = (one: Origins, other: Origins): boolean =>
  Object.keys({ ...one, ...other }).every((name) => one[name] === other[name]);

/** Continues what an earlier call wrote of the same scores; begins anew where it was of others. */
async function begun(
  objects: S3Objects,
  output: string,
  origins: Origins,
  format: ScoreFormat,
): Promise<ResumableFile> {
  const resume = format !== "parquet";
  try {
    return await objects.resumable(output, origins, { resume });
  } catch (error) {
    if (!ChurnkitError.isInstance(error) || error.code !== "CHECKPOINT_MISMATCH") throw error;
    return objects.resumable(output, origins, { resume: false });
  }
}

/** Passes parts on. @throws ChurnkitError TOO_BUSY where the time is over. */
async function* whileTime(
  parts: AsyncIterable<OutputPart>,
  name: string,
  format: ScoreFormat,
  hasTime: () => boolean,
): AsyncGenerator<OutputPart> {
  let rows = 0;
  for await (const part of parts) {
    if (!hasTime())
      throw new ChurnkitError(
        "TOO_BUSY",
        `${name}: the function's time ended after ${rows} rows. ${format === "parquet" ? "Parquet begins anew at the next try, so give" : "The next try continues; if this happens often, give"} the function more time or memory.`,
      );
    rows = part.counts["rows"] ?? rows;
    yield part;
  }
}
