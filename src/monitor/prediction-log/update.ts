import { ChurnkitError } from "../../base/errors.js";
import { checkKey, type ObjectStore, typedStore } from "../../io/store/index.js";
import { captureLog, type CapturedPrediction, type CaptureIssueCount } from "../capture/capture.js";
import type { CaptureOutput } from "../capture/output.js";
import { labelLog, readLabelLines } from "../capture/read-labels.js";
import { readCaptureLines } from "../capture/read.js";
import { millisecondsOf, type Moment } from "../performance/labeled/records.js";
import { logColumns } from "./columns.js";
import { logFile } from "./files.js";
import { Labels } from "./outcomes.js";
import { type LogRules, logRows } from "./rows.js";

/** What an update reads, and where it writes. */
export interface PredictionLogOptions extends LogRules {
  readonly store: ObjectStore;
  /** Folder of the captures, by the hour, as `captureToStore` and SageMaker write them: `captured/churn/`. */
  readonly captured: string;
  /** Folder of the labels, JSON lines or CSV. */
  readonly labels?: string | undefined;
  /** Folder of the log. Default `prediction-log/`. */
  readonly to?: string | undefined;
  /** First and last day, such as `2026-02-01`. Default: all days that have captures. */
  readonly days?: { readonly first?: string | undefined; readonly last?: string | undefined } | undefined;
  /** The time of the look, which decides what is mature. Default: the present. */
  readonly now?: Moment | undefined;
  /** Form of the outputs in SageMaker's captures where they do not name it, as `readCaptureLines` takes it. */
  readonly outputForm?: CaptureOutput | undefined;
}

