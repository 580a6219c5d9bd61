import { canonicalJson } from "../../base/json/index.js";
import { sha256Hex } from "../../base/hash.js";
import type { CodedData, ColumnData, NumericData, Table } from "./table.js";

const encoder = new TextEncoder();

const bytesOf = (values: Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

async function hashNumeric({ values }: NumericData): Promise<string> {
  // One NaN and one zero, whatever bits the runtime chose.
  const plain = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    plain[i] = Number.isNaN(value) ? NaN : value + 0;
  }
  return sha256Hex(bytesOf(plain));
}

async function hashCoded({ codes, levels }: CodedData): Promise<string> {
  const used = new Uint8Array(levels.length);
  for (const code of codes) if (code >= 0) used[code] = 1;
  const sorted = [...levels.keys()].filter((code) => used[code] === 1);
  sorted.sort((a, b) => ((levels[a] as string) < (levels[b] as string) ? -1 : 1));
  const place = new Int32Array(levels.length);
  sorted.forEach((code, i) => (place[code] = i));
  const plain = new Int32Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] as number;
    plain[i] = code < 0 ? -1 : (place[code] as number);
  }
  const labels = encoder.encode(JSON.stringify(sorted.map((code) => levels[code])));
  return `${await sha256Hex(bytesOf(plain))}:${await sha256Hex(labels)}`;
}

const hashColumn = (data: ColumnData): Promise<string> =>
  data.storage === "numeric" ? hashNumeric(data) : hashCoded(data);

/**
 * Returns a hash of a table's content, as lowercase hex SHA-256: the names, kinds and values of its columns and the
 * order of its rows. It does not depend on the order of levels or columns, on the source's name or on rejected rows.
 */
export async function hashTable(table: Table): Promise<string> {
  const columns: [string, string, string][] = [];
  for (const { name, kind } of table.contract.columns) {
    const data = table.columns.get(name);
    if (data !== undefined) columns.push([name, kind, await hashColumn(data)]);
  }
  columns.sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256Hex(encoder.encode(canonicalJson({ rows: table.rows, columns })));
}
