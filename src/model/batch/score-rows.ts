import type { RowIds, TablePart } from "../../data/read/index.js";
import { csvCell, type ColumnData, type Table } from "../../data/table/index.js";
import type { Contract, Target } from "../../data/contract/index.js";
import { classAt, type Scorer } from "../scoring/index.js";
import { LineWriter } from "./line-writer.js";

/** Rows to score, in a form that travels between threads. */
export interface RowsToScore {
  readonly source: string;
  readonly rowNumbers: Uint32Array;
  /** Columns by name; levels are left out where they are the contract's. */
  readonly columns: readonly (readonly [string, TravelingColumn])[];
  readonly ids: RowIds;
  readonly rejected: readonly RejectedLine[];
}

type TravelingColumn =
  | { readonly values: Float64Array }
  | { readonly codes: Int32Array; readonly levels: readonly string[] | undefined };

interface RejectedLine {
  readonly row: number;
  /** Why, in words. */
  readonly why: string;
}

/** Lines of scored rows. */
export interface ScoredRows {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Rows in the lines, rejected ones included. */
  readonly rows: number;
  readonly rejected: number;
  /** Rows with the positive label. */
  readonly positives: number;
}

/** How lines are written. */
export interface LineOptions {
  readonly format: "csv" | "jsonl";
  /** Probability from which a row has the positive label. */
  readonly threshold: number;
  /**
   * Names of the columns: the ids' (or the row number's), then probability, the probability of each class if there are more
   * than two, label and error.
   */
  readonly names: readonly string[];
  /** The first row that gets a line. */
  readonly firstRow: number;
}

/** Makes rows ready to travel. */
export function rowsToScore({ table, ids }: TablePart): RowsToScore {
  const levelsOf = new Map(
    table.contract.columns.map((column) => [column.name, column.kind === "category" ? column.levels : undefined]),
  );
  const traveling = (name: string, data: ColumnData): TravelingColumn =>
    data.storage === "numeric"
      ? { values: data.values }
      : { codes: data.codes, levels: data.levels === levelsOf.get(name) ? undefined : data.levels };
  return {
    source: table.source,
    rowNumbers: table.rowNumbers,
    columns: Array.from(table.columns, ([name, data]) => [name, traveling(name, data)] as const),
    ids,
    rejected: table.rejected.map(({ row, issues }) => ({ row, why: issues.map(({ message }) => message).join(" ") })),
  };
}

/** The memory of rows, which may move to another thread. */
export const memoryOf = ({ rowNumbers, columns, ids }: RowsToScore): ArrayBuffer[] =>
  [
    rowNumbers,
    ...columns.map(([, data]) => ("values" in data ? data.values : data.codes)),
    ids.rowNumbers,
    ...ids.columns.flatMap(({ bytes, ends }) => [bytes, ends]),
  ].map(({ buffer }) => buffer as ArrayBuffer);

/** Makes a function that scores rows and writes a line for each, in order: by its ids, or by its number without one. */
export function rowScorer(scorer: Scorer, options: LineOptions): (rows: RowsToScore) => ScoredRows {
  const { contract } = scorer;
  const { threshold, firstRow } = options;
  const levelsOf = new Map(
    contract.columns.map((column) => [column.name, column.kind === "category" ? column.levels : []]),
  );
  const out = new LineWriter();
  const scoresOf = scoring(scorer, threshold);
  const line = options.format === "csv" ? csvLines(out, contract) : jsonLines(out, contract, options.names);

  return ({ source, rowNumbers, columns, ids, rejected }) => {
    const data = columns.map(([name, column]): [string, ColumnData] => [
      name,
      "values" in column
        ? { storage: "numeric", values: column.values }
        : { storage: "coded", codes: column.codes, levels: column.levels ?? levelsOf.get(name) ?? [] },
    ]);
    const rows = rowNumbers.length;
    const scores = scoresOf({ contract, rows, columns: new Map(data), rowNumbers, rejected: [], source });
    let [positives, lines, refused] = [0, 0, 0];
    for (let kept = 0, set = 0, known = 0; kept < rowNumbers.length || set < rejected.length;) {
      const next = rejected[set];
      const row = kept < rowNumbers.length ? (rowNumbers[kept] as number) : Infinity;
      const isRejected = next !== undefined && next.row < row;
      const number = isRejected ? next.row : row;
      while (known < ids.rowNumbers.length && (ids.rowNumbers[known] as number) < number) known++;
      const id = ids.rowNumbers[known] === number ? known : -1;
      const place = kept;
      if (isRejected) set++;
      else kept++;
      if (number < firstRow) continue;
      lines++;
      if (isRejected) {
        refused++;
        line(number, ids, id, scores, -1, next.why);
        continue;
      }
      if ((scores.positive[place] as number) >= threshold) positives++;
      line(number, ids, id, scores, place, "");
    }
    return { bytes: out.take(), rows: lines, rejected: refused, positives };
  };
}

