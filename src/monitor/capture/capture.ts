import { exactParser } from "../../data/read/index.js";
import { millisecondsOf } from "../performance/labeled/records.js";

/**
 * A prediction as logged: our own form, one JSON object a line. It contains a customer's record, so protect it like
 * customer data.
 */
export interface CapturedPrediction {
  /** Joins the later label; null without one. */
  readonly id: string | null;
  /** Id that the answer gave the prediction. */
  readonly predictionId?: string | undefined;
  /** Time of the prediction, ISO 8601. */
  readonly at: string;
  /** The record that was sent to the model. */
  readonly record: unknown;
  /** Of the positive class; null if the record was refused or the answer was unreadable. */
  readonly probability: number | null;
  readonly label: string | null;
  /** The model's version. */
  readonly version: string | null;
  /** The customer got a retention offer. */
  readonly treated?: boolean | undefined;
  /** The customer was randomly selected to get no offer. */
  readonly control?: boolean | undefined;
}

/** Problems of captured data, and how they are handled. Declared once; results count each by name. */
export const captureIssues = {
  unreadable: "A file with bytes that are damaged or not text: left out from that point.",
  tooLong: "A line longer than the limit: left out.",
  notText: "A line that is not valid UTF-8: left out.",
  notJson: "A line that is not valid JSON: left out.",
  notPrediction: "A JSON line that is neither SageMaker's data capture nor our own form: left out.",
  badTime: "A prediction with an invalid time: left out.",
  badId:
    "An id that is neither a text of 1 to 512 characters nor a number: the record counts, but no label can join it.",
  badInput: "An input that cannot be decoded, or has other columns: left out.",
  tooManyRecords: "An input with more records than the limit: left out.",
  badOutput:
    "An output that cannot be decoded, is not a probability, or may belong to the other class: the record counts, without a score.",
  outputCount: "Different numbers of outputs and records: the records count, without a score.",
} as const;
/** A name of {@link captureIssues}. */
export type CaptureIssue = keyof typeof captureIssues;

/** Count of an issue, with the first few places. */
export interface CaptureIssueCount {
  readonly issue: CaptureIssue;
  readonly count: number;
  /** At most five, as "source:line". */
  readonly examples: readonly string[];
  /** Causes of the errors, where known: at most five different ones. They contain no customer's value. */
  readonly causes: readonly string[];
}

const mostExamples = 5;

/** Counts what was wrong while reading. */
export interface CaptureLog {
  note(issue: CaptureIssue, place: string, cause?: string): void;
  /** The issues found, in the table's order. */
  list(): CaptureIssueCount[];
}

/** An empty log. */
export function captureLog(): CaptureLog {
  const counts = new Map<CaptureIssue, { count: number; examples: string[]; causes: string[] }>();
  return {
    note(issue, place, cause) {
      const entry = counts.get(issue) ?? { count: 0, examples: [], causes: [] };
      entry.count++;
      if (entry.examples.length < mostExamples) entry.examples.push(place.slice(-200));
      if (cause !== undefined && entry.causes.length < mostExamples && !entry.causes.includes(cause))
        entry.causes.push(cause.slice(0, 300));
      counts.set(issue, entry);
    },
    list: () =>
      (Object.keys(captureIssues) as CaptureIssue[]).flatMap((issue) => {
        const entry = counts.get(issue);
        return entry === undefined
          ? []
          : [{ issue, count: entry.count, examples: [...entry.examples], causes: [...entry.causes] }];
      }),
  };
}

/** A probability, or null for anything else. */
export const probabilityOf = (value: unknown): number | null =>
  typeof value === "number" && value >= 0 && value <= 1 ? value : null;

/** Returns a text of at most this many characters, or null. */
export const textOf = (value: unknown, most = 512): string | null =>
  typeof value === "string" && value !== "" && value.length <= most ? value : null;

/** An id as a text: a whole number matches a server's text. Null for one that JSON rounded, and for anything else. */
export function idText(value: unknown): string | null {
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : null;
  const text = textOf(value);
  return text === null ? null : textOf(text.trim());
}

const exactly = exactParser(["id", "eventId"]);

/** Members of a line in which an id that JSON rounds is its literal text: use only its ids. */
export function spelledIds(line: Members, text: string): Members {
  const rounded = (id: unknown): boolean => typeof id === "number" && !Number.isSafeInteger(id);
  return rounded(line["id"]) || rounded(membersOf(line["eventMetadata"])["eventId"]) ? membersOf(exactly(text)) : line;
}

/** Members of a JSON object by name. */
export type Members = Readonly<Record<string, unknown>>;
/** Returns a value's members; none if it is not an object. */
export const membersOf = (value: unknown): Members =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};

/** Records a problem, and its cause if known. */
export type Note = (issue: CaptureIssue, cause?: string) => void;

/** Reads our own form; otherwise notes the problem and returns undefined. */
export function parseCaptured(line: Readonly<Record<string, unknown>>, note: Note): CapturedPrediction | undefined {
  const { record, at, id, predictionId, probability, label, version, treated, control } = line;
  const time = millisecondsOf(at);
  const bad =
    time === undefined
      ? "badTime"
      : typeof record !== "object" || record === null || Array.isArray(record)
        ? "badInput"
        : undefined;
  if (bad !== undefined || time === undefined) {
    note(bad ?? "badTime");
    return undefined;
  }
  if (id !== undefined && id !== null && idText(id) === null) note("badId");
  if (probability !== undefined && probability !== null && probabilityOf(probability) === null)
    note("badOutput", "probability is not a number from 0 to 1");
  return {
    id: idText(id),
    ...(typeof predictionId === "string" ? { predictionId } : {}),
    at: new Date(time).toISOString(),
    record,
    probability: probabilityOf(probability),
    label: textOf(label, 10_000),
    version: textOf(version),
    ...(treated === true ? { treated } : {}),
    ...(control === true ? { control } : {}),
  };
}
