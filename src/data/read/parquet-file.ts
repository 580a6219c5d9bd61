import { open, type FileHandle } from "node:fs/promises";
import * as zlib from "node:zlib";
import type * as hyparquet from "hyparquet";
import type { AsyncBuffer, ColumnData, Compressors, FileMetaData } from "hyparquet";
import { ChurnkitError } from "../../base/errors.js";
import { notReadable } from "./file-bytes.js";

/** Most bytes of one row group, unpacked: so much is held at once. */
const mostGroupBytes = 2 ** 30;
/** Rows that are handed on together. */
const batchRows = 4096;

type Driver = typeof hyparquet;

/**
 * The rows of a Parquet file as JSON lines, so that they are read, checked and inferred as those are: dates and times as
 * ISO 8601, whole numbers beyond 2^53 as text, missing values as null. One row group is held at a time.
 *
 * @throws ChurnkitError PEER_MISSING without the package hyparquet; INPUT_NOT_FOUND, IO_FAILED; INPUT_MALFORMED for a broken
 * file; INPUT_TOO_LARGE for a row group of more than 1 GiB.
 */
export async function* parquetLines(path: string): AsyncGenerator<Uint8Array> {
  const driver = await loadDriver();
  const handle = await open(path, "r").catch((cause: unknown) => {
    throw notReadable(path, cause);
  });
  try {
    const file = await bufferOf(handle, path);
    const metadata = await readable(path, () => driver.parquetMetadataAsync(file, { parsers }));
    const names = driver.parquetSchema(metadata).children.map(({ element }) => element.name);
    let rowStart = 0;
    for (const { num_rows: rows, total_byte_size: bytes } of metadata.row_groups) {
      if (!(bytes >= 0n && bytes <= mostGroupBytes)) throw tooLarge(path, bytes);
      const rowEnd = rowStart + Number(rows);
      yield* linesOf(names, await readable(path, () => readGroup(driver, { file, metadata, rowStart, rowEnd })), rowEnd - rowStart);
      rowStart = rowEnd;
    }
  } finally {
    await handle.close();
  }
}

async function loadDriver(): Promise<Driver> {
  try {
    return await import("hyparquet");
  } catch (cause) {
    throw new ChurnkitError("PEER_MISSING", "Reading Parquet needs a package that cannot be loaded here: npm install hyparquet", { where: { value: "hyparquet" }, cause });
  }
}

async function bufferOf(handle: FileHandle, path: string): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start));
      try {
        for (let at = 0; at < bytes.length; ) {
          const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
          if (bytesRead === 0) break;
          at += bytesRead;
        }
      } catch (cause) {
        throw notReadable(path, cause);
      }
      return bytes.buffer;
    },
  };
}

/** Whatever the driver throws at bytes that anybody may have written. */
async function readable<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (ChurnkitError.isInstance(cause)) throw cause;
    const why = cause instanceof Error ? cause.message.slice(0, 200) : String(cause);
    const unsupported = /unsupported/.test(why);
    throw new ChurnkitError(unsupported ? "INPUT_UNSUPPORTED" : "INPUT_MALFORMED", `${path}: this Parquet file cannot be read: ${why}. Write it anew, with snappy or gzip.`, {
      where: { file: path },
      cause,
    });
  }
}

const tooLarge = (path: string, bytes: bigint): ChurnkitError =>
  new ChurnkitError("INPUT_TOO_LARGE", `${path}: a row group says that it holds ${bytes} bytes, more than ${mostGroupBytes}. Write it with smaller row groups.`, { where: { file: path } });

interface GroupAt {
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly rowStart: number;
  readonly rowEnd: number;
}

/** A row group's values by column, in the pieces in which they are stored. */
async function readGroup(driver: Driver, { file, metadata, rowStart, rowEnd }: GroupAt): Promise<ReadonlyMap<string, readonly ColumnData[]>> {
  const columns = new Map<string, ColumnData[]>();
  if (rowEnd === rowStart) return columns;
  await driver.parquetRead({
    file,
    metadata,
    rowStart,
    rowEnd,
    compressors,
    parsers,
    onChunk: (chunk) => {
      const chunks = columns.get(chunk.columnName);
      if (chunks === undefined) columns.set(chunk.columnName, [{ ...chunk, rowStart: chunk.rowStart - rowStart }]);
      else chunks.push({ ...chunk, rowStart: chunk.rowStart - rowStart });
    },
  });
  // What a broken file says of its rows must not be believed: absent ones would be made up, without end.
  const rows = rowEnd - rowStart;
  const wrong = [...columns].find(([, chunks]) => chunks.reduce((sum, { columnData }) => sum + columnData.length, 0) !== rows);
  if (columns.size === 0 || wrong !== undefined) throw new Error(`a row group does not hold the ${rows} rows that it names`);
  return columns;
}

function* linesOf(names: readonly string[], columns: ReadonlyMap<string, readonly ColumnData[]>, rows: number): Generator<Uint8Array> {
  const readers = names.map((name) => ({ head: `${JSON.stringify(name)}:`, value: walker(columns.get(name) ?? []) }));
  const encoder = new TextEncoder();
  for (let first = 0; first < rows; first += batchRows) {
    const lines: string[] = [];
    for (let row = first; row < Math.min(rows, first + batchRows); row++) {
      lines.push(`{${readers.map(({ head, value }) => head + JSON.stringify(plain(value(row)))).join(",")}}\n`);
    }
    yield encoder.encode(lines.join(""));
  }
}

/** Gives a column's value at rows that come in order. */
function walker(chunks: readonly ColumnData[]): (row: number) => unknown {
  const ordered = [...chunks].sort((a, b) => a.rowStart - b.rowStart);
  let at = 0;
  return (row) => {
    let chunk = ordered[at];
    while (chunk !== undefined && row >= chunk.rowStart + chunk.columnData.length) chunk = ordered[++at];
    return chunk === undefined || row < chunk.rowStart ? null : (chunk.columnData[row - chunk.rowStart] as unknown);
  };
}

/** A value as JSON can hold it. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);
  if (typeof value === "object" && value !== null) return JSON.parse(JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part))) as unknown;
  return value ?? null;
}

const moment = (milliseconds: number): string | null => {
  const time = new Date(milliseconds);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
};

const parsers = {
  dateFromDays: (days: number) => moment(days * 86_400_000)?.slice(0, -14) ?? null,
  timestampFromMilliseconds: (time: bigint) => moment(Number(time)),
  timestampFromMicroseconds: (time: bigint) => moment(Number(time / 1000n)),
  timestampFromNanoseconds: (time: bigint) => moment(Number(time / 1_000_000n)),
};

type Unpack = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

const unpackWith = (unpack: Unpack) => (bytes: Uint8Array, length: number) => unpack(bytes, { maxOutputLength: Math.max(1, length) });

/** What comes with Node; the driver itself knows snappy. Zstandard is in Node from 22.15 on. */
const { zstdDecompressSync } = zlib as { readonly zstdDecompressSync?: Unpack };
const compressors: Compressors = {
  GZIP: unpackWith(zlib.gunzipSync),
  BROTLI: unpackWith(zlib.brotliDecompressSync),
  ...(zstdDecompressSync === undefined ? {} : { ZSTD: unpackWith(zstdDecompressSync) }),
};
