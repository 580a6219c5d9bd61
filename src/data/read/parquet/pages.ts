import type { SchemaElement } from "hyparquet";
import type { ReadBudget } from "./budget.js";
import { readLengths, skipDeltas } from "./deltas.js";
import { mostDecimalBytes, type ParquetColumn } from "./footer.js";
import { Cursor, walkRuns } from "./runs.js";
import { Damaged, readStruct, wholeOf, type ThriftStruct } from "./thrift.js";

/** Unpacks a page to exactly this many bytes. */
export type Unpack = (packed: Uint8Array, bytes: number) => Uint8Array;

const pageType = { data: 0, dictionary: 2, dataV2: 3 } as const;
const encodings = {
  plain: 0,
  plainDictionary: 2,
  runs: 3,
  deltas: 5,
  deltaLengths: 6,
  deltaTexts: 7,
  dictionary: 8,
  split: 9,
} as const;
const mostCount = 2 ** 31 - 1;
const widths: Readonly<Record<string, number>> = { INT32: 4, FLOAT: 4, INT64: 8, DOUBLE: 8, INT96: 12 };

/**
 * Walks the pages of a column before the decoder, and refuses malformed ones: sizes, counts, runs, lengths and
 * positions in the dictionary. The decoder may then trust each of them, so that it ends, in a predictable amount of
 * memory.
 *
 * @param rows number of rows that the pages must have.
 * @returns the unpacked bytes of each page that is packed, in order.
 * @throws Damaged; ChurnkitError INPUT_TOO_LARGE.
 */
export function checkedPages(
  bytes: Uint8Array,
  column: ParquetColumn,
  rows: number,
  unpack: Unpack | undefined,
  budget: ReadBudget,
): Uint8Array[] {
  const unpacked: Uint8Array[] = [];
  const open = (packed: Uint8Array, size: number): Uint8Array => {
    if (unpack === undefined) {
      if (packed.length !== size) throw new Damaged(`a page of ${packed.length} bytes claims to have ${size}`);
      return packed;
    }
    budget.unpacked(size);
    const page = unpack(packed, size);
    if (page.length !== size) throw new Damaged(`a page unpacks to ${page.length} bytes instead of ${size}`);
    unpacked.push(page);
    return page;
  };
  let dictionary: number | undefined;
  let seen = 0;
  for (let at = 0; seen < rows;) {
    if (at >= bytes.length - 1) throw new Damaged(`a column holds ${seen} values for ${rows} rows`);
    const { struct, end } = readStruct(bytes, at);
    const size = wholeOf(struct, 2, "the length of a page", mostCount);
    const packed = wholeOf(struct, 3, "the packed length of a page", bytes.length - end);
    const body = bytes.subarray(end, end + packed);
    at = end + packed;
    const type = wholeOf(struct, 1, "the type of a page");
    if (type === pageType.dictionary) {
      dictionary = wholeOf(part(struct, 7), 1, "the length of a dictionary", mostCount);
      checkPlain(new Cursor(open(body, size)), column.element, dictionary);
    } else if (type === pageType.data || type === pageType.dataV2) {
      const header = part(struct, type === pageType.data ? 5 : 8);
      const count = wholeOf(header, 1, "the number of a page's values", rows - seen);
      if (type === pageType.data) checkPage(new Cursor(open(body, size)), header, count, column, dictionary);
      else checkPageV2(body, size, header, count, column, dictionary, open);
      seen += count;
    } else throw new Damaged(`unsupported type of page: ${type}`);
  }
  return unpacked;
}

function part(struct: ThriftStruct, field: number): ThriftStruct {
  const value = struct.get(field);
  if (value instanceof Map) return value as ThriftStruct;
  throw new Damaged("a page's header is not whole");
}

function checkPage(
  page: Cursor,
  header: ThriftStruct,
  count: number,
  column: ParquetColumn,
  dictionary: number | undefined,
): void {
  let present = count;
  if (column.nullable) {
    const levels = new Cursor(page.bytes, page.at + 4, page.at + 4 + page.uint32());
    page.skip(levels.left);
    present = presentOf(levels, count);
  }
  checkValues(page, wholeOf(header, 2, "the encoding of a page"), present, column.element, dictionary, 1);
}

function checkPageV2(
  body: Uint8Array,
  size: number,
  header: ThriftStruct,
  count: number,
  column: ParquetColumn,
  dictionary: number | undefined,
  open: Unpack,
): void {
  const rows = wholeOf(header, 3, "the number of a page's rows", mostCount);
  const levels = wholeOf(header, 5, "the length of a page's levels", Math.min(size, body.length));
  if (rows !== count || wholeOf(header, 6, "the length of a page's lists", mostCount) !== 0)
    throw new Damaged("a page of single values claims to hold lists");
  if (!column.nullable && levels !== 0) throw new Damaged("a page claims missing values in a column that allows none");
  const present = column.nullable ? presentOf(new Cursor(body, 0, levels), count) : count;
  const missing = wholeOf(header, 2, "the number of a page's missing values", count);
  if (missing !== count - present)
    throw new Damaged(`a page declares ${missing} missing values but marks ${count - present}`);
  const packed = body.subarray(levels);
  const page = header.get(7) === false ? packed : open(packed, size - levels);
  checkValues(new Cursor(page), wholeOf(header, 4, "the encoding of a page"), present, column.element, dictionary, 2);
}

