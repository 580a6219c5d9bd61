import type * as hyparquet from "hyparquet";
import type { ColumnMetaData, FileMetaData, SchemaElement } from "hyparquet";
import { Damaged, readStruct, type ThriftStruct, type ThriftValue } from "./thrift.js";

/** A column of single values. */
export interface ParquetColumn {
  readonly element: SchemaElement;
  readonly nullable: boolean;
}

/** Location of a column's values in one row group. */
export interface ParquetChunk {
  readonly meta: ColumnMetaData;
  readonly start: number;
  readonly bytes: number;
}

export interface ParquetGroup {
  readonly rows: number;
  readonly bytes: number;
  readonly chunks: ReadonlyMap<string, ParquetChunk>;
}

/** A file's metadata, after every count and offset was checked against the file's size. */
export interface ParquetFooter {
  /** In the file's order; undefined for columns of lists, structs or other things that a cell cannot hold. */
  readonly columns: ReadonlyMap<string, ParquetColumn | undefined>;
  readonly groups: readonly ParquetGroup[];
}

/** At the end of a file: the footer's length and "PAR1". */
export const tailBytes = 8;
/** A column's bound; converting one takes the square of its length. */
const mostBoundBytes = 4096;
/** Of a decimal: twice the widest that writers make. */
export const mostDecimalBytes = 32;
const mostFixedBytes = 2 ** 20;

/**
 * Reads a file's footer.
 *
 * @param tail the footer and the eight bytes after it.
 * @throws Damaged, or the driver's errors.
 */
export function readFooter(driver: typeof hyparquet, tail: Uint8Array, fileBytes: number): ParquetFooter {
  checkBounds(readStruct(tail.subarray(0, tail.length - tailBytes), 0).struct);
  const metadata = driver.parquetMetadata(tail, { geoparquet: false });
  const columns = topColumns(metadata.schema);
  const end = fileBytes - tail.length;
  const groups = metadata.row_groups.map((group) => groupOf(group, columns, end));
  const held = groups.reduce(
    (sum, { chunks }) => sum + [...chunks.values()].reduce((bytes, chunk) => bytes + chunk.bytes, 0),
    0,
  );
  if (held > end) throw new Damaged(`its columns need ${held} bytes, but the file has ${end}`);
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  if (whole(metadata.num_rows, "the number of rows") !== rows)
    throw new Damaged(`it declares ${metadata.num_rows} rows, but its row groups have ${rows}`);
  return { columns, groups };
}

function whole(value: unknown, name: string, most = Number.MAX_SAFE_INTEGER): number {
  const number = Number(value);
  if (
    (typeof value === "number" || typeof value === "bigint") &&
    Number.isInteger(number) &&
    number >= 0 &&
    number <= most
  )
    return number;
  throw new Damaged(`${name} is ${typeof value === "number" || typeof value === "bigint" ? value : "not given"}`);
}

/** Refuses needlessly long bounds of columns, before the driver converts them. */
function checkBounds(footer: ThriftStruct): void {
  const items = (value: ThriftValue | undefined): readonly ThriftValue[] =>
    Array.isArray(value) ? (value as readonly ThriftValue[]) : [];
  const member = (value: ThriftValue | undefined, field: number): ThriftValue | undefined =>
    value instanceof Map ? (value as ThriftStruct).get(field) : undefined;
  const bytesType = 6;
  for (const group of items(footer.get(4))) {
    for (const chunk of items(member(group, 1))) {
      const meta = member(chunk, 3);
      const bounds = member(meta, 12);
      for (const field of [1, 2, 5, 6]) {
        const bound = member(bounds, field);
        if (bound instanceof Uint8Array && bound.length > mostBoundBytes && member(meta, 1) !== bytesType)
          throw new Damaged(`a column's bound takes ${bound.length} bytes`);
      }
    }
  }
}

