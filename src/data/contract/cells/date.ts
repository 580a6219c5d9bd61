import type { CellIssue } from "../../table/table.js";
import type { DateColumn } from "../contract.js";
import { cellIssue } from "./issue.js";

const iso =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?([Zz]|[+-]\d{2}(?::?\d{2})?)?)?$/;

const dayMilliseconds = 86_400_000;

/** Days since 1970-01-01 of a day in the proleptic Gregorian calendar, or NaN where there is no such day. */
function dayNumber(year: number, month: number, day: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const inMonth = month === 2 ? (leap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  if (month < 1 || month > 12 || day < 1 || day > inMonth) return NaN;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime() / dayMilliseconds;
}

/** Milliseconds of an offset such as Z, +02:00 or -0530 to UTC; NaN where it is out of range. */
function offsetMilliseconds(offset: string): number {
  if (offset === "" || offset === "Z" || offset === "z") return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(3).replace(":", "") || "0");
  if (hours > 23 || minutes > 59) return NaN;
  return (offset.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/**
 * Reads an ISO 8601 calendar date, with or without a time of day; a time without an offset is UTC, and so is a date.
 *
 * @returns milliseconds since 1970 UTC, or NaN where the text is no such date (wrong form, 30 February, 25:00).
 */
export function parseIsoDate(text: string): number {
  const match = text.length > 40 ? null : iso.exec(text);
  if (match === null) return NaN;
  const [, year = "", month = "", day = "", hour = "0", minute = "0", second = "0", fraction = "0", offset = ""] = match;
  const h = Number(hour);
  const m = Number(minute);
  const s = Number(second);
  if (h > 23 || m > 59 || s > 59) return NaN;
  const time = ((h * 60 + m) * 60 + s) * 1000 + Math.floor(Number(`0.${fraction}`) * 1000 + 1e-6);
  return dayNumber(Number(year), Number(month), Number(day)) * dayMilliseconds + time - offsetMilliseconds(offset);
}

/** Is it an instant of the years 0 to 9999, which ISO 8601 writes with four digits? */
export function isWritableDate(value: number): boolean {
  return value >= -62_167_219_200_000 && value <= 253_402_300_799_999;
}

/** Does the text name a time of day as well? It is a valid ISO date. */
export function hasTime(text: string): boolean {
  return text.length > 10;
}

/**
 * Writes a date in its column's form: `YYYY-MM-DD`, or `YYYY-MM-DDTHH:MM:SS.mmmZ`.
 *
 * @param value milliseconds since 1970 UTC, finite, years 0 to 9999.
 */
export function formatDate(value: number, precision: DateColumn["precision"]): string {
  const text = new Date(value).toISOString();
  return precision === "date" ? text.slice(0, 10) : text;
}

function checkDate(column: DateColumn, value: number, shown: unknown): number | CellIssue {
  // A day column forgets the time, so that writing a value and reading it again gives the same value.
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

/** Reads the text of a date column; the text is trimmed and not missing. */
export function dateFromText(column: DateColumn): (text: string) => number | CellIssue {
  return (text) => {
    const value = parseIsoDate(text);
    if (!Number.isNaN(value)) return checkDate(column, value, text);
    const problem = iso.test(text)
      ? "is a day or time that does not exist"
      : "is not an ISO 8601 date; write it as 2024-03-31 or 2024-03-31T12:00:00Z";
    return cellIssue(column.name, "date", text, problem);
  };
}

/** Reads a `Date` object of a date column; JSON itself has dates as text only. */
export function dateFromJson(column: DateColumn): (value: unknown) => number | CellIssue {
  return (value) => {
    if (!(value instanceof Date)) return cellIssue(column.name, "type", value, "is not a date; send an ISO 8601 text");
    const time = value.getTime();
    if (Number.isNaN(time)) return cellIssue(column.name, "date", "Invalid Date", "is not a date");
    return checkDate(column, time, value.toISOString());
  };
}
