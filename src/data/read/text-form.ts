import { ChurnkitError } from "../../base/errors.js";
import { delimiters, detectDelimiter } from "./delimiter.js";
import { headRecords, type HeadRecord } from "./head-records.js";
import type { ResolvedOptions } from "./options.js";

/** Layout of a delimited text: decided once, from its first bytes. */
export interface TextForm {
  readonly delimiter: number;
  /** Bytes and lines before the header. */
  readonly skip: { readonly bytes: number; readonly lines: number };
  /** Cells that the header lacks: one in front (row names) or one at the end (trailing delimiters in the rows only). */
  readonly added: { readonly first: boolean; readonly last: boolean };
  /** Columns without a name that are left out: the first one, and this many at the end, which are empty. */
  readonly unnamed: { readonly first: boolean; readonly last: number };
  /** Notes on what was found and done, each a sentence. */
  readonly notes: readonly string[];
}

const headBytes = 65_536;
const firstBytes = new TextDecoder("latin1");
const number = /^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$/;
const whole = /^\d+$/;

function malformed(source: string, message: string): ChurnkitError {
  return new ChurnkitError("INPUT_MALFORMED", `${source}: ${message}`, { where: { file: source } });
}

/** The delimiter that a first line such as `sep=;` names, and the start of the next line. */
function separatorLine(text: Uint8Array): { delimiter: string; end: number } | undefined {
  const match = /^"?sep=([^\w\s"]|\t)"?[ ]*(\r\n|\n|\r|$)/i.exec(firstBytes.decode(text.subarray(0, 16)));
  return match === null ? undefined : { delimiter: match[1] as string, end: match[0].length };
}

/**
 * Returns the width of at least nine tenths of these records, because single ones may be ragged; 0 if there is none.
 */
function commonWidth(records: readonly HeadRecord[]): number {
  const counts = new Map<number, number>();
  for (const { cells } of records) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1);
  const most = [...counts].find(([, count]) => count >= 0.9 * records.length);
  return most?.[0] ?? 0;
}

const ofWidth = (records: readonly HeadRecord[], width: number): HeadRecord[] =>
  records.filter(({ cells }) => cells.length === width);

const emptyBehindFirst = ({ cells }: HeadRecord): boolean => cells.slice(1).every((cell) => cell === "");

/**
 * Returns whether the first of these is a header for the others: a unique name in every cell, above a column of
 * numbers.
 */
function looksLikeHeader([header, ...rows]: readonly HeadRecord[]): boolean {
  if (header === undefined || rows.length === 0) return false;
  const { cells } = header;
  if (new Set(cells).size < cells.length || cells.some((cell) => cell === "" || number.test(cell))) return false;
  return cells.some(
    (_, i) =>
      rows.every(({ cells: row }) => row[i] === "" || number.test(row[i] ?? "")) &&
      rows.some(({ cells: row }) => row[i] !== ""),
  );
}

const mostTitleLines = 20;

/**
 * Returns how many records precede the header: lines of fewer cells than all others, or of one filled cell
 * (spreadsheets write the empty ones too), above a likely header.
 */
function titleRecords(records: readonly HeadRecord[]): number {
  for (let n = 1; n <= Math.min(mostTitleLines, records.length - 2); n++) {
    const rest = records.slice(n);
    const width = commonWidth(rest);
    if (width < 2) continue;
    const isTitle = (record: HeadRecord): boolean =>
      record.cells.length < width || (width > 2 && emptyBehindFirst(record));
    if (!records.slice(0, n).every(isTitle)) return 0;
    if (rest[0]?.cells.length === width && looksLikeHeader(ofWidth(rest, width))) return n;
  }
  return 0;
}

/** Finds the header of a text that does not begin with it, given its records by each possible delimiter. */
function headerAfterTitles(ways: readonly (readonly HeadRecord[])[]): HeadRecord | undefined {
  const begins = ways.some(
    ([first, ...rows]) =>
      first !== undefined &&
      first.cells.length > 1 &&
      first.cells.length === commonWidth([first, ...rows]) &&
      !emptyBehindFirst(first),
  );
  return begins
    ? undefined
    : ways.map((records) => records[titleRecords(records)]).find((header, i) => header !== ways[i]?.[0]);
}

/** Returns whether the first cells are R's row names, rather than the rows one cell too long for another reason. */
function areRowNames(rows: readonly HeadRecord[], delimiter: number): boolean {
  // An unquoted comma in each row, for example in decimals, makes rows too long as well; R quotes names but not
  // numbers.
  const numbered =
    rows.every(({ cells }) => whole.test(cells[0] ?? "")) &&
    new Set(rows.map(({ cells }) => cells[0])).size === rows.length;
  return numbered && (delimiter !== 44 || rows.every(({ quoted }) => quoted));
}

