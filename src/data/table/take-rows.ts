import { ChurnkitError } from "../../base/errors.js";
import type { ColumnData, Table } from "./table.js";

/**
 * Returns the rows of a table at some positions, in that order; a position may repeat. Levels are shared with the
 * table, so codes mean the same; rejected rows stay with the original.
 *
 * @param positions positions in the table, 0 to rows - 1 (not row numbers of the source).
 * @throws ChurnkitError OPTION_INVALID for a position that is not in the table.
 */
export function takeRows<Row>(table: Table<Row>, positions: ArrayLike<number>): Table<Row> {
  const count = positions.length;
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const position = positions[i] as number;
    if (!(position >= 0 && position < table.rows && Number.isInteger(position))) {
      throw new ChurnkitError("OPTION_INVALID", `There is no row at position ${position} of ${table.rows}.`, {
        where: { file: table.source, value: position },
      });
    }
    order[i] = position;
  }
  const columns = new Map<string, ColumnData>();
  for (const [name, data] of table.columns) {
    if (data.storage === "numeric") {
      const values = new Float64Array(count);
      for (let i = 0; i < count; i++) values[i] = data.values[order[i] as number] as number;
      columns.set(name, { storage: "numeric", values });
    } else {
      const codes = new Int32Array(count);
      for (let i = 0; i < count; i++) codes[i] = data.codes[order[i] as number] as number;
      columns.set(name, { storage: "coded", codes, levels: data.levels });
    }
  }
  const rowNumbers = new Uint32Array(count);
  for (let i = 0; i < count; i++) rowNumbers[i] = table.rowNumbers[order[i] as number] as number;
  return { ...table, rows: count, columns, rowNumbers, rejected: [] };
}

/** Returns at most this many rows of a table, evenly spread over it; all of them if it has no more. */
export function spreadRows<Row>(table: Table<Row>, most: number): Table<Row> {
  if (table.rows <= most) return table;
  return takeRows(
    table,
    Array.from({ length: most }, (_, i) => Math.floor((i * table.rows) / most)),
  );
}
