import {
  count,
  list,
  literal,
  optional,
  strictObject,
  text,
  texts,
  version,
  variants,
  type Decoder,
  documentError,
  JsonValue,
} from "../../base/json/index.js";
import type { Column } from "../contract/contract.js";
import { parseContract } from "../contract/parse-contract.js";
import type { ColumnData, RejectedRow, Table } from "./table.js";

/**
 * Writes a table as bytes, without loss: a line of JSON with everything except the values, then the row numbers and
 * each column in their memory layout (little-endian). Equal tables give equal bytes.
 */
export function tableToBytes(table: Table): Uint8Array<ArrayBuffer> {
  const { contract, rows, source, rejected, extraColumns, form } = table;
  const columns = [...table.columns].map(([name, data]) =>
    data.storage === "numeric" ? { name, storage: data.storage } : { name, storage: data.storage, levels: data.levels },
  );
  const header = JSON.stringify({ format: 1, contract, rows, source, columns, rejected, extraColumns, form });
  const parts = [
    new TextEncoder().encode(`${header}\n`),
    bytesOf(table.rowNumbers),
    ...[...table.columns.values()].map((data) =>
      bytesOf(data.storage === "numeric" ? withOneNaN(data.values) : data.codes),
    ),
  ];
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint32Array | Float64Array | Int32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** NaN has many bit patterns; the engine decides which one a value has. */
const withOneNaN = (values: Float64Array): Float64Array =>
  Float64Array.from(values, (value) => (Number.isNaN(value) ? NaN : value));

const all = Number.MAX_SAFE_INTEGER;
const issue = strictObject({ column: text(), rule: text(), value: text(), message: text() });
const rejected: Decoder<RejectedRow> = strictObject({ row: count(), issues: list(issue) });
const header = strictObject({
  format: version(1),
  contract: (json) => parseContract(json.value),
  rows: count(0, 2 ** 32 - 1),
  source: text(),
  columns: list(
    variants("storage", {
      numeric: strictObject({ name: text(), storage: literal("numeric") }),
      coded: strictObject({ name: text(), storage: literal("coded"), levels: texts(all) }),
    }),
  ),
  rejected: list(rejected, all),
  extraColumns: optional(texts()),
  form: optional(texts()),
});

const malformed = documentError("INPUT_MALFORMED", "", "Write the table again with tableToBytes.");
const what = "The stored table";

/**
 * Reads the bytes of {@link tableToBytes}.
 *
 * @throws ChurnkitError INPUT_MALFORMED, CONTRACT_INVALID.
 */
export function tableFromBytes(bytes: Uint8Array): Table {
  const end = bytes.indexOf(10);
  const {
    columns,
    contract,
    rows,
    source,
    rejected: refused,
    extraColumns,
    form,
  } = header(JsonValue.parse(bytes.subarray(0, Math.max(end, 0)), what, malformed));
  const widths = columns.map(({ storage }): number => (storage === "numeric" ? 8 : 4));
  if (bytes.length !== end + 1 + rows * widths.reduce((sum, width) => sum + width, 4))
    throw malformed(what, "was cut short, or is longer than its header says");
  let at = end + 1;
  /** Copied, because an array of numbers must begin at a multiple of its width; the slice of a Buffer would be no copy. */
  const next = (width: number): ArrayBuffer => new Uint8Array(bytes.subarray(at, (at += rows * width))).buffer;
  const rowNumbers = new Uint32Array(next(4));
  const byName = new Map(contract.columns.map((column) => [column.name, column]));
  const data = columns.map((column, i): [string, ColumnData] => {
    if (storageOf(byName.get(column.name)) !== column.storage)
      throw malformed(what, `has a column ${JSON.stringify(column.name)} that differs from its contract`);
    const values = next(widths[i] ?? 0);
    if (column.storage === "numeric") return [column.name, { storage: "numeric", values: new Float64Array(values) }];
    const codes = new Int32Array(values);
    if (codes.some((code) => code < -1 || code >= column.levels.length))
      throw malformed(what, `has a value in ${JSON.stringify(column.name)} that is not a level of the column`);
    return [column.name, { storage: "coded", codes, levels: column.levels }];
  });
  return { contract, rows, columns: new Map(data), rowNumbers, rejected: refused, source, extraColumns, form };
}

const storageOf = (column: Column | undefined): ColumnData["storage"] | undefined =>
  column && (column.kind === "category" || column.kind === "text" ? "coded" : "numeric");