/** Finds the layout of the header and the rows below it. */
function edges(
  records: readonly HeadRecord[],
  delimiter: number,
  source: string,
): Pick<TextForm, "added" | "unnamed" | "notes"> {
  const [header, ...below] = records;
  const none = { added: { first: false, last: false }, unnamed: { first: false, last: 0 }, notes: [] };
  if (header === undefined) return none;
  const names = header.cells;
  const width = commonWidth(below);
  const rows = ofWidth(below, width);
  if (rows.length > 0 && width === names.length + 1) {
    if (rows.every(({ cells }) => cells.at(-1) === "")) {
      return {
        ...none,
        added: { first: false, last: true },
        unnamed: { first: false, last: 1 },
        notes: ["Every row ends with a delimiter; the empty cell after it was left out."],
      };
    }
    if (areRowNames(rows, delimiter)) {
      return {
        ...none,
        added: { first: true, last: false },
        unnamed: { first: true, last: 0 },
        notes: ["The header has one cell fewer than the rows: R's row names at the front were left out."],
      };
    }
  }
  if (rows.length > 1 && width > names.length) {
    const one = width === names.length + 1;
    const cause = one
      ? "are these row names, as R writes them? Give the first column a name in the header, or write the file with row.names = FALSE. If a cell holds the delimiter, quote it. If this line is a title, remove it"
      : "is this a title or comment line before the header? Remove it, so that the header comes first";
    throw malformed(
      source,
      `line ${header.line + 1} should be the header and has ${names.length} ${names.length === 1 ? "cell" : "cells"}, but every row has ${one ? "one more" : width}: ${cause}.`,
    );
  }
  return { ...none, ...unnamedEdges(names, rows) };
}

/** Returns the unnamed columns at the edges that can be left out without losing anything. */
function unnamedEdges(names: readonly string[], rows: readonly HeadRecord[]): Pick<TextForm, "unnamed" | "notes"> {
  const named = names.findLastIndex((name) => name !== "") + 1;
  if (named === 0 || rows.some(({ cells }) => cells.length !== names.length))
    return { unnamed: { first: false, last: 0 }, notes: [] };
  const last = rows.every(({ cells }) => cells.slice(named).every((cell) => cell === "")) ? names.length - named : 0;
  const index = rows.map(({ cells }) => cells[0] ?? "");
  const first = names[0] === "" && (index.every((cell) => whole.test(cell)) || new Set(index).size === index.length);
  const notes = [
    ...(first
      ? [
          "The first column has no name: the index column that pandas or R writes was left out. If you need it, name it in the header.",
        ]
      : []),
    ...(last > 0
      ? [
          `The header ends with ${last === 1 ? "an empty cell" : `${last} empty cells`}, as every row does; ${last === 1 ? "it was" : "they were"} left out.`,
        ]
      : []),
  ];
  return { unnamed: { first, last }, notes };
}

/**
 * Detects the layout of a delimited text: its delimiter (named by the caller, by a line `sep=;`, or detected), title
 * lines before the header, and columns at the edges that have no name.
 *
 * @param text the first bytes of the text, or all of it.
 * @throws ChurnkitError INPUT_MALFORMED or INPUT_UNSUPPORTED, naming the cause, if the form cannot be determined
 * safely.
 */
export function textForm(text: Uint8Array, options: ResolvedOptions, expected: string | undefined): TextForm {
  const { source, quote } = options;
  const all = text.length < headBytes;
  const head = text.subarray(0, headBytes);
  if (/^\s*(\[\s*)?\{\s*"/.test(firstBytes.decode(head.subarray(0, 256)))) {
    throw new ChurnkitError(
      "INPUT_UNSUPPORTED",
      `${source}: this is JSON; give the file a name that ends in .json or .jsonl.`,
      { where: { file: source } },
    );
  }
  const separator = separatorLine(head);
  const body = head.subarray(separator?.end ?? 0);
  const cut = (delimiter: number): HeadRecord[] => headRecords(body, delimiter, { quote, whole: all });
  const given = options.delimiter ?? separator?.delimiter.charCodeAt(0);
  const tried =
    given === undefined ? [...new Set([expected ?? ",", ...delimiters])].map((one) => one.charCodeAt(0)) : [given];
  const start = headerAfterTitles(tried.map(cut));
  const rest = body.subarray(start?.start ?? 0);
  const delimiter = given ?? detectDelimiter(rest, { quote, expected, source }).charCodeAt(0);
  const found = edges(headRecords(rest, delimiter, { quote, whole: all }), delimiter, source);
  const notes = [
    ...(separator === undefined
      ? []
      : [`The first line, sep=${separator.delimiter}, names the delimiter; the header is on the next line.`]),
    ...(start === undefined
      ? []
      : [
          `The header is on line ${start.line + (separator === undefined ? 1 : 2)}; the title or comment lines before it were left out.`,
        ]),
    ...found.notes,
  ];
  const skip = {
    bytes: (separator?.end ?? 0) + (start?.start ?? 0),
    lines: (separator === undefined ? 0 : 1) + (start?.line ?? 0),
  };
  return { ...found, delimiter, skip, notes };
}
