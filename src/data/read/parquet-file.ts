import type * as hyparquet from "hyparquet";
import { ChurnkitError } from "../../base/errors.js";
import { rangedFile, type RangedBytes } from "./file-bytes.js";
import { ReadBudget } from "./parquet/budget.js";
import { decodeColumn, type ColumnValues } from "./parquet/decode.js";
import { readFooter, tailBytes, type ParquetFooter, type ParquetGroup } from "./parquet/footer.js";
import { Damaged } from "./parquet/thrift.js";

/** Limits on the rows that are passed on together, and approximately on their characters. */
const batchRows = 4096;
const batchChars = 2 ** 20;
/** Longest row, in characters of its JSON. */
const mostRowChars = 2 ** 26;

type Driver = typeof hyparquet;

/**
 * Yields the rows of a Parquet file, or of the bytes of one, as JSON lines, so that they are read, checked and inferred like those: dates and
 * times as ISO 8601, whole numbers beyond 2^53 as text, missing values as the empty text. A column of lists or
 * structs becomes an empty object, which no contract accepts. Memory holds one row group at a time.
 *
 * The file is untrusted: each count, offset and page is checked against the file's size before it is used.
 *
 * @throws ChurnkitError PEER_MISSING without the package hyparquet; INPUT_NOT_FOUND, IO_FAILED; INPUT_MALFORMED for a broken
 * file; INPUT_UNSUPPORTED for an encoding or packing that cannot be read; INPUT_TOO_LARGE for a row group of more than 1 GiB, or
 * where the file says that it holds far more than its size allows.
 */
export async function* parquetLines(path: string, ranged?: RangedBytes): AsyncGenerator<Uint8Array> {
  const driver = await loadDriver();
  if (ranged !== undefined) {
    yield* rowsOf(driver, path, ranged);
    return;
  }
  const file = await rangedFile(path);
  try {
    yield* rowsOf(driver, path, file);
  } finally {
    await file.close();
  }
}

async function* rowsOf(driver: Driver, path: string, bytes: RangedBytes): AsyncGenerator<Uint8Array> {
  const budget = new ReadBudget(path, bytes.size);
  const { columns, groups } = await readable(path, async () => readFooter(driver, await tailOf(bytes), bytes.size));
  for (const group of groups) {
    budget.group(group.bytes);
    const values = await readable(path, () => readGroup({ driver, bytes, budget }, columns, group));
    yield* linesOf([...columns.keys()], values, group.rows, path, budget);
  }
}

async function loadDriver(): Promise<Driver> {
  try {
    return await import("hyparquet");
  } catch (cause) {
    throw new ChurnkitError(
      "PEER_MISSING",
      "Reading Parquet needs a package that cannot be loaded here: npm install hyparquet",
      { where: { value: "hyparquet" }, cause },
    );
  }
}

/** The footer and what follows it. */
async function tailOf(bytes: RangedBytes): Promise<Uint8Array> {
  const { size } = bytes;
  if (size < 4 + tailBytes) throw new Damaged("it is too short");
  const end = await bytes.at(size - tailBytes, tailBytes);
  const mark = new TextDecoder("latin1").decode(end.subarray(4));
  if (mark === "PARE") throw new Damaged("unsupported: it is encrypted");
  if (mark !== "PAR1") throw new Damaged("it does not end as a Parquet file does");
  const footer = new DataView(end.buffer).getUint32(0, true);
  if (footer > size - 4 - tailBytes) throw new Damaged(`it declares a footer of ${footer} bytes but has ${size}`);
  return bytes.at(size - tailBytes - footer, footer + tailBytes);
}

/** Converts any error that untrusted bytes cause. */
async function readable<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (ChurnkitError.isInstance(cause)) throw cause;
    // The driver's own errors describe its internals, such as a member of undefined.
    const why =
      cause instanceof Damaged || (cause instanceof Error && cause.message.startsWith("parquet "))
        ? cause.message.slice(0, 200)
        : "its bytes are damaged";
    const unsupported = /unsupported|not supported/.test(why);
    throw new ChurnkitError(
      unsupported ? "INPUT_UNSUPPORTED" : "INPUT_MALFORMED",
      `${path}: this Parquet file cannot be read: ${why}. Write it again, with snappy or gzip.`,
      {
        where: { file: path },
        cause,
      },
    );
  }
}

interface Reading {
  readonly driver: Driver;
  readonly bytes: RangedBytes;
  readonly budget: ReadBudget;
}

/** A row group's values by column. */
async function readGroup(
  { driver, bytes, budget }: Reading,
  columns: ParquetFooter["columns"],
  { rows, chunks }: ParquetGroup,
): Promise<ReadonlyMap<string, ColumnValues>> {
  const values = new Map<string, ColumnValues>();
  if (rows === 0) return values;
  for (const [name, chunk] of chunks) {
    const column = columns.get(name);
    if (column === undefined) continue;
    values.set(name, await decodeColumn(driver, chunk, column, rows, await bytes.at(chunk.start, chunk.bytes), budget));
  }
  return values;
}

function* linesOf(
  names: readonly string[],
  values: ReadonlyMap<string, ColumnValues>,
  rows: number,
  path: string,
  budget: ReadBudget,
): Generator<Uint8Array> {
  const readers = names.map((name) => ({ head: `${JSON.stringify(name)}:`, value: walker(values.get(name)) }));
  const encoder = new TextEncoder();
  let batch = "";
  let held = 0;
  for (let row = 0; row < rows; row++) {
    let line = "{";
    for (const { head, value } of readers) {
      line += `${line.length === 1 ? "" : ","}${head}${value(row)}`;
      if (line.length > mostRowChars) throw tooLong(path, row);
    }
    batch += `${line}}\n`;
    if (++held < batchRows && batch.length < batchChars && row < rows - 1) continue;
    budget.text(batch.length);
    yield encoder.encode(batch);
    batch = "";
    held = 0;
  }
}

const tooLong = (path: string, row: number): ChurnkitError =>
  new ChurnkitError(
    "INPUT_TOO_LARGE",
    `${path}: a row of more than ${mostRowChars} characters. Leave out the columns of long texts.`,
    { where: { file: path, row } },
  );

/** Returns a column's values as JSON, row by row. */
function walker(pieces: ColumnValues | undefined): (row: number) => string {
  // Lists and structs: an object, which is left out of every column list.
  if (pieces === undefined) return () => "{}";
  let piece = 0;
  let start = 0;
  return (row) => {
    let values = pieces[piece];
    while (values !== undefined && row >= start + values.length) {
      start += values.length;
      values = pieces[++piece];
    }
    return JSON.stringify(plain(values?.[row - start]));
  };
}

/** A value as JSON can represent it; without one, the empty text, as in a CSV: a file cannot leave out a key. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint")
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);
  // Bytes that are not text.
  if (value instanceof Uint8Array) return {};
  return value ?? "";
}
