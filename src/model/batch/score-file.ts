import { readParts, type NamedBytes, type TablePart } from "../../data/read/index.js";
import { csvLine } from "../../data/table/index.js";
import type { Counts } from "../../io/resumable-file.js";
import type { Scorer } from "../scoring/index.js";
import { outputColumns } from "./output-columns.js";
import { parquetParts } from "./parquet-parts.js";
import { rowsToScore, type RowsToScore } from "./score-rows.js";
import { scoreInOrder, type ThreadSetup } from "./threads.js";

/** Forms in which scores are written. */
export const scoreFormats = ["csv", "jsonl", "parquet"] as const;
/** A form in which scores are written. */
export type ScoreFormat = (typeof scoreFormats)[number];

/** Bytes of a file of scores, and the counts that are true after them. */
export interface OutputPart {
  readonly bytes: Uint8Array;
  /** Rows, those of them that were rejected, and those with the positive label. */
  readonly counts: Counts;
}

/** How a file is scored. */
export interface ScoreFileOptions {
  readonly format: ScoreFormat;
  /** Probability from which a row has the positive label. */
  readonly threshold: number;
  readonly delimiter?: string | undefined;
  /** Threads that score. */
  readonly workers: number;
  /** Sees every part of the rows before it is scored, also of those that are done. */
  readonly onPart?: ((part: TablePart) => void) | undefined;
  /** Counts of a run that is continued. */
  readonly done?: Counts | undefined;
}

interface ScoredModel {
  readonly artifact: ThreadSetup["artifact"];
  readonly scorer: Scorer;
}

/** Bytes of text that are read, scored and written at a time. */
const partBytes = 1024 * 1024;

/**
 * Scores every row of a file, in order, and yields the bytes of a file of scores: a line (or row) for each, by its ids, or by its
 * number without one. Few parts are in memory at a time.
 *
 * @throws ChurnkitError what the reader and the scorer refuse, PEER_MISSING for Parquet without its package.
 */
export function scoreFile(
  model: ScoredModel,
  from: string | NamedBytes,
  options: ScoreFileOptions,
): AsyncGenerator<OutputPart> {
  const lines = scoredLines(model, from, options);
  return options.format === "parquet" ? parquetParts(lines, probabilityNames(model.scorer).length) : lines;
}

/** Columns of probabilities: that of the positive class, and those of all classes if there are more than two. */
function probabilityNames({ contract: { target } }: Scorer): string[] {
  const classes = target && target.classes.length > 2 ? target.classes : [];
  return ["probability", ...classes.map((label) => `probability_${label}`)];
}

async function* scoredLines(
  model: ScoredModel,
  from: string | NamedBytes,
  options: ScoreFileOptions,
): AsyncGenerator<OutputPart> {
  const { delimiter } = options;
  const read = { target: "ignore", ragged: "reject-row", limits: { totalBytes: Number.MAX_SAFE_INTEGER } } as const;
  const chosen = delimiter === undefined ? {} : { delimiter };
  const parts = readParts(model.scorer.contract, from, { ...read, ...chosen, partBytes });
  const first = await parts.next();
  if (first.done === true) return;
  try {
    yield* linesOfParts(model, first.value, parts, options);
  } finally {
    // Also where the reader stops, or scoring fails, before the second part is asked for.
    await parts.return(undefined);
  }
}

async function* linesOfParts(
  model: ScoredModel,
  first: TablePart,
  parts: AsyncIterable<TablePart>,
  { format, threshold, workers, onPart, done = {} }: ScoreFileOptions,
): AsyncGenerator<OutputPart> {
  const ids = first.ids.columns.map(({ name }) => name);
  const named = ids.length === 0 ? ["row"] : ids;
  const names = [...named, ...outputColumns(named, [...probabilityNames(model.scorer), "label", "error"])];
  let { rows = 0, rejected = 0, positives = 0 } = done;
  const firstRow = rows;
  if (firstRow === 0 && format === "csv")
    yield { bytes: new TextEncoder().encode(csvLine(names)), counts: { rows, rejected, positives } };
  const lines = { format: format === "csv" ? format : "jsonl", threshold, names, firstRow, workers } as const;
  for await (const part of scoreInOrder(model, unscored(first, parts, firstRow, onPart), lines)) {
    rows += part.rows;
    rejected += part.rejected;
    positives += part.positives;
    yield { bytes: part.bytes, counts: { rows, rejected, positives } };
  }
}

/** Passes on the parts with rows from the first on. */
async function* unscored(
  first: TablePart,
  others: AsyncIterable<TablePart>,
  firstRow: number,
  onPart: ScoreFileOptions["onPart"],
): AsyncGenerator<RowsToScore> {
  let seen = 0;
  const pass = (part: TablePart): RowsToScore | undefined => {
    onPart?.(part);
    seen += part.table.rows + part.table.rejected.length;
    return seen > firstRow ? rowsToScore(part) : undefined;
  };
  const begin = pass(first);
  if (begin !== undefined) yield begin;
  for await (const part of others) {
    const rows = pass(part);
    if (rows !== undefined) yield rows;
  }
}
