import { ChurnkitError } from "../../../base/errors.js";
import { isWritableDate, parseIsoDate } from "../../../data/contract/index.js";

/** A point in time: milliseconds since 1970 UTC, an ISO 8601 text (UTC without an offset), or a Date. */
export type Moment = number | string | Date;

/** A prediction, logged when the model made it. */
export interface PredictionRecord {
  /** Unique; labels are joined by it. */
  readonly id: string;
  readonly time: Moment;
  /** Of the positive class, in [0, 1]. */
  readonly probability: number;
  /** A slice that is reported separately. */
  readonly segment?: string | undefined;
  /** The customer got a retention offer, so that the outcome is no longer the predicted one. */
  readonly treated?: boolean | undefined;
  /** The customer was randomly selected to get no offer, whatever the prediction. */
  readonly control?: boolean | undefined;
}

/** Outcome of a prediction. */
export interface LabelRecord {
  readonly id: string;
  /** Time of the outcome: the day of the churn, or the last day on which the customer was known to stay. */
  readonly time: Moment;
  /** 1 or true for the positive class (churned), 0 or false for the other. */
  readonly outcome: 0 | 1 | boolean;
  /** When it became known; `time` by default. */
  readonly recorded?: Moment | undefined;
}

/** A checked prediction. Times in milliseconds. */
export interface CheckedPrediction {
  readonly id: string;
  readonly time: number;
  readonly probability: number;
  readonly segment: string | null;
  readonly treated: boolean;
  readonly control: boolean;
}

/** A checked label. */
export interface CheckedLabel {
  readonly id: string;
  readonly time: number;
  readonly recorded: number;
  readonly positive: boolean;
}

/** Why a record is unusable. */
export type Refusal = "invalidId" | "invalidTime" | "invalidProbability" | "invalidOutcome" | "invalidFlag";

/** Ids and segments longer than this are refused. */
const LONGEST_TEXT = 512;

/** Returns milliseconds since 1970 UTC; undefined for a value that is not a time of the years 0 to 9999. */
export function millisecondsOf(moment: unknown): number | undefined {
  const value =
    typeof moment === "string" ? parseIsoDate(moment.trim()) : moment instanceof Date ? moment.getTime() : moment;
  return typeof value === "number" && isWritableDate(value) ? value : undefined;
}

/**
 * The milliseconds of an option that is a time.
 *
 * @throws ChurnkitError OPTION_INVALID.
 */
export function timeOf(moment: Moment, name = "now"): number {
  const at = millisecondsOf(moment);
  if (at !== undefined) return at;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `${name} is ${String(moment)}. Give milliseconds, an ISO 8601 text or a Date.`,
  );
}

const isText = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= LONGEST_TEXT;
const isFlag = (value: unknown): boolean => value === undefined || value === null || typeof value === "boolean";

/** The id of a record, for messages. */
export function shownId(record: unknown): string {
  const id: unknown = typeof record === "object" && record !== null ? (record as { id?: unknown }).id : undefined;
  return typeof id === "string" ? id.slice(0, 80) : `(${id === null ? "null" : typeof id})`;
}

/** Checks a prediction that may come from a log. */
export function checkPrediction(record: unknown): CheckedPrediction | Refusal {
  const given = (typeof record === "object" && record !== null ? record : {}) as Partial<
    Record<keyof PredictionRecord, unknown>
  >;
  const { id, probability, segment, treated, control } = given;
  if (!isText(id)) return "invalidId";
  const time = millisecondsOf(given.time);
  if (time === undefined) return "invalidTime";
  if (typeof probability !== "number" || !(probability >= 0 && probability <= 1)) return "invalidProbability";
  if (!isFlag(treated) || !isFlag(control)) return "invalidFlag";
  return {
    id,
    time,
    probability,
    segment: isText(segment) ? segment : null,
    treated: treated === true,
    control: control === true,
  };
}

/** Checks a label that may come from a log. */
export function checkLabel(record: unknown): CheckedLabel | Refusal {
  const given = (typeof record === "object" && record !== null ? record : {}) as Partial<
    Record<keyof LabelRecord, unknown>
  >;
  const { id, outcome, recorded } = given;
  if (!isText(id)) return "invalidId";
  const time = millisecondsOf(given.time);
  const known = recorded === undefined || recorded === null ? time : millisecondsOf(recorded);
  if (time === undefined || known === undefined) return "invalidTime";
  if (outcome !== 0 && outcome !== 1 && typeof outcome !== "boolean") return "invalidOutcome";
  return { id, time, recorded: known, positive: outcome === 1 || outcome === true };
}
