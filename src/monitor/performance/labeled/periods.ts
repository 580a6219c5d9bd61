import { ChurnkitError } from "../../../base/errors.js";

/** The lengths of a period. Weeks begin on Monday; all are of UTC. */
export const periodLengths = ["hour", "day", "week", "month"] as const;
/** A name of {@link periodLengths}. */
export type PeriodLength = (typeof periodLengths)[number];

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** 1970 began on a Thursday. */
const MONDAY = 4 * DAY;

/** @throws ChurnkitError OPTION_INVALID for another length. */
export function checkPeriod(length: string): asserts length is PeriodLength {
  if ((periodLengths as readonly string[]).includes(length)) return;
  throw new ChurnkitError("OPTION_INVALID", `The period is "${length}". Choose one of ${periodLengths.join(", ")}.`);
}

/** The first millisecond of the period that a time falls into. */
export function periodStart(time: number, length: PeriodLength): number {
  switch (length) {
    case "hour":
      return Math.floor(time / HOUR) * HOUR;
    case "day":
      return Math.floor(time / DAY) * DAY;
    case "week":
      return Math.floor((time - MONDAY) / (7 * DAY)) * 7 * DAY + MONDAY;
    case "month": {
      const date = new Date(time);
      return monthStart(date.getUTCFullYear(), date.getUTCMonth());
    }
  }
}

/** The first millisecond after the period that begins at `start`. */
export function periodEnd(start: number, length: PeriodLength): number {
  if (length === "hour") return start + HOUR;
  if (length === "day") return start + DAY;
  if (length === "week") return start + 7 * DAY;
  const date = new Date(start);
  return monthStart(date.getUTCFullYear(), date.getUTCMonth() + 1);
}

function monthStart(year: number, month: number): number {
  const date = new Date(0);
  // Date.UTC reads the years 0 to 99 as years of the last century.
  return date.setUTCFullYear(year, month, 1);
}
