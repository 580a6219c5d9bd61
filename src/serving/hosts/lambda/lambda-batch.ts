import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { ChurnkitError } from "../../../base/errors.js";
import { canonicalJson } from "../../../base/json/index.js";
import {
  type CreatedObject,
  createdObjects,
  messagesIn,
  objectsInMessage,
  type S3Objects,
} from "../../../io/store/s3/objects.js";
import type { ScoreFormat } from "../../../model/batch/index.js";
import type { Artifact } from "../../../model/artifact.js";
import type { ServedModel } from "../../models/index.js";
import { scoreObject, type ScoredObject } from "./score-object.js";

/** Options of {@link lambdaBatch}. */
export interface LambdaBatchOptions {
  /** Prefix of the objects to score, such as `customers/`. Others are left alone. Default: all. */
  readonly from?: string | undefined;
  /**
   * Prefix of the scores in the same bucket, in place of `from`. It may not be in `from`, because scores would be scored again.
   * Default: the scores are beside the object, and names that end as theirs do are left alone.
   */
  readonly to?: string | undefined;
  /** How scores are written. Default `csv`. */
  readonly format?: ScoreFormat | undefined;
  /** Probability from which a row has the positive label. Default: the model's own. */
  readonly threshold?: number | undefined;
  /** Threads that score. Default 1. */
  readonly workers?: number | undefined;
  /** Milliseconds before the function's end at which it stops and keeps what it has. Default 10,000. */
  readonly reserve?: number | undefined;
  /** Your own client of S3; otherwise one is made from `clientConfig`. */
  readonly client?: S3Client | undefined;
  readonly clientConfig?: S3ClientConfig | undefined;
  /** Called with the reason for each message of SQS that failed. */
  readonly onProblem?: ((error: unknown, id: string) => void) | undefined;
}

/** Answer of {@link lambdaBatch}. */
export interface LambdaBatchResult {
  readonly objects: readonly ScoredObject[];
  /** Messages of SQS to be sent again, in the form that Lambda reads where `ReportBatchItemFailures` is on. */
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/**
 * Scores files as they arrive in S3 (CSV, TSV, JSON lines, each also as .gz, and Parquet): a Lambda function for S3's notifications,
 * EventBridge's `Object Created`, or a queue of either. `in/a.csv` becomes `in/a.csv.scores.csv`, with the same lines as `churnkit
 * predict` writes, and `in/a.csv.scores.csv.done.json` says of what it was made: an event that comes again, or late, changes nothing.
 * Memory stays the same whatever the size. Before its time is over, the function keeps what it has and fails; the next try, which
 * Lambda makes by itself, continues there.
 *
 * Events of SQS fail one by one; any other event fails as a whole, so that Lambda sends it again.
 *
 * @throws ChurnkitError OPTION_INVALID if `to` is in `from`. From the function: what keeps an object from being scored.
 * @example
 * ```ts
 * import { loadBundle } from "churnkit/model";
 * import { lambdaBatch } from "churnkit/serving";
 *
 * const { artifact, scorer, manifest } = await loadBundle("model");
 * const model = { artifact, scorer, name: "churn", version: manifest.contentHash, source: "local" };
 * export const handler = lambdaBatch(model, { from: "customers/", to: "scores/" });
 * const { objects } = await handler({ Records: [] });
 * console.assert(objects.length === 0);
 * ```
 */
export function lambdaBatch(
  model: ServedModel & { readonly artifact: Artifact },
  options: LambdaBatchOptions = {},
): (event: unknown, context?: { getRemainingTimeInMillis(): number }) => Promise<LambdaBatchResult> {
  const { from = "", to, format = "csv", threshold = model.scorer.decision.threshold, workers = 1 } = options;
  const { reserve = 10_000, client, clientConfig, onProblem } = options;
  if (to?.startsWith(from))
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The scores' prefix ${JSON.stringify(to)} is in ${JSON.stringify(from)}, so scores would be scored again. Name another prefix.`,
    );
  const buckets = new Map<string, Promise<S3Objects>>();
  const opened = (bucket: string): Promise<S3Objects> => {
    const known = buckets.get(bucket) ?? openBucket(bucket, client, clientConfig);
    buckets.set(bucket, known);
    return known;
  };
  const outputOf = (key: string): string => `${to === undefined ? key : to + key.slice(from.length)}.scores.${format}`;
  const origins = { model: `${model.name} ${model.version}`, options: canonicalJson({ format, threshold }) };

  return async (event, context) => {
    const hasTime = (): boolean => context === undefined || context.getRemainingTimeInMillis() > reserve;
    const objects: ScoredObject[] = [];
    const score = async (created: readonly CreatedObject[]): Promise<void> => {
      for (const { bucket, key } of created) {
        if (!key.startsWith(from) || !isInput(key)) continue;
        const place = { bucket, key, output: outputOf(key) };
        const work = { model, format, threshold, workers, origins, hasTime };
        objects.push(await scoreObject(await opened(bucket), place, work));
      }
    };
    const batchItemFailures: { itemIdentifier: string }[] = [];
    const messages = messagesIn(event);
    if (messages.length === 0) await score(createdObjects(event));
    for (const { messageId, body } of messages) {
      try {
        await score(objectsInMessage(body));
      } catch (error) {
        onProblem?.(error, messageId);
        batchItemFailures.push({ itemIdentifier: messageId });
      }
    }
    return { objects, batchItemFailures };
  };
}

/** Whether a key is that of a file of rows, and not of scores beside it. */
const isInput = (key: string): boolean =>
  /\.(?:csv|tsv|jsonl|ndjson|parquet)(?:\.gz)?$/i.test(key) && !/\.scores\.(?:csv|jsonl|parquet)$/.test(key);

async function openBucket(
  bucket: string,
  client: S3Client | undefined,
  clientConfig: S3ClientConfig | undefined,
): Promise<S3Objects> {
  const { s3Objects } = await import("../../../io/store/s3/objects.js");
  return s3Objects({ bucket, client, clientConfig });
}
