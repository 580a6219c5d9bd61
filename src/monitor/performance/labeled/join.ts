import { ChurnkitError } from "../../../base/errors.js";
import { IssueLog, type IssueCount } from "./issues.js";
import {
  checkLabel,
  checkPrediction,
  millisecondsOf,
  shownId,
  type CheckedPrediction,
  type LabelRecord,
  type Moment,
  type PredictionRecord,
} from "./records.js";

/** When labels count. All lengths in milliseconds; {@link days} helps. */
export interface LabelPolicy {
  /** The outcome window: a customer who churns within this time after the prediction is a positive. Above 0. */
  readonly window: number;
  /** How long after its end a label may still arrive. 0 by default. */
  readonly delay?: number | undefined;
  /** The time of the look at the series. */
  readonly now: Moment;
  /**
   * Meaning of a closed window without a label. "unknown" (the default): the label is missing. "negative": only
   * positives are reported, so a customer without one has stayed.
   */
  readonly absent?: "unknown" | "negative" | undefined;
  /** More predictions or labels than this are refused; 5,000,000 by default. */
  readonly maxRecords?: number | undefined;
}

/** A prediction with its known facts. */
export interface JoinedPrediction {
  readonly time: number;
  readonly probability: number;
  readonly segment: string | null;
  readonly role: "plain" | "treated" | "control";
  /**
   * 1, 0, or null if unknown (yet). It may be known for a row whose window is still open, but must not be used then.
   */
  readonly outcome: 0 | 1 | null;
  /** The outcome is 0 because no label has come. */
  readonly assumed: boolean;
  /** Both outcomes were reported. */
  readonly conflicting: boolean;
  /** The window has closed and the delay is over. */
  readonly closed: boolean;
}

/** Predictions with their labels, in order of time, then id. */
export interface LabeledPredictions {
  readonly policy: {
    readonly window: number;
    readonly delay: number;
    readonly now: number;
    readonly absent: "unknown" | "negative";
  };
  readonly rows: readonly JoinedPrediction[];
  /** Records read, usable or not. */
  readonly records: { readonly predictions: number; readonly labels: number };
  /** Issues by name: nothing is dropped silently. */
  readonly issues: readonly IssueCount[];
}

/** Days in milliseconds. */
export const days = (count: number): number => count * 86_400_000;
/** Hours in milliseconds. */
export const hours = (count: number): number => count * 3_600_000;

/** 100 years. */
const LONGEST = days(36_525);

interface Known {
  readonly prediction: CheckedPrediction;
  positives: number;
  negatives: number;
  /** When the first label was recorded. */
  recorded: number;
}

/**
 * Joins labels to predictions by id. The order of the records does not matter. A label is judged by the prediction's
 * outcome window: a churn after the window means that the customer had stayed, and a "stayed" from before its end
 * proves nothing.
 *
 * @throws ChurnkitError OPTION_INVALID for a bad policy, INPUT_TOO_LARGE above `maxRecords`. A bad record is not an
 * error: it is counted in `issues`.
 *
 * @example
 * ```ts
 * import { days, joinLabels } from "churnkit/monitor";
 *
 * const { rows, issues } = joinLabels(
 *   [{ id: "a", time: "2024-01-01", probability: 0.8 }, { id: "b", time: "2024-01-01", probability: 0.2 }],
 *   [{ id: "a", time: "2024-01-20", outcome: 1 }, { id: "x", time: "2024-01-20", outcome: 1 }],
 *   { window: days(30), now: "2024-02-15", absent: "negative" },
 * );
 * console.assert(rows[0]?.outcome === 1 && rows[1]?.outcome === 0);
 * console.assert(issues[0]?.issue === "unknownId");
 * ```
 */
export function joinLabels(
  predictions: Iterable<PredictionRecord>,
  labels: Iterable<LabelRecord>,
  policy: LabelPolicy,
): LabeledPredictions {
  const settings = checkedPolicy(policy);
  const log = new IssueLog();
  const limit = policy.maxRecords ?? 5_000_000;
  checkIterable("predictions", predictions);
  checkIterable("labels", labels);
  const { known, count } = readPredictions(predictions, settings.now, limit, log);
  const labelCount = readLabels(labels, known, settings, limit, log);
  const entries = [...known.values()].sort(
    ({ prediction: a }, { prediction: b }) => a.time - b.time || (a.id < b.id ? -1 : 1),
  );
  const rows = entries.map((entry) => joined(entry, settings, log));
  return { policy: settings, rows, records: { predictions: count, labels: labelCount }, issues: log.list() };
}

type Settings = LabeledPredictions["policy"];

