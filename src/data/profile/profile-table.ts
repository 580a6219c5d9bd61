import { ChurnkitError } from "../../base/errors.js";
import { type Column, columnKinds } from "../contract/contract.js";
import { ofClasses } from "../table/labels.js";
import type { CodedData, ColumnData, NumericData, Table } from "../table/table.js";
import { categoryAgainst, categoryProfileOf } from "./category-profile.js";
import { numericAgainst, profileOf, type CutOptions } from "./numeric-profile.js";
import { isNumericProfile, type ColumnProfile, type Profile } from "./profile.js";

/**
 * Features and the target are profiled; ids are not, because they have no distribution. Of free text that is a feature
 * the length is. Ignored columns with at most one value are profiled, to detect when other values appear.
 */
export function isProfiled(column: Column, data: ColumnData): boolean {
  if (column.role === "id") return false;
  if (column.kind === "text") return column.role === "feature";
  return column.role !== "ignored" || holdsOneValue(data);
}

/** Returns whether a column is constant or empty, apart from missing values. */
function holdsOneValue(data: ColumnData): boolean {
  const coded = data.storage === "coded";
  const cells = coded ? data.codes : data.values;
  const missing = (cell: number): boolean => (coded ? cell < 0 : Number.isNaN(cell));
  const first = cells.find((cell) => !missing(cell));
  return cells.every((cell) => cell === first || missing(cell));
}

/**
 * Profiles a table as the reference: freezes cut points at each numeric column's quantiles and each category's levels,
 * and counts the rows between them. Columns absent from the table are left out.
 *
 * @returns plain JSON, its size independent of the number of rows: about 20 bytes per cut point and column.
 * @throws ChurnkitError OPTION_INVALID for a number of cut points out of range.
 *
 * @example
 * ```ts
 * import { profileTable, type Table } from "churnkit/data";
 *
 * const baselineOf = (training: Table) => profileTable(training, { cutPoints: 256 });
 * ```
 */
export function profileTable(table: Table, options: CutOptions = {}): Profile {
  const columns: ColumnProfile[] = [];
  for (const column of table.contract.columns) {
    const data = table.columns.get(column.name);
    if (data !== undefined && isProfiled(column, data))
      columns.push(profileColumn(column, ofClasses(column, data), options));
  }
  return { format: 1, rows: table.rows, columns };
}

/** Profiles one column as the reference. */
export function profileColumn(column: Column, data: ColumnData, options: CutOptions = {}): ColumnProfile {
  const profile = countColumn(column, data, options);
  return column.role === "ignored" ? { ...profile, unread: true } : profile;
}

function countColumn(column: Column, data: ColumnData, options: CutOptions): ColumnProfile {
  const { name } = column;
  if (column.kind === "category") return categoryProfileOf(name, coded(name, data), column.levels);
  if (column.kind === "text") return { ...profileOf(lengthsOf(data), name, options), of: "length" };
  return profileOf(numeric(name, data), name, { ...options, kind: column.kind });
}

/**
 * Counts a later table between a reference's frozen cut points and over its frozen levels. Levels that the reference
 * doesn't have are counted in `other`. A feature absent from the table counts as missing in every row; another absent
 * column (the target, the predictions) is left out. Memory doesn't grow with the rows: profile a stream batch by
 * batch and {@link mergeProfiles}.
 *
 * @throws ChurnkitError CONTRACT_MISMATCH if a column has a different kind now.
 */
export function profileAgainst(reference: Profile, table: Table): Profile {
  const columns: ColumnProfile[] = [];
  const byName = new Map(table.contract.columns.map((column) => [column.name, column]));
  for (const column of reference.columns) {
    const declared = byName.get(column.name);
    if (
      declared !== undefined &&
      columnKinds[declared.kind].storage !== (isNumericProfile(column) && column.of !== "length" ? "numeric" : "coded")
    ) {
      throw mismatch(column.name, `is a ${declared.kind} in ${table.source} and a ${column.kind} in the reference`);
    }
    const data = table.columns.get(column.name);
    if (data !== undefined)
      columns.push(columnAgainst(column, declared === undefined ? data : ofClasses(declared, data)));
    else if (declared?.role === "feature") columns.push(columnAgainst(column, allMissing(column, table.rows)));
  }
  return { format: 1, rows: table.rows, columns };
}

/** Counts one later column against its reference. */
export function columnAgainst(reference: ColumnProfile, data: ColumnData): ColumnProfile {
  if (isNumericProfile(reference)) {
    const values = reference.of === "length" ? lengthsOf(data) : numeric(reference.name, data);
    return numericAgainst(reference, values);
  }
  return categoryAgainst(reference, coded(reference.name, data));
}

/** The length of each text in characters, NaN where it is missing. */
function lengthsOf(data: ColumnData): Float64Array {
  if (data.storage === "numeric") return data.values;
  const lengths = data.levels.map((text) => text.length);
  return Float64Array.from(data.codes, (code) => lengths[code] ?? NaN);
}

function allMissing(column: ColumnProfile, rows: number): ColumnData {
  return isNumericProfile(column)
    ? { storage: "numeric", values: new Float64Array(rows).fill(Number.NaN) }
    : { storage: "coded", codes: new Int32Array(rows).fill(-1), levels: [] };
}

function numeric(name: string, data: ColumnData): NumericData["values"] {
  if (data.storage !== "numeric") throw mismatch(name, "has labels where the reference has numbers");
  return data.values;
}

function coded(name: string, data: ColumnData): CodedData {
  if (data.storage !== "coded") throw mismatch(name, "has numbers where the reference has labels");
  return data;
}

function mismatch(column: string, what: string): ChurnkitError {
  return new ChurnkitError(
    "CONTRACT_MISMATCH",
    `Column "${column}" ${what}. Read both tables with the same contract, or make a new reference profile.`,
    { where: { column } },
  );
}
