import { ChurnkitError } from "../../base/errors.js";
import type { Table } from "../table/table.js";
import type { Fold } from "./folds.js";
import { cutBefore, timeValues } from "./time.js";

/**
 * Folds in time, with an expanding window: the rows are cut into k + 1 parts of nearly equal size in order of time; fold
 * i trains on all rows before part i + 1 and tests on that part. Rows of one moment are never separated.
 *
 * @param column a date or number column without missing values.
 * @throws ChurnkitError INPUT_COLUMNS, OPTION_INVALID, VALUE_INVALID for a row without a time, TOO_FEW_ROWS if a part
 * would be empty.
 */
export function timeFolds(table: Table, column: string, k: number): Fold[] {
  if (!Number.isInteger(k) || k < 1) {
    throw new ChurnkitError("OPTION_INVALID", `The number of folds is ${k}; it must be a whole number of 1 or more.`, {
      where: { value: k },
    });
  }
  const values = timeValues(table, column);
  const sorted = values.slice().sort();
  /** Where part `part` of 0 to k begins; part k + 1 never does. */
  const begins = (part: number): number => cutBefore(sorted, table.rows - Math.floor((part * table.rows) / (k + 1)));
  const positions = Uint32Array.from({ length: table.rows }, (_, i) => i);
  return Array.from({ length: k }, (_, fold) => {
    const [from, to] = [begins(fold + 1), fold + 1 === k ? Infinity : begins(fold + 2)];
    const train = positions.filter((row) => (values[row] as number) < from);
    const test = positions.filter((row) => (values[row] as number) >= from && (values[row] as number) < to);
    if (train.length > 0 && test.length > 0) return { train, test };
    throw new ChurnkitError(
      "TOO_FEW_ROWS",
      `${table.source}: ${table.rows} rows have too few different values of "${column}" for ${k} folds in time; use fewer.`,
      { where: { file: table.source, column } },
    );
  });
}