/** Number of values present. */
function presentOf(levels: Cursor, count: number): number {
  let present = 0;
  walkRuns(levels, 1, count, (level, times) => {
    if (level > 1) throw new Damaged(`a page marks a value with level ${level}`);
    present += level * times;
  });
  return present;
}

function checkValues(
  page: Cursor,
  encoding: number,
  count: number,
  element: SchemaElement,
  dictionary: number | undefined,
  version: 1 | 2,
): void {
  const { type } = element;
  const only = (...types: string[]): void => {
    if (!types.includes(type ?? "")) throw new Damaged(`a page holds ${type ?? "nothing"} in encoding ${encoding}`);
  };
  switch (encoding) {
    case encodings.plain:
      return checkPlain(page, element, count);
    case encodings.plainDictionary:
    case encodings.dictionary:
      only("INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY");
      return checkPlaces(page, count, dictionary, version);
    case encodings.runs: {
      only("BOOLEAN");
      const runs = new Cursor(page.bytes, page.at + 4, page.at + 4 + page.uint32());
      page.skip(runs.left);
      return walkRuns(runs, 1, count, () => undefined);
    }
    case encodings.deltas:
      only("INT32", "INT64");
      return skipDeltas(page, count, type === "INT32" ? 32 : 64);
    case encodings.deltaLengths:
      only("BYTE_ARRAY");
      return checkTexts(page, readLengths(page, count), element);
    case encodings.deltaTexts: {
      only("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY");
      const starts = readLengths(page, count);
      const ends = readLengths(page, count);
      return checkSharedTexts(page, starts, ends, element);
    }
    case encodings.split:
      only("INT32", "INT64", "FLOAT", "DOUBLE", "FIXED_LEN_BYTE_ARRAY");
      return page.skip(count * (widths[type ?? ""] ?? element.type_length ?? Infinity));
    default:
      throw new Damaged(`unsupported encoding of values: ${encoding}`);
  }
}

/** Positions in the dictionary: one beyond its end would be read as a missing value. */
function checkPlaces(page: Cursor, count: number, dictionary: number | undefined, version: 1 | 2): void {
  if (dictionary === undefined) throw new Damaged("a page refers to a missing dictionary");
  const bits = page.byte();
  if (bits === 0 && count > 0 && dictionary === 0) throw new Damaged("a page refers to an empty dictionary");
  // In the older pages nothing more is required: all values are the first one.
  if (bits === 0 && version === 1) return;
  walkRuns(page, bits, count, (place) => {
    if (place >= dictionary) throw new Damaged(`a page refers to value ${place} of a dictionary of ${dictionary}`);
  });
}

function checkPlain(page: Cursor, element: SchemaElement, count: number): void {
  const { type, type_length: length } = element;
  if (type === "BOOLEAN") return page.skip(Math.ceil(count / 8));
  if (type !== "BYTE_ARRAY") return page.skip(count * (widths[type ?? ""] ?? length ?? Infinity));
  for (let i = 0; i < count; i++) {
    const bytes = page.uint32();
    checkText(bytes, element);
    page.skip(bytes);
  }
}

function checkTexts(page: Cursor, lengths: Int32Array, element: SchemaElement): void {
  for (const length of lengths) {
    checkText(length, element);
    page.skip(length);
  }
}

/**
 * Texts that share a prefix with the previous one: unpacked they may be far longer than the page, so they are
 * bounded.
 */
function checkSharedTexts(page: Cursor, starts: Int32Array, ends: Int32Array, element: SchemaElement): void {
  let before = 0;
  let made = 0;
  starts.forEach((start, i) => {
    const end = ends[i] as number;
    if (start > before) throw new Damaged(`a text shares ${start} bytes with one of ${before}`);
    before = start + end;
    made += before;
    if (made > 2 ** 20 + 256 * page.bytes.length) throw new Damaged("a page's texts share more than can be expected");
    checkText(before, element);
    page.skip(end);
  });
}

function checkText(bytes: number, { type, type_length: length, converted_type: converted }: SchemaElement): void {
  if (type === "FIXED_LEN_BYTE_ARRAY" && bytes !== length)
    throw new Damaged(`a value has ${bytes} bytes instead of ${length ?? "none"}`);
  // Its cost grows with the square of its length.
  if (converted === "DECIMAL" && bytes > mostDecimalBytes) throw new Damaged(`a decimal takes ${bytes} bytes`);
}
