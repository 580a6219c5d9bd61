import { type CellIssue, cellIssue } from "./issue.js";
import type { DateColumn } from "../contract.js";
import { dayMilliseconds, startOfDay, timeOfDay } from "./calendar.js";
import { dateFormatReader } from "./date-format.js";

const iso =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?([Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$/;

/**
 * Reads an ISO 8601 calendar date, with or without a time of day; dates and times without an offset are UTC. The
 * offset may be UTC or GMT, as databases export it.
 *
 * @returns milliseconds since 1970 UTC, or NaN if the text is not a date (wrong form, 30 February, 25:00).
 */
export function parseIsoDate(text: string): number {
  const match = text.length > 40 ? null : iso.exec(text);
  if (match === null) return NaN;
  const [, year, month, day, hour, minute, second, fraction, offset] = match;
  return startOfDay(Number(year), Number(month), Number(day)) + timeOfDay({ hour, minute, second, fraction, offset });
}

/** The first and the last instant of the years 0 to 9999, which ISO 8601 writes with four digits. */
export const writableDates = [-62_167_219_200_000, 253_402_300_799_999] as const;

/** Returns whether it is an instant of {@link writableDates}. */
export function isWritableDate(value: number): boolean {
  return value >= writableDates[0] && value <= writableDates[1];
}

/** Returns whether a date's text includes a time of day. */
export const hasTime = (text: string): boolean => text.includes(":") || /^\d{8}T?\d{4}/.test(text);

/**
 * Formats a date for its column: `YYYY-MM-DD`, or `YYYY-MM-DDTHH:MM:SS.mmmZ`.
 *
 * @param value milliseconds since 1970 UTC, finite, years 0 to 9999.
 */
export function formatDate(value: number, precision: DateColumn["precision"]): string {
  const text = new Date(value).toISOString();
  return precision === "date" ? text.slice(0, 10) : text;
}

function checkDate(column: DateColumn, value: number, shown: unknown): number | CellIssue {
  // A day column drops the time, so that writing a value and reading it again gives the same value.
  const kept = column.precision === "date" ? Math.floor(value / dayMilliseconds) * dayMilliseconds : value;
  const { name, min, max, precision } = column;
  if (!isWritableDate(kept)) return cellIssue(name, "date", shown, "is not in the years 0 to 9999");
  if (min !== undefined && kept < min) {
    return cellIssue(name, "range", shown, `is before the earliest date ${formatDate(min, precision)}`);
  }
  if (max !== undefined && kept > max) {
    return cellIssue(name, "range", shown, `is after the latest date ${formatDate(max, precision)}`);
  }
  return kept;
}

/** Reads a trimmed text in the column's date format, or as ISO 8601; NaN otherwise. */
export function dateReader({ dateFormat }: Pick<DateColumn, "dateFormat">): (text: string) => number {
  if (dateFormat === undefined) return parseIsoDate;
  const written = dateFormatReader(dateFormat);
  return (text) => {
    const value = written.read(text);
    return Number.isNaN(value) ? parseIsoDate(text) : value;
  };
}

/** Reads the text of a date column; the text is trimmed and not a marker. */
export function dateFromText(column: DateColumn): (text: string) => number | CellIssue {
  const { name, dateFormat } = column;
  const read = dateReader(column);
  const written = dateFormat === undefined ? undefined : dateFormatReader(dateFormat);
  const otherwise =
    written === undefined
      ? "is not an ISO 8601 date; write it as 2024-03-31 or 2024-03-31T12:00:00Z"
      : `does not match the date format ${dateFormat}; use that format or 2024-03-31`;
  return (text) => {
    const value = read(text);
    if (!Number.isNaN(value)) return checkDate(column, value, text);
    const exists = !iso.test(text) && written?.fits(text) !== true;
    return cellIssue(name, "date", text, exists ? otherwise : "is not a real day or time");
  };
}

/** Reads a `Date` object of a date column. JSON has dates as text, and those such as 20240331 as a number too. */
export function dateFromJson(column: DateColumn): (value: unknown) => number | CellIssue {
  const fromText = dateFromText(column);
  return (value) => {
    if (typeof value === "number" && column.dateFormat !== undefined) return fromText(String(value));
    if (!(value instanceof Date)) return cellIssue(column.name, "type", value, "is not a date; send an ISO 8601 text");
    const time = value.getTime();
    if (Number.isNaN(time)) return cellIssue(column.name, "date", "Invalid Date", "is not a date");
    return checkDate(column, time, value.toISOString());
  };
}
