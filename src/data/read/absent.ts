import { cellReader } from "../contract/cells.js";
import { columnKinds, type Column } from "../contract/contract.js";
import type { ColumnData } from "../table/table.js";

/**
 * Replaces a feature that the input lacks and may lack: its default in every row, or missing. An absent target, id or
 * ignored column stays absent.
 */
export function absentColumn(column: Column, rows: number): ColumnData | undefined {
  return column.role === "feature" ? filledColumn(column, rows) : undefined;
}

/** A column whose every cell is absent: its default in every row, or missing. */
export function filledColumn(column: Column, rows: number): ColumnData {
  const cell = cellReader(column).fromText("");
  if (columnKinds[column.kind].storage === "numeric") {
    return { storage: "numeric", values: new Float64Array(rows).fill(typeof cell === "number" ? cell : NaN) };
  }
  const levels = column.kind === "category" ? [...column.levels] : [];
  if (typeof cell !== "string") return { storage: "coded", codes: new Int32Array(rows).fill(-1), levels };
  const known = levels.indexOf(cell);
  const code = known >= 0 ? known : levels.push(cell) - 1;
  return { storage: "coded", codes: new Int32Array(rows).fill(code), levels };
}
