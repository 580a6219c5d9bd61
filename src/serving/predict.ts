import type { CellIssue } from "../data/contract/index.js";
import type { ScoredRecord, Scorer } from "../model/scoring/index.js";
import type { GiveWay } from "./batch-turns.js";
import { linesType, type Sent } from "./bodies/index.js";
import type { ScoreOne } from "./cache/index.js";
import { commonHeaders, failure, jsonText, type RequestProblem, type ServeResponse } from "./http.js";
import type { ServingMetrics } from "./metrics.js";
import { idsIn, predictionHeader, predictionIdOf, type PredictionIds } from "./prediction-id.js";

/** Inputs for scoring a request. */
export interface Scoring {
  readonly scorer: Scorer;
  /** Scores single records through a cache, if there is one. */
  readonly scoreOne?: ScoreOne | undefined;
  readonly metrics: ServingMetrics | undefined;
  readonly maxBatch: number;
  /** Members of every answer in addition to the score, as they stand in its JSON: threshold and origin of the model. */
  readonly said: string;
  /** The model's origin as headers, for answers that are lines. */
  readonly originHeaders: Readonly<Record<string, string>>;
  /** Called once with all records of a scored request. */
  readonly scored: ((sent: Sent, results: readonly ScoredRecord[], ids: PredictionIds) => void) | undefined;
}

/** Members of a record's answer that its request asks for, beyond the score. */
export type More = (
  record: unknown,
  result: Extract<ScoredRecord, { probability: number }>,
) => Readonly<Record<string, unknown>>;

/** Records read and scored at once. */
const recordsAtOnce = 512;
/**
 * Limits on the issues in an answer to one record, and in one to a batch: putting them into words takes longer than
 * refusing.
 */
const mostIssues = { one: 1000, batch: 100 } as const;

/** Answers one record. */
export function predictOne(scoring: Scoring, sent: Sent, more?: More): ServeResponse | Promise<ServeResponse> {
  const [record] = sent.records;
  const result = scoring.scoreOne?.(record, sent.bytes) ?? scoring.scorer.scoreRecord(record);
  return result instanceof Promise
    ? result.then((found) => answerToOne(scoring, sent, found, more))
    : answerToOne(scoring, sent, result, more);
}

function answerToOne(
  { metrics, said, scored }: Scoring,
  sent: Sent,
  result: ScoredRecord,
  more: More | undefined,
): ServeResponse {
  const id = predictionIdOf(sent.request);
  const all = result.issues;
  const issues = all.length > mostIssues.one ? all.slice(0, mostIssues.one) : all;
  scored?.(sent, [result], () => id);
  if (result.probability === null) {
    metrics?.rejected(1);
    return failure(422, problem(issues));
  }
  metrics?.scored(result.probability, result.label);
  return jsonText(
    200,
    scoreText(
      result,
      issues,
      `${moreText(sent.records[0], result, more)},"prediction_id":${JSON.stringify(id)},${said}`,
    ),
  );
}

/**
 * Answers a batch: records that break the contract are reported in their place, the others scored. The answer is
 * written while it is made, because a flood of broken records must cost little more than parsing it.
 */
export async function predictBatch(
  scoring: Scoring,
  sent: Sent,
  giveWay: GiveWay,
  more?: More,
): Promise<ServeResponse> {
  // Not flattened here: the sender does that, and twice would cost more than everything else.
  let predictions = "";
  const id = predictionIdOf(sent.request);
  const { failed, left } = await scoreSlices(scoring, sent, id, giveWay, mostIssues.batch, (results, first) => {
    const entries: string[] = [];
    // Consecutive records that are refused without an explanation are written together.
    let alike = 0;
    const writeAlike = (): void => {
      if (alike > 0) entries.push(unexplained.slice(0, alike * entryLength - 1));
      alike = 0;
    };
    for (const [i, result] of results.entries()) {
      if (result.probability === null && result.issues.length === 0) alike++;
      else {
        writeAlike();
        entries.push(entryOf(result, sent.records[first + i], more));
      }
    }
    writeAlike();
    predictions += (predictions === "" ? "" : ",") + entries.join(",");
  });
  const leftOff = left > 0 ? "" : `"issues_left_off":true,`;
  const counts = `"count":${sent.records.length},"failed":${failed},${leftOff}"prediction_id":${JSON.stringify(id)},`;
  return jsonText(200, `{"predictions":[${predictions}],${counts}${scoring.said}}`);
}

/** Answers with a line a record: in CSV its probability, `NaN` for one that breaks the contract. */
export async function predictLines(
  scoring: Scoring,
  sent: Sent,
  giveWay: GiveWay,
  form: "csv" | "lines",
  more?: More,
): Promise<ServeResponse> {
  let body = "";
  const csv = form === "csv";
  const id = predictionIdOf(sent.request);
  await scoreSlices(scoring, sent, id, giveWay, csv ? 0 : mostIssues.batch, (results, first) => {
    for (const [i, result] of results.entries())
      body += `${csv ? (result.probability ?? NaN) : entryOf(result, sent.records[first + i], more)}\n`;
  });
  return {
    status: 200,
    headers: {
      "content-type": csv ? "text/csv; charset=utf-8" : linesType,
      [predictionHeader]: id,
      ...scoring.originHeaders,
      ...commonHeaders,
    },
    body,
  };
}

/**
 * Scores in slices, so that other requests get their turn; returns how many were refused, and how many more issues
 * may be listed.
 */
export async function scoreSlices(
  { scorer, metrics, scored }: Scoring,
  sent: Sent,
  id: string,
  giveWay: GiveWay,
  issues: number,
  write: (results: readonly ScoredRecord[], first: number) => void,
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
    write(results, first);
    if (scored !== undefined) all.push(...results);
  }
  if (failed > 0) metrics?.rejected(failed);
  scored?.(sent, all, idsIn(id));
  return { failed, left };
}

/** One record's part of the answer to a batch. */
export function entryOf(result: ScoredRecord, record?: unknown, more?: More): string {
  const { issues } = result;
  if (result.probability === null)
    return `{"prediction":null,"probability":null,"error":${JSON.stringify(problem(issues))}}`;
  return scoreText(result, issues, moreText(record, result, more));
}

/** A score in JSON. Written by hand: most of it is the same in every answer. @param rest further members, each after a comma. */
function scoreText({ probability, label }: ScoredRecord, issues: readonly CellIssue[], rest: string): string {
  const warnings = issues.length === 0 ? "" : `,"warnings":${JSON.stringify(issues)}`;
  return `{"prediction":${JSON.stringify(label)},"probability":${probability}${rest}${warnings}}`;
}

const moreText = (record: unknown, result: Parameters<More>[1], more: More | undefined): string =>
  more === undefined ? "" : `,${JSON.stringify(more(record, result)).slice(1, -1)}`;

/** A record's first problem in words, and all of them as issues. */
function problem(issues: readonly CellIssue[]): RequestProblem {
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return {
    code: "VALUE_INVALID",
    message: `${issues[0]?.message ?? "The record breaks the contract."}${more}`,
    issues,
  };
}

/**
 * The answer for as many records as are read at once, refused without an explanation; made once, because joining it
 * takes longer than refusing them.
 */
const unexplained = Array<string>(recordsAtOnce)
  .fill(entryOf({ probability: null, label: null, issues: [] }))
  .join(",");
/** Length of one of them, with its comma. */
const entryLength = (unexplained.length + 1) / recordsAtOnce;
