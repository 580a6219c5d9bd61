import type { Column } from "../contract/contract.js";
import { namesId } from "../contract/infer/names.js";
import { formatDate } from "../contract/cells/date.js";
import { isFarFrom, sentinelDay } from "../contract/sentinel-days.js";
import type { ColumnData, NumericData, Table } from "../table/table.js";
import { columnFinding, shownRows } from "../contract/finding.js";
import type { Finding } from "../contract/rules.js";
import { newLevelFindings } from "./new-levels.js";

/** With fewer rows, a constant or unique column may be chance. */
const fewRows = 20;

interface Rows {
  count: number;
  /** The first few, as numbered in the source. */
  readonly first: number[];
}

/** Counts the rows for which `test` holds, and keeps the first few. */
function rowsWhere(table: Table, test: (row: number) => boolean): Rows {
  const found: Rows = { count: 0, first: [] };
  for (let row = 0; row < table.rows; row++) {
    if (!test(row)) continue;
    if (found.count++ < shownRows) found.first.push(table.rowNumbers[row] as number);
  }
  return found;
}

const isMissing = (data: ColumnData): ((row: number) => boolean) =>
  data.storage === "coded" ? (row) => (data.codes[row] as number) < 0 : (row) => Number.isNaN(data.values[row]);

/** The number of missing cells of a column. */
export function missingCount(table: Table, data: ColumnData): number {
  return rowsWhere(table, isMissing(data)).count;
}

/** Returns the number of distinct values that are not missing, or `limit` if there are as many or more. */
function distinctCount(data: ColumnData, limit: number): number {
  if (data.storage === "coded") {
    const used = new Uint8Array(data.levels.length);
    for (const code of data.codes) if (code >= 0) used[code] = 1;
    return Math.min(
      limit,
      used.reduce((sum, one) => sum + one, 0),
    );
  }
  const seen = new Set<number>();
  for (const value of data.values) {
    if (Number.isNaN(value)) continue;
    seen.add(value);
    if (seen.size >= limit) break;
  }
  return seen.size;
}

function missingFindings(table: Table, column: Column, data: ColumnData, limit: number): Finding[] {
  const missing = rowsWhere(table, isMissing(data));
  const { name } = column;
  if (missing.count === table.rows) return [columnFinding("allMissing", name, missing.count, "every value is missing")];
  const rate = missing.count / table.rows;
  if (rate <= limit) return [];
  const message = `${(100 * rate).toFixed(1)} % of its values are missing`;
  return [columnFinding("missingRate", name, missing.count, message, { rows: missing.first })];
}

function observedFinding(table: Table, column: Column, data: NumericData): Finding[] {
  if ((column.kind !== "number" && column.kind !== "date") || column.observed === undefined) return [];
  const { min, max } = column.observed;
  const outside = rowsWhere(table, (row) => (data.values[row] as number) < min || (data.values[row] as number) > max);
  if (outside.count === 0) return [];
  const shown = (value: number): string =>
    column.kind === "date" ? formatDate(value, column.precision) : String(value);
  const message = `${outside.count === 1 ? "one value lies" : `${outside.count} values lie`} outside the range seen before, ${shown(min)} to ${shown(max)}`;
  return [columnFinding("outsideObserved", column.name, outside.count, message, { rows: outside.first })];
}

/**
 * Finds dates that mean "no date", far from all others. Inference treats them as missing; a declared contract has to
 * say so.
 */
function sentinelFindings(table: Table, column: Column, data: NumericData): Finding[] {
  if (column.kind !== "date") return [];
  const others = { min: Infinity, max: -Infinity };
  const days = new Set<number>();
  for (const value of data.values) {
    const day = Number.isNaN(value) ? undefined : sentinelDay(value);
    if (day !== undefined) {
      days.add(day);
      continue;
    }
    if (value < others.min) others.min = value;
    if (value > others.max) others.max = value;
  }
  return [...days]
    .filter((day) => isFarFrom(day, others))
    .slice(0, shownRows)
    .map((day) => {
      const rows = rowsWhere(table, (row) => sentinelDay(data.values[row] as number) === day);
      const shown = formatDate(day, "date");
      const message = `${shown} seems to mean "no date": it is far from all others and misleads a linear model; add "${shown}" to the column's missing texts`;
      return columnFinding("sentinel", column.name, rows.count, message, { rows: rows.first });
    });
}

/** Constant columns, and those that are unique as an id is. */
function distinctFindings(table: Table, column: Column, data: ColumnData, missing: number): Finding[] {
  const { rows } = table;
  const { name } = column;
  if (rows < fewRows) return [];
  if (distinctCount(data, 2) === 1 && missing === 0) {
    return [columnFinding("constant", name, rows, "it has only one value, so it carries no information")];
  }
  const mayBeId = column.kind === "category" || (column.kind === "number" && column.integer && namesId(name));
  const distinct = mayBeId ? distinctCount(data, Infinity) : 0;
  if (mayBeId && distinct >= 0.95 * (rows - missing) && rows - missing >= fewRows) {
    return [
      columnFinding(
        "idLike",
        name,
        distinct,
        "it is (nearly) unique in every row, as an id is; give it the role id or ignored",
      ),
    ];
  }
  return [];
}

/**
 * Finds what deserves a look in one feature column: missing values, values outside the earlier range, new labels, a
 * single value, or a different value in every row.
 *
 * @param missingLimit Share of missing values above which a finding is made, in [0, 1].
 */
export function columnFindings(table: Table, column: Column, data: ColumnData, missingLimit: number): Finding[] {
  if (table.rows === 0) return [];
  const missing = missingFindings(table, column, data, missingLimit);
  if (missing[0]?.rule === "allMissing") return missing;
  return [
    ...missing,
    ...(data.storage === "numeric"
      ? [...observedFinding(table, column, data), ...sentinelFindings(table, column, data)]
      : newLevelFindings({ ...table, contract: { ...table.contract, columns: [column] } })),
    ...distinctFindings(table, column, data, missingCount(table, data)),
  ];
}