/** What an update did. */
export interface PredictionLogUpdate {
  readonly days: readonly {
    readonly day: string;
    readonly rows: number;
    /** False where the day's file was already the same. */
    readonly written: boolean;
  }[];
  /** Lines that could not be read. */
  readonly issues: readonly CaptureIssueCount[];
  readonly badLabels: number;
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const capturedName = /(?:^|\/)(\d{4})\/(\d{2})\/(\d{2})\/(\d{2})\/[^/]*\.(?:jsonl|json|ndjson)(?:\.gz)?$/i;
const labelName = /\.(jsonl|json|ndjson|csv)(\.gz)?$/i;
const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/**
 * Writes captured predictions, their scores and their late labels as one table: a Parquet file for each day of prediction. Labels are
 * joined by the prediction's id or the customer's, and count once the outcome window has closed. Each day is made anew from captures and labels, and
 * written only if its bytes differ, so a run may be repeated at any time, and a late label changes one day's file. Needs the package hyparquet-writer.
 * Holds a day's predictions, and all labels, in memory.
 *
 * @throws ChurnkitError OPTION_INVALID, PEER_MISSING, STORE_FAILED, STORE_CONFLICT where another run writes the same day.
 * @example
 * ```ts
 * import { syntheticContract, syntheticCustomers } from "churnkit/data";
 * import { memoryStore } from "churnkit/io";
 * import { captureToStore, days, updatePredictionLog } from "churnkit/monitor";
 *
 * const store = memoryStore();
 * const writer = captureToStore(store, { prefix: "captured/churn", writer: "web-1" });
 * const [record] = syntheticCustomers({ rows: 1 }).records;
 * await writer.write([{ id: "C-1", at: "2026-02-01T13:05:00.000Z", record, probability: 0.4, label: "No", version: "1" }]);
 * await writer.close();
 * const options = { store, contract: syntheticContract, captured: "captured/churn/", labels: "labels/", window: days(30) };
 * const update = await updatePredictionLog(options);
 * console.assert(update.days[0]?.rows === 1);
 * ```
 */
export async function updatePredictionLog(options: PredictionLogOptions): Promise<PredictionLogUpdate> {
  const { contract, captured, to = "prediction-log/", days = {} } = options;
  const store = typedStore(options.store);
  const now = momentOf(options.now ?? Date.now());
  if (!(options.window > 0)) throw invalid("window", options.window, "milliseconds above 0");
  const { first = "0000-01-01", last = "9999-12-31" } = days;
  for (const day of [first, last])
    if (millisecondsOf(day) === undefined || day.length !== 10) throw invalid("days", day, "days such as 2026-02-01");
  checkKey(`${to}x`);
  const hours = await hoursOf(store, captured);
  // A capture may be filed an hour late.
  const wanted = new Set(hours.flatMap(({ hour }) => [dayOf(hour), dayOf(hour - hourMs)]));
  const log = captureLog();
  const { labels, bad } = await readLabels(store, options);
  const done: PredictionLogUpdate["days"][number][] = [];
  for (const day of [...wanted].filter((each) => each >= first && each <= last).sort()) {
    const start = Date.parse(day);
    const keys = hours.filter(({ hour }) => hour >= start && hour <= start + dayMs).map(({ key }) => key);
    const predictions = await predictionsOf(store, keys, day, { ...options, log });
    const rows = logRows(predictions, labels, options, now);
    const key = `${to}${day}/churnkit.predictions.parquet`;
    const bytes = rows.length === 0 ? undefined : await logFile(logColumns(contract), rows);
    const written = await replace(store, key, bytes);
    if (rows.length > 0 || written) done.push({ day, rows: rows.length, written });
  }
  return { days: done, issues: log.list(), badLabels: bad };
}

async function hoursOf(store: ObjectStore, prefix: string): Promise<{ key: string; hour: number }[]> {
  return (await store.list(prefix)).flatMap(({ key }) => {
    const [, year, month, day, at] = capturedName.exec(key) ?? [];
    return year === undefined ? [] : [{ key, hour: Date.UTC(+year, Number(month) - 1, Number(day), Number(at)) }];
  });
}

async function predictionsOf(
  store: ObjectStore,
  keys: readonly string[],
  day: string,
  { contract, outputForm, log }: PredictionLogOptions & { readonly log: ReturnType<typeof captureLog> },
): Promise<CapturedPrediction[]> {
  const found: CapturedPrediction[] = [];
  for (const key of keys) {
    const object = await store.getStream(key);
    if (object === undefined) continue;
    for await (const each of readCaptureLines(object.stream, { contract, outputForm, log, source: key }))
      if (each.at.startsWith(day)) found.push(each);
  }
  return found;
}

async function readLabels(
  store: ObjectStore,
  { labels: prefix, contract: { target } }: PredictionLogOptions,
): Promise<{ labels: Labels; bad: number }> {
  const labels = new Labels();
  const log = labelLog();
  if (prefix === undefined) return { labels, bad: 0 };
  if (target === undefined) throw invalid("contract", "no target", "one with a target, to read labels");
  const { positive, classes } = target;
  const negative = classes.filter((label) => label !== positive);
  for (const { key } of await store.list(prefix)) {
    const object = labelName.test(key) ? await store.getStream(key) : undefined;
    if (object === undefined) continue;
    for await (const label of readLabelLines(object.stream, { positive, negative, log, source: key }))
      if (!labels.add(label)) log.bad++;
  }
  return { labels, bad: log.bad };
}

/** Writes an object unless it is the same already; without bytes, removes it. Returns whether it changed. */
async function replace(store: ObjectStore, key: string, bytes: Uint8Array | undefined): Promise<boolean> {
  const found = await store.get(key);
  if (bytes === undefined) {
    if (found !== undefined) await store.delete(key);
    return found !== undefined;
  }
  const same = found?.bytes.length === bytes.length && bytes.every((byte, i) => byte === found.bytes[i]);
  if (same) return false;
  await store.put(key, bytes, store.capabilities.compareAndSwap ? { ifVersion: found?.version ?? null } : {});
  return true;
}

function momentOf(moment: Moment): number {
  const time = millisecondsOf(moment);
  if (time === undefined) throw invalid("now", moment, "a time");
  return time;
}

const invalid = (path: string, value: unknown, expected: string): ChurnkitError =>
  new ChurnkitError("OPTION_INVALID", `The prediction log's ${path} is ${String(value)}. Give ${expected}.`, {
    where: { path, value },
  });
