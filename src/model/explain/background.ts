import { ChurnkitError } from "../../base/errors.js";
import { mix32, permutation, uniform } from "../../base/random.js";
import { type Column, type Contract, columnKinds } from "../../data/contract/index.js";
import { isNumericProfile, type CategoryProfile, type NumericProfile, type Profile } from "../../data/profile/index.js";
import { type ColumnData, type Table, takeRows } from "../../data/table/index.js";

/** How a background is drawn. */
export interface BackgroundOptions {
  /** Number of rows, 1 to 10,000. Default 100. */
  readonly rows?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
}

const mostRows = 10_000;
const day = 86_400_000;

function rowsOf(rows: number): number {
  if (Number.isInteger(rows) && rows >= 1 && rows <= mostRows) return rows;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `A background of ${rows} rows was requested. Give a whole number from 1 to ${mostRows}.`,
    {
      where: { value: rows },
    },
  );
}

/**
 * Draws a background sample without customers: each column is drawn separately from its histogram in a profile (such
 * as a bundle's baseline), at equal steps of rank and in a seeded order. Each keeps its distribution, missing values
 * included. Relations between columns are lost; use real rows as the background if you have them.
 *
 * A feature that the profile doesn't have (free text) is missing in every row.
 *
 * @throws ChurnkitError OPTION_INVALID for a number of rows out of range.
 * @example
 * ```ts
 * import { profileTable, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { backgroundFromProfile } from "churnkit/model";
 *
 * const customers = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 500, seed: 1 }).records);
 * const background = backgroundFromProfile(syntheticContract, profileTable(customers), { rows: 50 });
 * console.assert(background.rows === 50);
 * ```
 */
export function backgroundFromProfile(contract: Contract, profile: Profile, options: BackgroundOptions = {}): Table {
  const rows = rowsOf(options.rows ?? 100);
  const seed = options.seed ?? 0;
  const profiles = new Map(profile.columns.map((column) => [column.name, column]));
  const columns = new Map<string, ColumnData>();
  contract.columns.forEach((column, i) => {
    if (column.role !== "feature") return;
    const known = profiles.get(column.name);
    const own = mix32(mix32(seed) + i);
    const order = permutation(rows, own);
    const random = uniform(own);
    if (columnKinds[column.kind].storage === "numeric") {
      const drawn =
        known !== undefined && isNumericProfile(known)
          ? drawNumbers(column, known, rows, random)
          : new Float64Array(rows).fill(NaN);
      columns.set(column.name, {
        storage: "numeric",
        values: drawn.map((_, row) => drawn[order[row] as number] as number),
      });
    } else {
      const levels = [...(column.kind === "category" ? column.levels : [])];
      const drawn =
        known !== undefined && !isNumericProfile(known)
          ? drawCodes(known, levels, rows, random)
          : new Int32Array(rows).fill(-1);
      columns.set(column.name, {
        storage: "coded",
        codes: drawn.map((_, row) => drawn[order[row] as number] as number),
        levels,
      });
    }
  });
  return {
    contract,
    rows,
    columns,
    rowNumbers: Uint32Array.from({ length: rows }, (_, i) => i),
    rejected: [],
    source: "background",
  };
}

/**
 * Returns a deterministic sample of a table's rows, in a seeded order; the whole table if it has no more rows than
 * requested.
 *
 * @throws ChurnkitError OPTION_INVALID for a number of rows out of range, TOO_FEW_ROWS for a table without rows.
 */
export function backgroundFromTable(table: Table, options: BackgroundOptions = {}): Table {
  const rows = rowsOf(options.rows ?? 100);
  if (table.rows === 0) {
    throw new ChurnkitError(
      "TOO_FEW_ROWS",
      `${table.source}: the background has no rows. Give at least one, and preferably a hundred.`,
      {
        where: { file: table.source },
      },
    );
  }
  return takeRows(table, permutation(table.rows, options.seed ?? 0).subarray(0, rows));
}

/** For equal steps of rank, the cell of `counts` (-1: missing) and the position in it. */
function* ranks(
  missing: number,
  counts: readonly number[],
  rows: number,
  random: () => number,
): Generator<{ cell: number; share: number }> {
  let total = missing;
  for (const count of counts) total += count;
  // A column without any row counts as missing.
  if (total === 0) total = missing = 1;
  let cell = -1;
  let before = 0;
  let here = missing;
  for (let i = 0; i < rows; i++) {
    const rank = ((i + random()) / rows) * total;
    while (rank >= before + here && cell < counts.length - 1) {
      before += here;
      here = counts[++cell] ?? 0;
    }
    yield { cell, share: here === 0 ? 0 : Math.min(1, (rank - before) / here) };
  }
}

function drawNumbers(column: Column, profile: NumericProfile, rows: number, random: () => number): Float64Array {
  const { cuts, counts, min, max } = profile;
  const values = new Float64Array(rows).fill(NaN);
  if (min === null || max === null) return values;
  let row = 0;
  for (const { cell, share } of ranks(profile.missing, counts, rows, random)) {
    if (cell >= 0) {
      const low = cell % 2 === 1 ? (cuts[(cell - 1) / 2] ?? min) : Math.max(min, cuts[cell / 2 - 1] ?? min);
      const high = cell % 2 === 1 ? low : Math.min(max, cuts[cell / 2] ?? max);
      values[row] = low === high ? low : rounded(column, low + share * (high - low), low, high);
    }
    row++;
  }
  return values;
}

/** Rounds a value between two cut points to the column's own steps. */
function rounded(column: Column, value: number, low: number, high: number): number {
  const step =
    column.kind === "date"
      ? column.precision === "date"
        ? day
        : 1
      : column.kind === "number"
        ? (column.multipleOf ?? (column.integer ? 1 : 0))
        : 1;
  const near = step === 0 ? value : Math.round(value / step) * step;
  return Math.min(high, Math.max(low, near));
}

function drawCodes(profile: CategoryProfile, levels: string[], rows: number, random: () => number): Int32Array {
  const known = new Map(levels.map((level, code) => [level, code]));
  const codeOf = (level: string): number => {
    const code = known.get(level) ?? levels.length;
    if (code === levels.length) {
      known.set(level, code);
      levels.push(level);
    }
    return code;
  };
  const codes = new Int32Array(rows);
  let row = 0;
  for (const { cell } of ranks(profile.missing, [...profile.counts, profile.other], rows, random)) {
    codes[row++] = cell < 0 ? -1 : codeOf(profile.levels[cell] ?? "(other)");
  }
  return codes;
}
