import { count, number } from "../../base/json/index.js";
import { ChurnkitError } from "../../base/errors.js";
import { quietly } from "../../base/async/index.js";
import { type Contract, parseContract } from "../../data/contract/index.js";
import type { MetricPoint, MetricSink } from "../../io/metrics/index.js";
import { type CreatedObject, createdObjects, messagesIn, objectsInMessage } from "../../io/store/s3/objects.js";
import { decodeWith } from "../aws/decode.js";
import { ingestedFolder, type IngestedObject, ingestObject, type IngestionRules } from "./ingest-object.js";
import { metricsOnStdout } from "./metrics.js";
import { type FunctionOptions, homeOf, placeOfUri, type S3Place, surroundingsOf } from "./surroundings.js";

const page = "docs/aws-functions.md";

/** Settings of {@link ingestionFunction}. */
export interface IngestionOptions extends FunctionOptions {
  /** What rows must keep. */
  readonly contract: Contract;
  /** Where objects to ingest arrive; others are left alone. Default: `raw/` in the target's folder. */
  readonly from?: string | undefined;
  /** Whether rows without a label are quarantined. Default false. */
  readonly labeled?: boolean | undefined;
  /** Quality score below which an object is quarantined as a whole, from 0 to 1. Default 0. */
  readonly minQuality?: number | undefined;
  /** Most bytes of an object, also unpacked. Default 64 MiB, which a function of 1 GB can hold. */
  readonly maxBytes?: number | undefined;
  /** Default: CloudWatch's embedded metric format on stdout, namespace `Churnkit`. */
  readonly sink?: MetricSink | undefined;
  /** Is told why a message of SQS will be sent again, and of metrics that were not taken. */
  readonly onProblem?: ((error: unknown) => void) | undefined;
}

/** Answer of an ingestion. */
export interface IngestionResult {
  readonly objects: readonly IngestedObject[];
  /** Messages of SQS to be sent again, for event sources with `ReportBatchItemFailures`. */
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/**
 * A function that ingests files as they arrive in S3 (CSV, TSV, JSON lines, each also as .gz, and Parquet), for S3's notifications,
 * EventBridge's `Object Created`, or a queue of either. It writes below `ingested/` in the target's folder: `rows/DAY/ID.jsonl` with the
 * rows that keep the contract, `quarantine/DAY/ID.jsonl` with the others and their reasons, and last `manifests/ID.json`. An object that
 * cannot be read is quarantined as a whole: the manifest says why, and the object stays where it is.
 *
 * Each version of an object is ingested once, whatever comes twice. Messages of SQS fail one by one; another event fails as a whole, so that
 * Lambda sends it again.
 *
 * @throws ChurnkitError OPTION_INVALID, also if the function would ingest what it writes. From the function: what kept an object from
 * being read or written.
 * @example
 * ```ts
 * import { syntheticContract } from "churnkit/data";
 * import { ingestionFunction } from "churnkit/deploy/functions";
 *
 * process.env["CHURNKIT_TARGET"] ??= JSON.stringify({
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * });
 * export const handler = ingestionFunction({ contract: syntheticContract });
 * const { objects } = await handler({ Records: [] });
 * console.assert(objects.length === 0);
 * ```
 */
export function ingestionFunction(options: IngestionOptions): (event: unknown) => Promise<IngestionResult> {
  const { target, session, store, bucket } = surroundingsOf(options);
  const { onProblem, sink = metricsOnStdout(session.clock) } = options;
  const home = homeOf(target);
  const from = placeOfUri(options.from ?? `s3://${home.bucket}/${home.key}raw/`);
  refuseLoop(from, { bucket: home.bucket, key: `${home.key}${ingestedFolder}` });
  const rules = rulesOf(options);
  const { name: model } = rules.contract;

  const ingest = async (created: CreatedObject): Promise<IngestedObject[]> => {
    const isTheirs = created.bucket === from.bucket && created.key.startsWith(from.key) && !created.key.endsWith("/");
    if (!isTheirs) return [];
    const ingested = await ingestObject(await bucket(created.bucket), await store(), created, rules);
    try {
      await sink.write(pointsOf(ingested, model, new Date(session.clock.now())));
      await sink.flush?.();
    } catch (error) {
      // The object is ingested: another attempt would find that, and write no metrics either.
      quietly(() => onProblem?.(error));
    }
    return [ingested];
  };
  const ingestAll = async (created: readonly CreatedObject[]): Promise<IngestedObject[]> => {
    const objects: IngestedObject[] = [];
    for (const each of created) objects.push(...(await ingest(each)));
    return objects;
  };

  return async (event) => {
    const messages = messagesIn(event);
    if (messages.length === 0) return { objects: await ingestAll(createdObjects(event)), batchItemFailures: [] };
    const objects: IngestedObject[] = [];
    const batchItemFailures: { itemIdentifier: string }[] = [];
    for (const { messageId, body } of messages) {
      try {
        objects.push(...(await ingestAll(objectsInMessage(body))));
      } catch (error) {
        quietly(() => onProblem?.(error));
        batchItemFailures.push({ itemIdentifier: messageId });
      }
    }
    return { objects, batchItemFailures };
  };
}

function rulesOf({
  contract,
  labeled = false,
  minQuality = 0,
  maxBytes = 64 * 2 ** 20,
}: IngestionOptions): IngestionRules {
  return {
    contract: parseContract(contract),
    labeled,
    minQuality: decodeWith(number(0, 1), minQuality, "The ingestion", "minQuality", page),
    maxBytes: decodeWith(count(1, 2 ** 30), maxBytes, "The ingestion", "maxBytes", page),
  };
}

function refuseLoop(from: S3Place, to: S3Place): void {
  if (from.bucket !== to.bucket || !(from.key.startsWith(to.key) || to.key.startsWith(from.key))) return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `The ingestion writes to s3://${to.bucket}/${to.key} and would ingest that again, because it takes all of s3://${from.bucket}/${from.key}. Name another place, such as the folder raw/.`,
    { where: { path: "from", value: `s3://${from.bucket}/${from.key}` } },
  );
}

function pointsOf({ outcome, rows, rejected, qualityScore }: IngestedObject, model: string, at: Date): MetricPoint[] {
  const rowsOf = (kind: string, value: number): MetricPoint => ({
    name: "ingested_rows_total",
    value,
    labels: { model, outcome: kind },
    at,
  });
  if (outcome === "known" || outcome === "gone") return [];
  return [
    { name: "ingested_objects_total", value: 1, labels: { model, outcome }, at },
    rowsOf("accepted", outcome === "accepted" ? rows - rejected : 0),
    rowsOf("quarantined", outcome === "accepted" ? rejected : rows),
    ...(qualityScore === null ? [] : [{ name: "data_quality_score", value: qualityScore, labels: { model }, at }]),
  ];
}
