import { mix32 } from "../../base/random.js";
import type { ColumnData, Table } from "./table.js";

/** Two independent hashes of 32 bits for each row. */
export interface RowFingerprints {
  readonly first: Uint32Array;
  readonly second: Uint32Array;
}

const seeds = { first: 0x243f6a88, second: 0x13198a2e } as const;
const missing = 0x0a4093;

function hashText(text: string, seed: number): number {
  let hash = mix32(seed ^ text.length);
  for (let i = 0; i < text.length; i++) hash = mix32(Math.imul(hash, 31) + text.charCodeAt(i));
  return hash;
}

/** Hashes each row's value in a column; the hash depends only on the value. */
function valueHashes(data: ColumnData, seed: number): (row: number) => number {
  if (data.storage === "coded") {
    const levels = data.levels.map((level) => hashText(level, seed));
    return (row) => levels[data.codes[row] as number] ?? missing;
  }
  const bits = new DataView(new ArrayBuffer(8));
  return (row) => {
    const value = data.values[row] as number;
    if (Number.isNaN(value)) return missing;
    // One zero, whatever its sign.
    bits.setFloat64(0, value + 0);
    return mix32(mix32(bits.getInt32(0) ^ seed) + bits.getInt32(4));
  };
}

/**
 * Hashes every row over some columns, by name and value: rows of two tables that agree in all of them have equal
 * fingerprints, however the tables were read. An absent column counts as missing.
 */
export function rowFingerprints(table: Table, columns: readonly string[]): RowFingerprints {
  const hashes = { first: new Uint32Array(table.rows), second: new Uint32Array(table.rows) };
  for (const half of ["first", "second"] as const) {
    const rows = hashes[half];
    for (const name of columns.toSorted()) {
      const data = table.columns.get(name);
      const column = hashText(name, seeds[half]);
      const valueHash = data === undefined ? () => missing : valueHashes(data, seeds[half]);
      for (let row = 0; row < rows.length; row++)
        rows[row] = mix32(mix32((rows[row] as number) ^ column) + valueHash(row));
    }
  }
  return hashes;
}
