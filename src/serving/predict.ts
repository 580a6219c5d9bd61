import { ChurnkitError } from "../base/errors.js";
import { JsonRefused, parseJson } from "../base/json/parse.js";
import type { CellIssue } from "../data/table/table.js";
import type { ScoredRecord, Scorer } from "../model/compile.js";
import type { GiveWay } from "./batch-turns.js";
import { failure, json, jsonText, type RequestProblem, type ServeResponse } from "./http.js";
import type { ServingMetrics } from "./metrics.js";

/** What scoring a request needs. */
export interface Scoring {
  readonly scorer: Scorer;
  readonly metrics: ServingMetrics | undefined;
  readonly maxBatch: number;
  /** Said beside every score: threshold and origin of the model. */
  readonly said: Readonly<Record<string, unknown>>;
}

/** Records read and scored at once. */
const recordsAtOnce = 512;
/** Most issues written in an answer to one record, and in one to a batch: to put them into words takes longer than to refuse. */
const mostIssues = { one: 1000, batch: 100 } as const;

/** Answers one record. */
export function predictOne({ scorer, metrics, said }: Scoring, body: Uint8Array): ServeResponse {
  const { probability, label, issues: all } = scorer.scoreRecord(parse(body));
  const issues = all.length > mostIssues.one ? all.slice(0, mostIssues.one) : all;
  if (probability === null) {
    metrics?.rejected(1);
    return failure(422, problem(issues));
  }
  metrics?.scored(probability, label);
  return json(200, { prediction: label, probability, ...said, ...(issues.length > 0 ? { warnings: issues } : {}) });
}

/**
 * Answers a batch: records that break the contract are reported in their place, the others scored. The answer is written as
 * it is made, since a flood of broken records must cost little more than parsing it.
 */
export async function predictBatch(
  { scorer, metrics, maxBatch, said }: Scoring,
  body: Uint8Array,
  giveWay: GiveWay,
): Promise<ServeResponse> {
  const records = recordsOf(parse(body), maxBatch);
  // Never made one flat text here: whoever sends it does that, and twice would cost more than all else.
  let predictions = "";
  let entries: string[] = [];
  // Records in a row that are refused without a word are written together.
  let alike = 0;
  const writeAlike = (): void => {
    if (alike > 0) entries.push(unexplained.slice(0, alike * entryLength - 1));
    alike = 0;
  };
  let failed = 0;
  let left: number = mostIssues.batch;
  for (let first = 0; first < records.length; first += recordsAtOnce) {
    await giveWay();
    for (const result of scorer.scoreRecords(records.slice(first, first + recordsAtOnce), { mostIssues: left })) {
      const { probability, label, issues } = result;
      if (probability === null) failed++;
      else metrics?.scored(probability, label);
      if (probability === null && issues.length === 0) alike++;
      else {
        left -= issues.length;
        writeAlike();
        entries.push(entryOf(result));
      }
    }
    writeAlike();
    predictions += (first > 0 ? "," : "") + entries.join(",");
    entries = [];
  }
  if (failed > 0) metrics?.rejected(failed);
  const rest = { count: records.length, failed, ...(left > 0 ? {} : { issues_left_off: true }), ...said };
  return jsonText(200, `{"predictions":[${predictions}],${JSON.stringify(rest).slice(1)}`);
}

/** One record's place in the answer to a batch. */
function entryOf({ probability, label, issues }: ScoredRecord): string {
  if (probability === null) return `{"prediction":null,"probability":null,"error":${JSON.stringify(problem(issues))}}`;
  const warnings = issues.length === 0 ? "" : `,"warnings":${JSON.stringify(issues)}`;
  return `{"prediction":${JSON.stringify(label)},"probability":${probability}${warnings}}`;
}

function recordsOf(value: unknown, most: number): readonly unknown[] {
  const records: unknown = Array.isArray(value) ? value : (value as { records?: unknown } | null)?.records;
  if (!Array.isArray(records)) {
    throw new ChurnkitError("REQUEST_INVALID", 'A batch is {"records": [...]} or an array of records.');
  }
  if (records.length > most) {
    throw new ChurnkitError(
      "INPUT_TOO_LARGE",
      `A batch holds at most ${most} records; this one has ${records.length}. Send it in parts.`,
    );
  }
  return records;
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

const decoder = new TextDecoder("utf-8", { fatal: true });

function parse(body: Uint8Array): unknown {
  if (body.length === 0) throw new ChurnkitError("REQUEST_INVALID", "The body is empty. Send a JSON document.");
  let text: string;
  try {
    text = decoder.decode(body);
  } catch (cause) {
    throw new ChurnkitError(
      "REQUEST_INVALID",
      "The body is not valid UTF-8. Send a JSON document in UTF-8, not compressed.",
      { cause },
    );
  }
  try {
    return parseJson(text);
  } catch (cause) {
    if (cause instanceof JsonRefused)
      throw new ChurnkitError("REQUEST_INVALID", `The body's JSON ${cause.message}.`, { cause });
    const reason = cause instanceof Error ? cause.message.slice(0, 200) : "unreadable";
    throw new ChurnkitError("REQUEST_INVALID", `The body is not valid JSON (${reason}).`, { cause });
  }
}
