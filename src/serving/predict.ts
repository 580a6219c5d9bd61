import { ChurnkitError } from "../base/errors.js";
import type { CellIssue } from "../data/table/table.js";
import type { ScoredRecord, Scorer } from "../model/compile.js";
import { failure, json, type RequestProblem, type ServeResponse } from "./http.js";
import type { ServingMetrics } from "./metrics.js";

/** What scoring a request needs. */
export interface Scoring {
  readonly scorer: Scorer;
  readonly metrics: ServingMetrics | undefined;
  readonly maxBatch: number;
  /** Said beside every score: threshold and origin of the model. */
  readonly said: Readonly<Record<string, unknown>>;
}

/** Records scored before other requests get their turn. */
const recordsAtOnce = 1000;
/** Most issues written in one answer: 10,000 empty records would otherwise make one of many megabytes. */
const mostIssues = 1000;

/** Answers one record. */
export function predictOne({ scorer, metrics, said }: Scoring, body: Uint8Array): ServeResponse {
  const result = counted(scorer.scoreRecord(parse(body)), metrics);
  const { probability, label, issues } = result;
  if (probability === null) return failure(422, problem(issues, issues.slice(0, mostIssues)));
  return json(200, { prediction: label, probability, ...said, ...(issues.length > 0 ? { warnings: issues } : {}) });
}

/** Answers a batch: records that break the contract are reported in their place, the others scored. */
export async function predictBatch({ scorer, metrics, maxBatch, said }: Scoring, body: Uint8Array): Promise<ServeResponse> {
  const records = recordsOf(parse(body), maxBatch);
  const predictions: object[] = [];
  let failed = 0;
  let written = 0;
  let leftOff = 0;
  const within = (issues: readonly CellIssue[]): readonly CellIssue[] => {
    const some = issues.slice(0, mostIssues - written);
    written += some.length;
    leftOff += issues.length - some.length;
    return some;
  };
  for (let first = 0; first < records.length; first += recordsAtOnce) {
    if (first > 0) await new Promise((resolve) => setTimeout(resolve, 0));
    for (const result of scorer.scoreRecords(records.slice(first, first + recordsAtOnce))) {
      const { probability, label, issues } = counted(result, metrics);
      if (probability === null) {
        failed++;
        predictions.push({ prediction: null, probability: null, error: problem(issues, within(issues)) });
      } else {
        const warnings = issues.length > 0 ? within(issues) : issues;
        predictions.push(warnings.length > 0 ? { prediction: label, probability, warnings } : { prediction: label, probability });
      }
    }
  }
  return json(200, { predictions, count: predictions.length, failed, ...(leftOff > 0 ? { issues_left_off: leftOff } : {}), ...said });
}

function recordsOf(value: unknown, most: number): readonly unknown[] {
  const records: unknown = Array.isArray(value) ? value : (value as { records?: unknown } | null)?.records;
  if (!Array.isArray(records)) {
    throw new ChurnkitError("REQUEST_INVALID", 'A batch is {"records": [...]} or an array of records.');
  }
  if (records.length > most) {
    throw new ChurnkitError("INPUT_TOO_LARGE", `A batch holds at most ${most} records; this one has ${records.length}. Send it in parts.`);
  }
  return records;
}

function counted(result: ScoredRecord, metrics: ServingMetrics | undefined): ScoredRecord {
  if (result.probability === null) metrics?.rejected();
  else metrics?.scored(result.probability, result.label);
  return result;
}

/** A record's first problem in words, all that are written as issues. */
function problem(all: readonly CellIssue[], written: readonly CellIssue[]): RequestProblem {
  const more = all.length > 1 ? ` (and ${all.length - 1} more)` : "";
  return { code: "VALUE_INVALID", message: `${all[0]?.message ?? "The record breaks the contract."}${more}`, issues: written };
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function parse(body: Uint8Array): unknown {
  if (body.length === 0) throw new ChurnkitError("REQUEST_INVALID", "The body is empty. Send a JSON document.");
  let text: string;
  try {
    text = decoder.decode(body);
  } catch (cause) {
    throw new ChurnkitError("REQUEST_INVALID", "The body is not valid UTF-8. Send a JSON document in UTF-8, not compressed.", { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 200) : "unreadable";
    throw new ChurnkitError("REQUEST_INVALID", `The body is not valid JSON (${reason}).`, { cause });
  }
}
