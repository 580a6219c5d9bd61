import { ChurnkitError } from "../../base/errors.js";
import { mix32 } from "../../base/random.js";
import { cutText } from "../contract/cells/issue.js";
import { takeRows } from "../table/take-rows.js";
import type { Table } from "../table/table.js";

/** The parts of a split. */
export interface Split<Row = unknown> {
  readonly train: Table<Row>;
  readonly validation: Table<Row>;
  readonly test: Table<Row>;
}

/** Options of {@link split}; the defaults give 64 % / 16 % / 20 %. */
export interface SplitOptions {
  /** An unsigned 32-bit integer; default 0. */
  readonly seed?: number | undefined;
  /** Share of the rows left after the test part that become validation rows, in [0, 1); default 0.2. */
  readonly validation?: number | undefined;
  /** Share of all rows that become test rows, in [0, 1); default 0.2. */
  readonly test?: number | undefined;
}

/** Offset of the seed for validation rows from the seed for test rows. */
const validationSeed = 1000;

/** Checks a share of rows: in [0, 1). */
export function checkShare(name: string, share: number): number {
  if (share >= 0 && share < 1) return share;
  throw new ChurnkitError("OPTION_INVALID", `The share ${name} is ${share}; it must be at least 0 and below 1.`, {
    where: { value: share },
  });
}

/**
 * Returns positions of a table's rows by class: one group for each label of the target, or a single group without a
 * target.
 */
export function rowsByClass(table: Table): { readonly label: string; readonly rows: number[] }[] {
  const name = table.contract.target?.column;
  const data = name === undefined ? undefined : table.columns.get(name);
  if (data?.storage !== "coded") return [{ label: "", rows: Array.from({ length: table.rows }, (_, i) => i) }];
  const groups = data.levels.map((label) => ({ label, rows: [] as number[] }));
  const none = { label: "", rows: [] as number[] };
  data.codes.forEach((code, i) => (groups[code] ?? none).rows.push(i));
  return [...groups, none].filter(({ rows }) => rows.length > 0);
}

/** Sorts positions by a seeded hash of their row numbers, ties by position. */
export function hashOrder(rows: readonly number[], rowNumbers: Uint32Array, seed: number): number[] {
  const base = mix32(seed + 1);
  const keys = new Map(rows.map((row) => [row, mix32(base ^ (rowNumbers[row] as number))]));
  return [...rows].sort((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0) || a - b);
}

/** From each class the first floor(share * n + 0.5) rows in hash order. */
function take(
  groups: readonly (readonly number[])[],
  rowNumbers: Uint32Array,
  share: number,
  seed: number,
): Set<number> {
  const taken = new Set<number>();
  for (const rows of groups) {
    const count = Math.floor(share * rows.length + 0.5);
    for (const row of hashOrder(rows, rowNumbers, seed).slice(0, count)) taken.add(row);
  }
  return taken;
}

/**
 * Splits a table into rows for training, validation and test, each with the same share of every class. A row's part
 * depends only on the seed and its row number: with `key(row) = mix32(mix32(seed + 1) ^ row)`, the test part is, of
 * each class of n rows, the first floor(test * n + 0.5) by key; the validation part is chosen in the same way from
 * the other rows with seed + 1000. Rows keep their order. The defaults give 64 % / 16 % / 20 %.
 *
 * @throws ChurnkitError OPTION_INVALID for a share outside [0, 1); TOO_FEW_ROWS if a part would be empty.
 * @example
 * ```ts
 * import { inferDelimited, readDelimited, split } from "churnkit/data";
 *
 * const lines = Array.from({ length: 100 }, (_, i) => `${i},${i % 4 === 0 ? "Yes" : "No"}`);
 * const bytes = new TextEncoder().encode(["tenure,left", ...lines].join("\n"));
 * const { contract } = await inferDelimited(bytes, { target: "left", positive: "Yes" });
 * const { train, validation, test } = split(await readDelimited(contract, bytes), { seed: 1 });
 * console.assert(train.rows === 64 && validation.rows === 16 && test.rows === 20);
 * ```
 */
export function split<Row>(table: Table<Row>, options: SplitOptions = {}): Split<Row> {
  const { seed = 0 } = options;
  const testShare = checkShare("test", options.test ?? 0.2);
  const validationShare = checkShare("validation", options.validation ?? 0.2);
  const groups = rowsByClass(table).map(({ rows }) => rows);
  const test = take(groups, table.rowNumbers, testShare, seed);
  const rest = groups.map((rows) => rows.filter((row) => !test.has(row)));
  const validation = take(rest, table.rowNumbers, validationShare, seed + validationSeed);
  const part = (wanted: (row: number) => boolean): Table<Row> =>
    takeRows(table, Array.from({ length: table.rows }, (_, i) => i).filter(wanted));
  const parts = {
    train: part((row) => !test.has(row) && !validation.has(row)),
    validation: part((row) => validation.has(row)),
    test: part((row) => test.has(row)),
  };
  const shares = { train: 1, validation: validationShare, test: testShare };
  for (const name of ["train", "validation", "test"] as const) {
    if (shares[name] > 0 && parts[name].rows === 0) throw tooFew(table, `the ${name} part would be empty`);
  }
  return parts;
}

function tooFew(table: Table, problem: string): ChurnkitError {
  const rows = `${table.rows} ${table.rows === 1 ? "row" : "rows"}`;
  return new ChurnkitError(
    "TOO_FEW_ROWS",
    `${table.source}: ${rows} are too few to split: ${problem}; give more rows.`,
    {
      where: { file: table.source },
    },
  );
}

/**
 * Splits a table by the row numbers of its source, as numbered in the file: `inside` has those listed, `outside` all
 * others. A listed row that was rejected on reading is in neither.
 *
 * @throws ChurnkitError OPTION_INVALID for a number that is not a row of the source.
 *
 * @example
 * ```ts
 * import { splitByRowNumbers, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 *
 * const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 400, seed: 1 }).records);
 * const { inside, outside } = splitByRowNumbers(table, [0, 7]);
 * console.assert(inside.rows === 2 && outside.rows === 398);
 * ```
 */
export function splitByRowNumbers<Row>(
  table: Table<Row>,
  rowNumbers: Iterable<number>,
): { readonly inside: Table<Row>; readonly outside: Table<Row> } {
  const wanted = new Set(rowNumbers);
  const known = new Set([...table.rowNumbers, ...table.rejected.map(({ row }) => row)]);
  for (const row of wanted) {
    if (known.has(row)) continue;
    const message = `${table.source}: there is no data row ${cutText(String(row))}; rows are counted from 0, without the header.`;
    throw new ChurnkitError("OPTION_INVALID", message, { where: { file: table.source, value: row } });
  }
  const positions = Array.from({ length: table.rows }, (_, i) => i);
  const isInside = (i: number): boolean => wanted.has(table.rowNumbers[i] as number);
  return {
    inside: takeRows(table, positions.filter(isInside)),
    outside: takeRows(
      table,
      positions.filter((i) => !isInside(i)),
    ),
  };
}
