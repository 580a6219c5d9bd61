import { type CellIssue, cellIssue, describeValue } from "./cells/issue.js";
import type { Column } from "./contract.js";
import { dayMilliseconds } from "./cells/calendar.js";
import { dateFromJson, dateFromText, dateReader, hasTime } from "./cells/date.js";
import { classReader } from "./cells/class.js";
import { booleanFromText, categoryFromText, labelOfScalar, textFromText } from "./cells/label.js";
import { numberFromJson, numberFromText, numberReader } from "./cells/number.js";

/**
 * One cell as a table stores it: a number for number, boolean (1 or 0) and date (milliseconds since 1970 UTC)
 * columns, NaN if missing; a label for category and text columns, null if missing; or the reason for refusing it.
 */
export type Cell = number | string | null | CellIssue;

/** Reads the cells of one column. A text in a file and the same value in JSON give the same result. */
export interface CellReader {
  /** Reads a trimmed text. */
  fromText(text: string): Cell;
  /**
   * Reads a JSON value, or a value of a plain object in memory. Null, undefined and the missing markers are missing
   * (for a default, see `Column.defaultFor`). A text is trimmed and read as in a file, so "12" is a number in a
   * number column. A number or boolean in a category or text column becomes its own text. A boolean column accepts
   * true, false and those of the numbers 1 and 0 that are in its lists. A date column accepts texts and `Date`
   * objects. Arrays and objects are always refused.
   */
  fromJson(value: unknown): Cell;
}

/** Returns whether the cell is a refusal. */
export function isIssue(cell: Cell): cell is CellIssue {
  return typeof cell === "object" && cell !== null;
}

interface Parsers {
  /** Stored value of a missing cell. */
  readonly missing: number | null;
  readonly text: (text: string) => Cell;
  /** For values that are neither missing nor text. */
  readonly value: (value: unknown) => Cell;
}

function parsersOf(column: Column): Parsers {
  switch (column.kind) {
    case "number":
      return { missing: NaN, text: numberFromText(column), value: numberFromJson(column) };
    case "date":
      return { missing: NaN, text: dateFromText(column), value: dateFromJson(column) };
    case "boolean": {
      const text = booleanFromText(column);
      return {
        missing: NaN,
        text,
        value: (value) => (typeof value === "boolean" ? Number(value) : labeled(column, text, value)),
      };
    }
    case "category": {
      const read = categoryFromText(column);
      const classOf = column.role === "target" ? classReader(column.levels) : undefined;
      const text = classOf === undefined ? read : (label: string): Cell => read(classOf(label) ?? label);
      return { missing: null, text, value: (value) => labeled(column, text, value) };
    }
    case "text": {
      const text = textFromText(column);
      return { missing: null, text, value: (value) => labeled(column, text, value) };
    }
  }
}

/** A whole number that may have been a different one before it became a double. */
const isRounded = (value: unknown): boolean => Number.isInteger(value) && !Number.isSafeInteger(value);
const rounded = "is above 2^53, where numbers are rounded to their neighbors; send it as a text";

function labeled(column: Column, text: (text: string) => Cell, value: unknown): Cell {
  if (isRounded(value)) return cellIssue(column.name, "type", value, rounded);
  const label = labelOfScalar(value);
  return label === undefined ? cellIssue(column.name, "type", value, `cannot be a ${column.kind}`) : text(label);
}

/**
 * Returns a test for missing markers in any spelling: the marker `-999` means the JSON number too, and a day means
 * every time of it. Undefined if no marker is a value.
 */
function markerTest(column: Column): ((value: unknown) => boolean) | undefined {
  if (column.kind !== "number" && column.kind !== "date") return undefined;
  const read = column.kind === "number" ? numberReader(column) : dateReader(column);
  const marked = column.missing
    .map((text) => ({ text, value: read(text) }))
    .filter(({ value }) => !Number.isNaN(value));
  if (marked.length === 0) return undefined;
  const values = new Set(marked.map(({ value }) => value));
  const days = new Set(
    column.kind === "date" ? marked.filter(({ text }) => !hasTime(text)).map(({ value }) => value) : [],
  );
  return (given) => {
    const value = typeof given === "string" ? read(given) : given instanceof Date ? given.getTime() : given;
    if (typeof value !== "number") return false;
    return values.has(value) || (days.size > 0 && days.has(Math.floor(value / dayMilliseconds) * dayMilliseconds));
  };
}

/** Returns the parser for a missing cell: the default, missing, or an issue where the contract allows neither. */
function missingCell(column: Column, parsers: Parsers): (shown: string | null | undefined) => Cell {
  if (column.default !== undefined) {
    const value = column.default;
    const cell = typeof value === "string" ? parsers.text(value.trim()) : parsers.value(value);
    return () => cell;
  }
  if (column.nullable || column.optional) return () => parsers.missing;
  return refusedMissing(column, "means missing, but this column needs a value in every row");
}

function refusedMissing(column: Column, why: string): (shown: string | null | undefined) => Cell {
  // A missing value is the same in every row.
  const absent = cellIssue(column.name, "missing", undefined, "is absent, but this column needs a value in every row");
  return (shown) => (shown === undefined ? absent : cellIssue(column.name, "missing", shown, why));
}

/** Returns the parser for a JSON null where only an absent value takes the default. */
function nullCell(column: Column, parsers: Parsers): (shown: null) => Cell {
  if (column.default === undefined || column.defaultFor !== "absent") return missingCell(column, parsers);
  if (column.nullable) return () => parsers.missing;
  return refusedMissing(
    column,
    "is a value, and the default applies only to absent keys; omit the key, or declare the column nullable",
  );
}

/**
 * The only reader of cells for a column. Files, JSON lines and requests all use it, so a CSV text and a JSON value
 * become the same cell or the same issue.
 *
 * Numbers are decimal (`-12.5`, `3e4`) and finite, or have the column's `numberFormat`. Dates are ISO 8601, or have
 * the column's `dateFormat`, and exist in the calendar, UTC without an offset. Texts of booleans and levels of
 * categories are the contract's. Issues carry a rule of `qualityRules`.
 */
export function cellReader(column: Column): CellReader {
  const parsers = parsersOf(column);
  const markers = new Set(column.missing);
  markers.add("");
  const missing = missingCell(column, parsers);
  const ofNull = nullCell(column, parsers);
  const isMarker = markerTest(column);
  const fromText = (text: string): Cell =>
    markers.has(text) || isMarker?.(text) === true ? missing(text) : parsers.text(text);
  const fromJson = (value: unknown): Cell => {
    if (typeof value === "string") return fromText(value.trim());
    if (value === null) return ofNull(null);
    if (value === undefined) return missing(undefined);
    return isMarker?.(value) === true ? missing(describeValue(value)) : parsers.value(value);
  };
  return { fromText, fromJson };
}
