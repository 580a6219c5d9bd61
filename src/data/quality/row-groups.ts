import { mix32 } from "../../base/random.js";
import type { ColumnData } from "../table/table.js";

const bits = new DataView(new ArrayBuffer(8));

/** Mixes one column into the hash of every row. */
function mixColumn(hashes: Uint32Array, data: ColumnData): void {
  const { length } = hashes;
  if (data.storage === "coded") {
    for (let row = 0; row < length; row++)
      hashes[row] = mix32((hashes[row] as number) * 31 + (data.codes[row] as number));
    return;
  }
  for (let row = 0; row < length; row++) {
    const value = data.values[row] as number;
    // All missing values are one, whatever their bits.
    bits.setFloat64(0, Number.isNaN(value) ? NaN : value);
    hashes[row] = mix32(mix32((hashes[row] as number) * 31 + bits.getInt32(0)) + bits.getInt32(4));
  }
}

function sameRow(columns: readonly ColumnData[], a: number, b: number): boolean {
  return columns.every((data) =>
    data.storage === "coded" ? data.codes[a] === data.codes[b] : Object.is(data.values[a], data.values[b]),
  );
}

/**
 * The rows that repeat an earlier row in all of these columns, in ascending order. Missing values equal each other.
 * Linear time, eight bytes a row.
 */
export function repeatedRows(columns: readonly ColumnData[], rows: number): number[] {
  if (columns.length === 0) return [];
  const hashes = new Uint32Array(rows);
  for (const data of columns) mixColumn(hashes, data);
  let slots = 2;
  while (slots < rows * 2) slots *= 2;
  const table = new Int32Array(slots).fill(-1);
  const repeated: number[] = [];
  for (let row = 0; row < rows; row++) {
    let slot = (hashes[row] as number) & (slots - 1);
    for (;;) {
      const other = table[slot] as number;
      if (other < 0) {
        table[slot] = row;
        break;
      }
      if (hashes[other] === hashes[row] && sameRow(columns, other, row)) {
        repeated.push(row);
        break;
      }
      slot = (slot + 1) & (slots - 1);
    }
  }
  return repeated;
}
