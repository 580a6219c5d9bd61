import type { RowIds, TablePart } from "../../data/read/index.js";
import { csvCell, type ColumnData } from "../../data/table/index.js";
import type { Contract } from "../../data/contract/index.js";
import type { Scorer } from "../scoring/index.js";
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
  { readonly values: Float64Array } | { readonly codes: Int32Array; readonly levels: readonly string[] | undefined };

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
  /** Names of the columns: the ids' (or the row number's), then probability, label and error. */
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
  const line = options.format === "csv" ? csvLines(out, contract) : jsonLines(out, contract, options.names);

  return ({ source, rowNumbers, columns, ids, rejected }) => {
    const data = columns.map(([name, column]): [string, ColumnData] => [
      name,
      "values" in column
        ? { storage: "numeric", values: column.values }
        : { storage: "coded", codes: column.codes, levels: column.levels ?? levelsOf.get(name) ?? [] },
    ]);
    const probabilities = scorer.score({
      contract,
      rows: rowNumbers.length,
      columns: new Map(data),
      rowNumbers,
      rejected: [],
      source,
    });
    let [positives, lines, refused] = [0, 0, 0];
    for (let kept = 0, set = 0, known = 0; kept < rowNumbers.length || set < rejected.length;) {
      const next = rejected[set];
      const row = kept < rowNumbers.length ? (rowNumbers[kept] as number) : Infinity;
      const isRejected = next !== undefined && next.row < row;
      const number = isRejected ? next.row : row;
      while (known < ids.rowNumbers.length && (ids.rowNumbers[known] as number) < number) known++;
      const id = ids.rowNumbers[known] === number ? known : -1;
      const probability = isRejected ? NaN : (probabilities[kept] as number);
      if (isRejected) set++;
      else kept++;
      if (number < firstRow) continue;
      lines++;
      if (isRejected) refused++;
      if (probability >= threshold) positives++;
      line(number, ids, id, probability, probability >= threshold, isRejected ? next.why : "");
    }
    return { bytes: out.take(), rows: lines, rejected: refused, positives };
  };
}

/** Writes one line. `id` is the row's place among the ids, -1 for none; the probability of a rejected row is NaN. */
type WriteLine = (row: number, ids: RowIds, id: number, probability: number, positive: boolean, why: string) => void;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function labelsOf({ target }: Contract): { positive: string; negative: string } {
  const { classes = [], positive = "1" } = target ?? {};
  return { positive, negative: classes.find((label) => label !== positive) ?? "0" };
}

function csvLines(out: LineWriter, contract: Contract): WriteLine {
  const labels = labelsOf(contract);
  const [positiveEnd, negativeEnd] = [labels.positive, labels.negative].map((label) =>
    utf8(`,${csvCell(label)},\n`),
  ) as [Uint8Array, Uint8Array];
  const comma = utf8(",");
  return (row, ids, id, probability, positive, why) => {
    if (ids.columns.length === 0) out.number(row);
    for (let i = 0; i < ids.columns.length; i++) {
      const { bytes, ends } = ids.columns[i] as (typeof ids.columns)[number];
      if (i > 0) out.raw(comma);
      if (id >= 0) out.csv(bytes, id === 0 ? 0 : (ends[id - 1] as number), ends[id] as number);
    }
    if (Number.isNaN(probability)) return out.text(`,,,${csvCell(why)}\n`);
    out.raw(comma);
    out.number(probability);
    out.raw(positive ? positiveEnd : negativeEnd);
  };
}

function jsonLines(out: LineWriter, contract: Contract, names: readonly string[]): WriteLine {
  const labels = labelsOf(contract);
  const keys = names.map((name) => JSON.stringify(name));
  const [probabilityKey = "", labelKey = "", errorKey = ""] = keys.slice(-3);
  const idKeys = keys.slice(0, -3).map((key, i) => utf8(`${i === 0 ? "{" : ","}${key}:`));
  const [first = utf8("{")] = idKeys;
  const beforeProbability = utf8(`,${probabilityKey}:`);
  const [positiveEnd, negativeEnd] = [labels.positive, labels.negative].map((label) =>
    utf8(`,${labelKey}:${JSON.stringify(label)},${errorKey}:null}\n`),
  ) as [Uint8Array, Uint8Array];
  return (row, ids, id, probability, positive, why) => {
    if (ids.columns.length === 0) {
      out.raw(first);
      out.number(row);
    }
    for (let i = 0; i < ids.columns.length; i++) {
      const { bytes, ends } = ids.columns[i] as (typeof ids.columns)[number];
      out.raw(idKeys[i] as Uint8Array);
      if (id >= 0) out.json(bytes, id === 0 ? 0 : (ends[id - 1] as number), ends[id] as number);
      else out.json(bytes, 0, 0);
    }
    out.raw(beforeProbability);
    if (Number.isNaN(probability)) return out.text(`null,${labelKey}:null,${errorKey}:${JSON.stringify(why)}}\n`);
    out.number(probability);
    out.raw(positive ? positiveEnd : negativeEnd);
  };
}
