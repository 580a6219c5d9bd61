import { ChurnkitError } from "../../base/errors.js";
import { cutText } from "../contract/cells/issue.js";
import { parseIsoDate } from "../contract/cells/date.js";
import { checkShare, type Split } from "./split.js";
import { takeRows } from "../table/take-rows.js";
import type { Table } from "../table/table.js";

/**
 * Cuts in time: rows before `validation` are for training, rows from there on for validation, rows from `test` on for
 * the test. Each is a date, an ISO 8601 text, or the column's own number. Without `validation` that part is empty.
 */
export interface TimeCuts {
  readonly validation?: Date | string | number | undefined;
  readonly test: Date | string | number;
}

/** Shares of the rows in order of time: the last ones are for the test, those before them for validation. */
export interface TimeShares {
  readonly shares: { readonly validation?: number | undefined; readonly test: number };
}

/** The values of a column to split by, all known. */
export function timeValues(table: Table, name: string): Float64Array {
  const where = { file: table.source, column: name };
  const column = table.contract.columns.find((entry) => entry.name === name);
  const data = table.columns.get(name);
  if (column === undefined || data === undefined) {
    const message = `${table.source}: there is no column "${cutText(name)}" to split by.`;
    throw new ChurnkitError("INPUT_COLUMNS", message, { where });
  }
  if (data.storage !== "numeric" || column.kind === "boolean") {
    const message = `The column "${cutText(name)}" is a ${column.kind}; split by a date or number.`;
    throw new ChurnkitError("OPTION_INVALID", message, { where });
  }
  const missing = data.values.findIndex((value) => Number.isNaN(value));
  if (missing >= 0) {
    const row = table.rowNumbers[missing] as number;
    const message = `${table.source}: row ${row} has no "${cutText(name)}", so it cannot be placed in time; remove such rows.`;
    throw new ChurnkitError("VALUE_INVALID", message, { where: { ...where, row } });
  }
  return data.values;
}

function cutValue(cut: Date | string | number): number {
  const value = typeof cut === "string" ? parseIsoDate(cut.trim()) : Number(cut);
  if (Number.isFinite(value)) return value;
  const shown = typeof cut === "string" ? JSON.stringify(cutText(cut)) : String(cut);
  const message = `${shown} is not a point in time; give a Date, an ISO 8601 text such as "2024-03-31", or a number.`;
  throw new ChurnkitError("OPTION_INVALID", message, { where: { value: cut } });
}

/**
 * Returns the value at which the last `count` of the sorted values begin; equal values stay together, in the later
 * part.
 */
export const cutBefore = (sorted: Float64Array, count: number): number =>
  count === 0 ? Infinity : (sorted[Math.max(0, sorted.length - count)] as number);

/**
 * Splits a table by time, so that a model is tested on rows later than its training rows. Rows keep their order, and
 * rows of one moment are never separated: if a share's border falls among them, all go to the later part.
 *
 * @param column a date or number column without missing values.
 * @throws ChurnkitError INPUT_COLUMNS, OPTION_INVALID, VALUE_INVALID for a row without a time, TOO_FEW_ROWS if the
 * training or test part would be empty.
 *
 * @example
 * ```ts
 * import { splitByTime, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 *
 * const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 400, seed: 1 }).records);
 * const { train, test } = splitByTime(table, "tenureMonths", { shares: { test: 0.25 } });
 * console.assert(train.rows + test.rows === 400 && test.rows >= 100);
 * ```
 */
export function splitByTime<Row>(table: Table<Row>, column: string, cut: TimeCuts | TimeShares): Split<Row> {
  const values = timeValues(table, column);
  let from: { validation: number; test: number };
  if ("shares" in cut) {
    const testShare = checkShare("test", cut.shares.test);
    const validationShare = checkShare("validation", cut.shares.validation ?? 0);
    checkShare("validation + test", testShare + validationShare);
    const sorted = values.slice().sort();
    const testRows = Math.floor(testShare * table.rows + 0.5);
    const laterRows = Math.floor((testShare + validationShare) * table.rows + 0.5);
    from = { validation: cutBefore(sorted, laterRows), test: cutBefore(sorted, testRows) };
  } else {
    const test = cutValue(cut.test);
    from = { validation: cut.validation === undefined ? test : cutValue(cut.validation), test };
  }
  if (from.validation > from.test) {
    throw new ChurnkitError("OPTION_INVALID", "The validation part must begin before the test part.");
  }
  const part = (low: number, high: number): Table<Row> => {
    const positions: number[] = [];
    values.forEach((value, i) => {
      if (value >= low && value < high) positions.push(i);
    });
    return takeRows(table, positions);
  };
  const parts = {
    train: part(-Infinity, from.validation),
    validation: part(from.validation, from.test),
    test: part(from.test, Infinity),
  };
  for (const name of ["train", "test"] as const) {
    if (parts[name].rows > 0 || (name === "test" && from.test === Infinity)) continue;
    const message = `${table.source}: no row is left for the ${name} part when split by "${cutText(column)}"; move the cut.`;
    throw new ChurnkitError("TOO_FEW_ROWS", message, { where: { file: table.source, column } });
  }
  return parts;
}