function checkedPolicy({ window, delay = 0, now, absent = "unknown", maxRecords = 1 }: LabelPolicy): Settings {
  const refuse = (what: string): ChurnkitError => new ChurnkitError("OPTION_INVALID", what);
  const length = (value: number): boolean => Number.isFinite(value) && value >= 0 && value <= LONGEST;
  if (!length(window) || window === 0)
    throw refuse(`The outcome window is ${window}. Give milliseconds above 0 and up to 100 years, such as days(30).`);
  if (!length(delay)) throw refuse(`The label delay is ${delay}. Give milliseconds from 0 to 100 years.`);
  if (!["unknown", "negative"].includes(absent)) throw refuse(`absent is "${absent}". Give "unknown" or "negative".`);
  if (!(Number.isInteger(maxRecords) && maxRecords > 0))
    throw refuse(`maxRecords is ${maxRecords}. Give a whole number above 0.`);
  const at = millisecondsOf(now);
  if (at === undefined) throw refuse(`now is ${String(now)}. Give milliseconds, an ISO 8601 text or a Date.`);
  return { window, delay, now: at, absent };
}

function checkIterable(what: string, value: unknown): void {
  if (typeof value === "object" && value !== null && Symbol.iterator in value) return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `The ${what} cannot be iterated. Give an array or another iterable of records.`,
  );
}

function tooMany(what: string, limit: number): ChurnkitError {
  return new ChurnkitError(
    "INPUT_TOO_LARGE",
    `There are more than ${limit} ${what}. Join one period at a time, or raise maxRecords.`,
  );
}

/** Merges two predictions under one id, in any order: the earlier one, with the marks of both. */
function earlier(a: CheckedPrediction, b: CheckedPrediction): CheckedPrediction {
  const order = a.time - b.time || a.probability - b.probability || ((a.segment ?? "") <= (b.segment ?? "") ? -1 : 1);
  return { ...(order < 0 ? a : b), treated: a.treated || b.treated, control: a.control || b.control };
}

function readPredictions(
  predictions: Iterable<unknown>,
  now: number,
  limit: number,
  log: IssueLog,
): { known: Map<string, Known>; count: number } {
  const known = new Map<string, Known>();
  let count = 0;
  for (const record of predictions) {
    if (++count > limit) throw tooMany("predictions", limit);
    const prediction = checkPrediction(record);
    if (typeof prediction === "string") {
      log.note(prediction, shownId(record));
      continue;
    }
    const { id } = prediction;
    if (prediction.time > now) {
      log.note("futurePrediction", id);
      continue;
    }
    const other = known.get(id)?.prediction;
    if (other !== undefined) log.note(sameAs(other, prediction) ? "duplicatePrediction" : "conflictingPrediction", id);
    const kept = other === undefined ? prediction : earlier(other, prediction);
    known.set(id, { prediction: kept, positives: 0, negatives: 0, recorded: Infinity });
  }
  return { known, count };
}

const sameAs = (a: CheckedPrediction, b: CheckedPrediction): boolean =>
  a.time === b.time && a.probability === b.probability;

function readLabels(
  labels: Iterable<unknown>,
  known: ReadonlyMap<string, Known>,
  { window, now }: Settings,
  limit: number,
  log: IssueLog,
): number {
  let count = 0;
  for (const record of labels) {
    if (++count > limit) throw tooMany("labels", limit);
    const label = checkLabel(record);
    if (typeof label === "string") {
      log.note(label, shownId(record));
      continue;
    }
    const entry = known.get(label.id);
    if (entry === undefined) {
      log.note("unknownId", label.id);
      continue;
    }
    const end = entry.prediction.time + window;
    if (label.recorded > now) log.note("futureLabel", label.id);
    else if (label.time < entry.prediction.time) log.note("labelBeforePrediction", label.id);
    else if (!label.positive && label.time < end) log.note("prematureNegative", label.id);
    else {
      const within = label.positive && label.time <= end;
      if (label.positive && !within) log.note("afterWindow", label.id);
      if (within) entry.positives++;
      else entry.negatives++;
      entry.recorded = Math.min(entry.recorded, label.recorded);
    }
  }
  return count;
}

function joined(
  { prediction, positives, negatives, recorded }: Known,
  settings: Settings,
  log: IssueLog,
): JoinedPrediction {
  const { id, time, probability, segment, treated, control } = prediction;
  const closes = time + settings.window + settings.delay;
  const closed = closes <= settings.now;
  const conflicting = positives > 0 && negatives > 0;
  const labeled = positives + negatives > 0;
  const assumed = !labeled && closed && settings.absent === "negative";
  log.note("duplicateLabel", id, Math.max(0, positives - 1) + Math.max(0, negatives - 1));
  if (conflicting) log.note("conflictingLabel", id);
  if (treated && control) log.note("treatedControl", id);
  if (labeled && !conflicting && recorded > closes) log.note("lateLabel", id);
  const outcome = conflicting ? null : positives > 0 ? 1 : negatives > 0 || assumed ? 0 : null;
  const role = treated ? "treated" : control ? "control" : "plain";
  return { time, probability, segment, role, outcome, assumed, conflicting, closed };
}
