import { ChurnkitError } from "../base/errors.js";
import type { CellIssue } from "../data/contract/index.js";
import type { ScoredRecord, Scorer } from "../model/scoring/index.js";
import type { GiveWay } from "./batch-turns.js";
import type { Sent } from "./body.js";
import { commonHeaders, failure, json, jsonText, type RequestProblem, type ServeResponse } from "./http.js";
import type { ServingMetrics } from "./metrics.js";

/** Inputs for scoring a request. */
export interface Scoring {
  readonly scorer: Scorer;
  readonly metrics: ServingMetrics | undefined;
  readonly maxBatch: number;
  /** Members of every answer in addition to the score: threshold and origin of the model. */
  readonly said: Readonly<Record<string, unknown>>;
  /** Gets all records of a scored request, once. */
  readonly scored: ((sent: Sent, results: readonly ScoredRecord[]) => void) | undefined;
}

/** Records read and scored at once. */
const recordsAtOnce = 512;
/** Most issues written in an answer to one record, and in one to a batch: to put them into words takes longer than to refuse. */
const mostIssues = { one: 1000, batch: 100 } as const;

/** Answers one record. */
export function predictOne({ scorer, metrics, said, scored }: Scoring, sent: Sent): ServeResponse {
  const result = scorer.scoreRecord(sent.records[0]);
  const { probability, label, issues: all } = result;
  const issues = all.length > mostIssues.one ? all.slice(0, mostIssues.one) : all;
  scored?.(sent, [result]);
  if (probability === null) {
    metrics?.rejected(1);
    return failure(422, problem(issues));
  }
  metrics?.scored(probability, label);
  return json(200, { prediction: label, probability, ...said, ...(issues.length > 0 ? { warnings: issues } : {}) });
}

/**
 * Answers a batch: records that break the contract are reported in their place, the others scored. The answer is
 * written while it is made, because a flood of broken records must cost little more than parsing it.
 */
export async function predictBatch(scoring: Scoring, sent: Sent, giveWay: GiveWay): Promise<ServeResponse> {
  // Never made one flat text here: the sender does that, and twice would cost more than all else.
  let predictions = "";
  const { failed, left } = await scoreSlices(scoring, sent, giveWay, mostIssues.batch, (results) => {
    const entries: string[] = [];
    // Records in a row that are refused without a word are written together.
    let alike = 0;
    const writeAlike = (): void => {
      if (alike > 0) entries.push(unexplained.slice(0, alike * entryLength - 1));
      alike = 0;
    };
    for (const result of results) {
      if (result.probability === null && result.issues.length === 0) alike++;
      else {
        writeAlike();
        entries.push(entryOf(result));
      }
    }
    writeAlike();
    predictions += (predictions === "" ? "" : ",") + entries.join(",");
  });
  const rest = { count: sent.records.length, failed, ...(left > 0 ? {} : { issues_left_off: true }), ...scoring.said };
  return jsonText(200, `{"predictions":[${predictions}],${JSON.stringify(rest).slice(1)}`);
}

/** Answers with a probability a line, `NaN` for a record that breaks the contract. */
export async function predictLines(scoring: Scoring, sent: Sent, giveWay: GiveWay): Promise<ServeResponse> {
  let body = "";
  await scoreSlices(scoring, sent, giveWay, 0, (results) => {
    for (const { probability } of results) body += `${probability ?? NaN}\n`;
  });
  return { status: 200, headers: { "content-type": "text/csv; charset=utf-8", ...commonHeaders }, body };
}

/** Scores in slices, so that other requests get their turn; gives how many were refused, and how many more issues could be said. */
async function scoreSlices(
  { scorer, metrics, scored }: Scoring,
  sent: Sent,
  giveWay: GiveWay,
  issues: number,
  write: (results: readonly ScoredRecord[]) => void,
): Promise<{ readonly failed: number; readonly left: number }> {
  const { records } = sent;
  const all: ScoredRecord[] = [];
  let failed = 0;
  let left = issues;
  for (let first = 0; first < records.length; first += recordsAtOnce) {
    await giveWay();
    const results = scorer.scoreRecords(records.slice(first, first + recordsAtOnce), { mostIssues: left });
    for (const result of results) {
      left -= result.issues.length;
      if (result.probability === null) failed++;
      else metrics?.scored(result.probability, result.label);
    }
    write(results);
    if (scored !== undefined) all.push(...results);
  }
  if (failed > 0) metrics?.rejected(failed);
  scored?.(sent, all);
  return { failed, left };
}

/** One record's place in the answer to a batch. */
function entryOf({ probability, label, issues }: ScoredRecord): string {
  if (probability === null) return `{"prediction":null,"probability":null,"error":${JSON.stringify(problem(issues))}}`;
  const warnings = issues.length === 0 ? "" : `,"warnings":${JSON.stringify(issues)}`;
  return `{"prediction":${JSON.stringify(label)},"probability":${probability}${warnings}}`;
}

/** The records of a batch: an array, or the member `records`. */
export function recordsOf(value: unknown, most: number): readonly unknown[] {
  const records: unknown = Array.isArray(value) ? value : (value as { records?: unknown } | null)?.records;
  if (!Array.isArray(records)) {
    throw new ChurnkitError("REQUEST_INVALID", 'A batch is {"records": [...]} or an array of records.');
  }
  return atMost(records, most);
}

/** @throws ChurnkitError INPUT_TOO_LARGE for more records than a batch may hold. */
export function atMost(records: readonly unknown[], most: number): readonly unknown[] {
  if (records.length <= most) return records;
  throw new ChurnkitError(
    "INPUT_TOO_LARGE",
    `A batch has up to ${most} records; this one has ${records.length}. Send it in parts.`,
  );
}

/** A record's first problem in words, and all of them as issues. */
function problem(issues: readonly CellIssue[]): RequestProblem {
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return {
    code: "VALUE_INVALID",
    message: `${issues[0]?.message ?? "The record breaks the contract."}${more}`,
    issues,
  };
}

/** As many records as are read at once, refused without a word; made once, since to put them together takes longer than to refuse them. */
const unexplained = Array<string>(recordsAtOnce)
  .fill(entryOf({ probability: null, label: null, issues: [] }))
  .join(",");
/** Length of one of them, with its comma. */
const entryLength = (unexplained.length + 1) / recordsAtOnce;