function topColumns(schema: readonly SchemaElement[]): Map<string, ParquetColumn | undefined> {
  const [root] = schema;
  const columns = new Map<string, ParquetColumn | undefined>();
  const children = (element: SchemaElement): number =>
    element.num_children === undefined
      ? 0
      : whole(element.num_children, "the number of a column's parts", schema.length);
  let at = 1;
  for (let left = root === undefined ? 0 : children(root); left > 0; left--) {
    const top = schema[at];
    if (top === undefined) throw new Damaged("its schema is cut off");
    if (columns.has(top.name)) throw new Damaged(`two columns are called ${JSON.stringify(top.name.slice(0, 80))}`);
    columns.set(top.name, columnOf(top));
    for (let open = 1; open > 0; open--) {
      const element = schema[at++];
      if (element === undefined) throw new Damaged("its schema is cut off");
      open += children(element);
    }
  }
  if (at !== schema.length) throw new Damaged("its schema has columns without a parent");
  return columns;
}

/** Kinds of values that a table cell cannot hold. */
const foreign: ReadonlySet<string> = new Set([
  "JSON",
  "BSON",
  "INTERVAL",
  "GEOMETRY",
  "GEOGRAPHY",
  "VARIANT",
  "MAP",
  "LIST",
]);

function columnOf(element: SchemaElement): ParquetColumn | undefined {
  const {
    name,
    type,
    type_length: length,
    repetition_type: repetition,
    converted_type: converted,
    logical_type: logical,
  } = element;
  if (repetition === undefined)
    throw new Damaged(`the column ${JSON.stringify(name.slice(0, 80))} does not declare whether it may be missing`);
  if (element.num_children !== undefined && element.num_children !== 0) return undefined;
  if (repetition === "REPEATED" || foreign.has(converted ?? "") || foreign.has(logical?.type ?? "")) return undefined;
  const wrong = (what: string): Damaged => new Damaged(`the column ${JSON.stringify(name.slice(0, 80))} ${what}`);
  if (type === undefined) throw wrong("has no type");
  if (type === "FIXED_LEN_BYTE_ARRAY") {
    const most =
      converted === "DECIMAL"
        ? mostDecimalBytes
        : logical?.type === "FLOAT16"
          ? 2
          : logical?.type === "UUID"
            ? 16
            : mostFixedBytes;
    if (!(length !== undefined && length >= 1 && length <= most))
      throw wrong(`holds values of ${length ?? "no"} bytes`);
  }
  const expected =
    converted === "DATE"
      ? "INT32"
      : converted?.startsWith("TIMESTAMP") === true || logical?.type === "TIMESTAMP"
        ? "INT64"
        : undefined;
  if (expected !== undefined && type !== expected) throw wrong(`keeps dates as ${type}`);
  return { element, nullable: repetition === "OPTIONAL" };
}

function groupOf(
  group: FileMetaData["row_groups"][number],
  columns: ReadonlyMap<string, ParquetColumn | undefined>,
  end: number,
): ParquetGroup {
  const rows = whole(group.num_rows, "the number of a row group's rows");
  const chunks = new Map<string, ParquetChunk>();
  for (const { meta_data: meta, file_path: elsewhere } of group.columns) {
    if (elsewhere !== undefined) throw new Damaged("unsupported: its columns are in other files");
    if (meta === undefined) throw new Damaged("a column of a row group is not described, or encrypted");
    const [name] = meta.path_in_schema;
    const column = name === undefined || meta.path_in_schema.length > 1 ? undefined : columns.get(name);
    if (column === undefined || name === undefined) continue;
    if (meta.type !== column.element.type)
      throw new Damaged(`a row group holds ${meta.type} in a column of ${column.element.type ?? "no type"}`);
    if (whole(meta.num_values, "the number of a column's values") !== rows)
      throw new Damaged(`a row group of ${rows} rows holds ${meta.num_values} values in a column`);
    const bytes = whole(meta.total_compressed_size, "the length of a column", end);
    const start = whole(meta.dictionary_page_offset || meta.data_page_offset, "the place of a column", end - bytes);
    chunks.set(name, { meta, start, bytes });
  }
  for (const [name, column] of columns) {
    if (column !== undefined && !chunks.has(name))
      throw new Damaged(`a row group lacks the column ${JSON.stringify(name.slice(0, 80))}`);
  }
  return { rows, bytes: whole(group.total_byte_size, "the length of a row group"), chunks };
}
