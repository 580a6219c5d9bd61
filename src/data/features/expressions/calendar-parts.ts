/** Milliseconds of a day in UTC, where every day has the same length. */
export const dayMilliseconds = 86_400_000;

/**
 * Year, month, day of a day number in the proleptic Gregorian calendar, without making a `Date` for each row. Days are
 * counted in years that begin in March, so that a leap day is the last of its year (the usual civil-from-days method).
 */
export interface CivilDay {
  year: number;
  /** 1 to 12. */
  month: number;
  /** 1 to 31. */
  day: number;
}

/** Days of 400 years, after which the calendar repeats. */
const eraDays = 146_097;
/** From 0000-03-01 to 1970-01-01. */
const epochOffset = 719_468;

/** Writes the civil day of `dayNumber` (whole days since 1970-01-01) into `out`. */
export function civilDay(dayNumber: number, out: CivilDay): CivilDay {
  const shifted = dayNumber + epochOffset;
  const era = Math.floor(shifted / eraDays);
  const dayOfEra = shifted - era * eraDays;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  // Months from March: 31, 30, 31, 30, 31 days repeat every 153.
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  out.day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  out.month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  out.year = yearOfEra + era * 400 + (out.month <= 2 ? 1 : 0);
  return out;
}

/** The day number of 1 January of a year. */
export function newYear(year: number): number {
  const before = year - 1;
  return 365 * (year - 1970) + Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400) - 477;
}

const scratch: CivilDay = { year: 0, month: 0, day: 0 };

/** Parts of an instant in milliseconds since 1970 UTC. Each gives NaN for NaN. */
export const calendarParts = {
  year: (time: number): number => civilDay(Math.floor(time / dayMilliseconds), scratch).year,
  month: (time: number): number => civilDay(Math.floor(time / dayMilliseconds), scratch).month,
  dayOfMonth: (time: number): number => civilDay(Math.floor(time / dayMilliseconds), scratch).day,
  /** 1 is Monday, 7 Sunday (ISO 8601). */
  dayOfWeek: (time: number): number => {
    const day = Math.floor(time / dayMilliseconds) + 3;
    return day - Math.floor(day / 7) * 7 + 1;
  },
} as const;

/** Returns the position of an instant in its year or ISO week, in [0, 1). NaN for NaN. */
export const phases = {
  year: (time: number): number => {
    const days = time / dayMilliseconds;
    const { year } = civilDay(Math.floor(days), scratch);
    const start = newYear(year);
    return (days - start) / (newYear(year + 1) - start);
  },
  week: (time: number): number => {
    const days = time / dayMilliseconds + 3;
    return (days - Math.floor(days / 7) * 7) / 7;
  },
} as const;

export type Period = keyof typeof phases;
