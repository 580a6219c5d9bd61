import { ChurnkitError } from "../../base/errors.js";
import { formatDate } from "../contract/cells/date.js";
import type { Column } from "../contract/contract.js";
import type { ColumnData, Table } from "./table.js";

/** A value of a record, in its JSON form; a date is ISO text in its column's precision. */
export type RecordValue = number | boolean | string | null;

function valueAt(column: Column, data: ColumnData, row: number): RecordValue {
  if (data.storage === "coded") return data.levels[data.codes[row] as number] ?? null;
  const value = data.values[row] as number;
  if (Number.isNaN(value)) return null;
  switch (column.kind) {
    case "boolean":
      return value !== 0;
    case "date":
      return formatDate(value, column.precision);
    default:
      return value;
  }
}

/**
 * Returns one row as a plain record, which reads back to the same row. It has no prototype, so no column's name can
 * reach one.
 *
 * @param row position in the table, 0 to rows - 1.
 * @throws ChurnkitError OPTION_INVALID if the row does not exist.
 */
export function recordOf<Row>(table: Table<Row>, row: number): Record<string, RecordValue> {
  if (!Number.isInteger(row) || row < 0 || row >= table.rows) {
    throw new ChurnkitError("OPTION_INVALID", `There is no row at position ${row} of ${table.rows}.`, {
      where: { value: row },
    });
  }
  const record = Object.create(null) as Record<string, RecordValue>;
  for (const column of table.contract.columns) {
    const data = table.columns.get(column.name);
    if (data !== undefined) record[column.name] = valueAt(column, data, row);
  }
  return record;
}
