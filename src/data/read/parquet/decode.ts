import type * as hyparquet from "hyparquet";
import type { ColumnData } from "hyparquet";
import { node } from "../../../base/node.js";
import type { ReadBudget } from "./budget.js";
import type { ParquetChunk, ParquetColumn } from "./footer.js";
import { checkedPages, type Unpack } from "./pages.js";
import { checkSnappy } from "./snappy.js";
import { Damaged } from "./thrift.js";

type Driver = typeof hyparquet;

/** A column's values of one row group, in the pieces in which they are stored. */
export type ColumnValues = readonly ColumnData["columnData"][];

/**
 * Decodes one column of one row group. Each page is checked before the driver sees it, and unpacked once, here. The
 * driver gets a file of this column alone, so that there is one promise, which is awaited.
 *
 * @param bytes of the column's pages.
 * @throws Damaged, the driver's errors, ChurnkitError INPUT_TOO_LARGE.
 */
export async function decodeColumn(
  driver: Driver,
  { meta }: ParquetChunk,
  column: ParquetColumn,
  rows: number,
  bytes: Uint8Array<ArrayBuffer>,
  budget: ReadBudget,
): Promise<ColumnValues> {
  budget.cells(rows);
  const { type, encodings, codec, path_in_schema, num_values, total_uncompressed_size } = meta;
  const unpack = codec === "UNCOMPRESSED" ? undefined : unpackers(driver)[codec];
  if (codec !== "UNCOMPRESSED" && unpack === undefined)
    throw new Damaged(`unsupported compression: ${codec ?? "of an unknown kind"}`);
  const pages = checkedPages(bytes, column, rows, unpack, budget);
  const next = (): Uint8Array => {
    const page = pages.shift();
    if (page === undefined) throw new Damaged("a column holds more pages than were checked");
    return page;
  };
  const length = BigInt(bytes.length);
  const pieces: ColumnData["columnData"][] = [];
  await driver.parquetRead({
    file: {
      byteLength: bytes.length,
      slice: (start, end) => (start === 0 && end === bytes.length ? bytes.buffer : bytes.buffer.slice(start, end)),
    },
    metadata: {
      version: 2,
      schema: [{ name: "root", num_children: 1 }, column.element],
      num_rows: BigInt(rows),
      row_groups: [
        {
          columns: [
            {
              file_offset: 0n,
              meta_data: {
                type,
                encodings,
                codec,
                path_in_schema,
                num_values,
                total_uncompressed_size,
                total_compressed_size: length,
                data_page_offset: 0n,
              },
            },
          ],
          total_byte_size: length,
          num_rows: BigInt(rows),
        },
      ],
      metadata_length: 0,
    },
    compressors: Object.fromEntries(packings.map((name) => [name, next])),
    parsers: parsersFor(column),
    onChunk: ({ columnData }) => pieces.push(columnData),
  });
  const held = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (held !== rows) throw new Damaged(`a column holds ${held} values for ${rows} rows`);
  return pieces;
}

const packings = ["SNAPPY", "GZIP", "BROTLI", "ZSTD"] as const;

type Inflate = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

/** Returns Node's decompressors and the driver's own. None makes more bytes than a page declares. */
function unpackers(driver: Driver): { readonly [codec: string]: Unpack | undefined } {
  const zlib = node().getBuiltinModule("node:zlib");
  // In Node from 22.15 on.
  const { zstdDecompressSync } = zlib as { readonly zstdDecompressSync?: Inflate };
  const bounded = (inflate: Inflate | undefined): Unpack | undefined =>
    inflate && ((packed, bytes) => inflate(packed, { maxOutputLength: Math.max(1, bytes) }));
  return {
    SNAPPY: (packed, bytes) => {
      checkSnappy(packed, bytes);
      const page = new Uint8Array(bytes);
      driver.snappyUncompress(packed, page);
      return page;
    },
    GZIP: bounded(zlib.gunzipSync),
    BROTLI: bounded(zlib.brotliDecompressSync),
    ZSTD: bounded(zstdDecompressSync),
  };
}

const moment = (milliseconds: number): string | null => {
  const time = new Date(milliseconds);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
};

const strict = new TextDecoder("utf-8", { fatal: true });
const lenient = new TextDecoder();

/** Values as JSON has them. Bytes declared as text must be text; others are shown as well as possible. */
function parsersFor({ element }: ParquetColumn) {
  const isText =
    element.converted_type === "UTF8" || element.converted_type === "ENUM" || element.logical_type?.type === "STRING";
  return {
    dateFromDays: (days: number) => moment(days * 86_400_000)?.slice(0, -14) ?? null,
    timestampFromMilliseconds: (time: bigint) => moment(Number(time)),
    timestampFromMicroseconds: (time: bigint) => moment(Number(time / 1000n)),
    timestampFromNanoseconds: (time: bigint) => moment(Number(time / 1_000_000n)),
    stringFromBytes: (bytes: Uint8Array | undefined) => bytes && (isText ? strict : lenient).decode(bytes),
  };
}
