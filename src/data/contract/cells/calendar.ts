export const dayMilliseconds = 86_400_000;

/**
 * Returns the milliseconds since 1970 UTC of a day in the proleptic Gregorian calendar, or NaN for a day that does
 * not exist.
 */
export function startOfDay(year: number, month: number, day: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const inMonth = month === 2 ? (leap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= inMonth)) return NaN;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime();
}

/** Returns the milliseconds of an offset such as Z, UTC, +02:00 or -0530 to UTC; NaN if it is out of range. */
function offsetMilliseconds(offset: string): number {
  if (!/^[+-]/.test(offset)) return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(3).replace(":", "") || "0");
  if (hours > 23 || minutes > 59) return NaN;
  return (offset.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** A time of day as its digits; missing parts are 0. `half` is "a" or "p" on a 12-hour clock. */
interface ClockText {
  readonly hour?: string | undefined;
  readonly minute?: string | undefined;
  readonly second?: string | undefined;
  readonly fraction?: string | undefined;
  readonly half?: string | undefined;
  readonly offset?: string | undefined;
}

/**
 * Returns the milliseconds since the start of the UTC day. The offset can make them negative or more than a day; NaN
 * for a time that does not exist.
 */
export function timeOfDay({
  hour = "0",
  minute = "0",
  second = "0",
  fraction = "0",
  half,
  offset = "",
}: ClockText): number {
  const twelve = half !== undefined;
  const given = Number(hour);
  if (twelve && (given < 1 || given > 12)) return NaN;
  const h = twelve ? (given % 12) + (half.toLowerCase() === "p" ? 12 : 0) : given;
  const m = Number(minute);
  const s = Number(second);
  if (h > 23 || m > 59 || s > 59) return NaN;
  return (
    ((h * 60 + m) * 60 + s) * 1000 + Math.floor(Number(`0.${fraction}`) * 1000 + 1e-6) - offsetMilliseconds(offset)
  );
}