/** Scores of rows. */
interface Scores {
  /** Of the positive class. */
  readonly positive: Float64Array;
  /** Of all classes, rows x classes, if there are more than two. */
  readonly all: Float64Array | undefined;
  /** The place of a row's class. */
  readonly classOf: (row: number) => number;
}

function scoring(scorer: Scorer, threshold: number): (table: Table) => Scores {
  const target = targetOf(scorer.contract);
  const count = target.classes.length;
  const place = target.classes.indexOf(target.positive);
  if (count > 2)
    return (table) => {
      const all = scorer.scoreClasses(table);
      const positive = Float64Array.from({ length: table.rows }, (_, row) => all[row * count + place] as number);
      return { positive, all, classOf: (row) => classAt(all, row * count, target, threshold) };
    };
  return (table) => {
    const positive = scorer.score(table);
    return { positive, all: undefined, classOf: (row) => ((positive[row] as number) >= threshold ? place : 1 - place) };
  };
}

const targetOf = ({ target }: Contract): Target => target ?? { column: "", classes: ["0", "1"], positive: "1" };

/** Writes one line. `id` is the row's place among the ids, -1 for none; `row` its place among the scores, -1 for a rejected one. */
type WriteLine = (number: number, ids: RowIds, id: number, scores: Scores, row: number, why: string) => void;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function csvLines(out: LineWriter, contract: Contract): WriteLine {
  const { classes } = targetOf(contract);
  const ends = classes.map((label) => utf8(`,${csvCell(label)},\n`));
  const comma = utf8(",");
  const blanks = ",".repeat(classes.length > 2 ? classes.length : 0);
  return (number, ids, id, { positive, all, classOf }, row, why) => {
    if (ids.columns.length === 0) out.number(number);
    for (let i = 0; i < ids.columns.length; i++) {
      const { bytes, ends } = ids.columns[i] as (typeof ids.columns)[number];
      if (i > 0) out.raw(comma);
      if (id >= 0) out.csv(bytes, id === 0 ? 0 : (ends[id - 1] as number), ends[id] as number);
    }
    if (row < 0) return out.text(`,,${blanks},${csvCell(why)}\n`);
    out.raw(comma);
    out.number(positive[row] as number);
    for (let k = 0; all !== undefined && k < classes.length; k++) {
      out.raw(comma);
      out.number(all[row * classes.length + k] as number);
    }
    out.raw(ends[classOf(row)] as Uint8Array);
  };
}

function jsonLines(out: LineWriter, contract: Contract, names: readonly string[]): WriteLine {
  const { classes } = targetOf(contract);
  const probabilities = 1 + (classes.length > 2 ? classes.length : 0);
  const keys = names.map((name) => JSON.stringify(name));
  const idKeys = keys.slice(0, -2 - probabilities).map((key, i) => utf8(`${i === 0 ? "{" : ","}${key}:`));
  const scoreKeys = keys.slice(-2 - probabilities, -2).map((key) => utf8(`,${key}:`));
  const [labelKey = "", errorKey = ""] = keys.slice(-2);
  const [first = utf8("{")] = idKeys;
  const ends = classes.map((label) => utf8(`,${labelKey}:${JSON.stringify(label)},${errorKey}:null}\n`));
  return (number, ids, id, { positive, all, classOf }, row, why) => {
    if (ids.columns.length === 0) {
      out.raw(first);
      out.number(number);
    }
    for (let i = 0; i < ids.columns.length; i++) {
      const { bytes, ends } = ids.columns[i] as (typeof ids.columns)[number];
      out.raw(idKeys[i] as Uint8Array);
      if (id >= 0) out.json(bytes, id === 0 ? 0 : (ends[id - 1] as number), ends[id] as number);
      else out.json(bytes, 0, 0);
    }
    for (let i = 0; i < probabilities; i++) {
      out.raw(scoreKeys[i] as Uint8Array);
      if (row < 0) out.text("null");
      else out.number((i === 0 ? positive[row] : all?.[row * classes.length + i - 1]) as number);
    }
    if (row < 0) return out.text(`,${labelKey}:null,${errorKey}:${JSON.stringify(why)}}\n`);
    out.raw(ends[classOf(row)] as Uint8Array);
  };
}
