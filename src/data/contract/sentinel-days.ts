import type { Range } from "./contract.js";
import { dayMilliseconds } from "./cells/calendar.js";

/** Minimum distance of a filler from all other dates of its column. */
const gap = 3652.5 * dayMilliseconds;

const startOf = (value: number): number => Math.floor(value / dayMilliseconds) * dayMilliseconds;

/** Limits of databases and libraries: their last days, and first days other than New Year. */
const limits = new Set([
  Date.UTC(1677, 8, 21),
  Date.UTC(1752, 8, 14),
  Date.UTC(1858, 10, 17),
  Date.UTC(1899, 11, 30),
  Date.UTC(2038, 0, 19),
  Date.UTC(2079, 5, 6),
  Date.UTC(2262, 3, 11),
]);

const ordinary: Range = { min: Date.UTC(1911, 0, 0), max: Date.UTC(2050, 0, 1) };

/**
 * Returns the UTC day of a date (milliseconds since 1970 UTC) that may be a filler for "no date": New Year, New
 * Year's Eve or the limit of a type, before 1911, in or about 1970, or from 2050 on, such as 0001-01-01, 1900-01-01,
 * 1970-01-01 and 9999-12-31. Undefined for any other.
 */
export function sentinelDay(value: number): number | undefined {
  const day = startOf(value);
  // Nearly all dates end here.
  if (day > ordinary.min && day < ordinary.max && Math.abs(day) > dayMilliseconds && !limits.has(day)) return undefined;
  if (limits.has(day)) return day;
  const date = new Date(day);
  const month = date.getUTCMonth();
  const inMonth = date.getUTCDate();
  return (month === 0 && inMonth === 1) || (month === 11 && inMonth === 31) ? day : undefined;
}

/**
 * Returns whether a sentinel day (see {@link sentinelDay}) is far from all the other dates of its column, whose range
 * is given.
 */
export const isFarFrom = (day: number, { min, max }: Range): boolean =>
  min <= max && (day < min - gap || day > max + gap);
