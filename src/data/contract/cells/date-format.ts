import { startOfDay, timeOfDay } from "./calendar.js";

const months = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];

/** Returns the month of an English name, complete or by its first three letters (or "sept"); NaN for any other text. */
function monthOf(name: string): number {
  const lower = name.toLowerCase();
  const index = months.findIndex(
    (month) => month === lower || month.slice(0, 3) === lower || (month === "september" && lower === "sept"),
  );
  return index < 0 ? NaN : index + 1;
}

/** Reads a year of two digits as POSIX does: 69 to 99 are in the 20th century. */
const fullYear = (year: number): number => year + (year < 69 ? 2000 : 1900);

type Part = "year" | "shortYear" | "month" | "monthName" | "day";

/** Maps a token to the part of a day, in any case. The time was already cut off, so `mm` is never a minute. */
const partOf = (token: string): Part | undefined => {
  if (/^MMMM?$/.test(token)) return "monthName";
  if (/^mm?$/i.test(token)) return "month";
  if (/^dd?$/i.test(token)) return "day";
  return /^yyyy$/i.test(token) ? "year" : /^yy$/i.test(token) ? "shortYear" : undefined;
};

/** Returns the pattern of a part; the number of digits is fixed where another part is adjacent. */
function patternOf(part: Part, beside: boolean, token: string): string {
  switch (part) {
    case "year":
      return "(\\d{4})";
    case "shortYear":
      return "(\\d{2})";
    case "monthName":
      return "([A-Za-z]{3,9})\\.?";
    default:
      return beside ? `(\\d{${token.length}})` : "(\\d{1,2})";
  }
}

/** Text that may follow a day in a format. Any clock is read, so the format of the time does not matter. */
const timeInFormat = /(?:(?:,? |'?T'?|,)(?:HH|H|hh|h):mm(?::ss(?:[.,]S+)?)?(?: ?a)?(?: ?(?:Z|X{1,3}|x{1,3}|z|UTC))?)$/;

const time =
  "(?:(?:[Tt]|,?\\s+)(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9}))?)?(?:\\s?([AaPp])\\.?[Mm]\\.?)?\\s?([Zz]|UTC|GMT|[+-]\\d{2}(?::?\\d{2})?)?)?";

/** The basic form of ISO 8601, without separators: `20240331T120000Z`. */
const basic = /^(\d{8})T?(\d{2})(\d{2})(\d{2})?((?:Z|[+-]\d{2}:?\d{2})?)$/;
const basicFormat = /^(?:yyyyMMdd|ddMMyyyy|MMddyyyy)$/i;

const weekday = "(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\\s+)?";

const longest = 60;

/** Reads dates of one form. */
export interface DateFormatReader {
  /** Milliseconds since 1970 UTC; NaN if the text does not have this form, or the day or time does not exist. */
  read(text: string): number;
  /** Returns whether the text has this form, even if the day does not exist. */
  fits(text: string): boolean;
}

interface Compiled {
  readonly pattern: RegExp;
  readonly parts: readonly Part[];
}

/** Returns the pattern of a format and the meaning of its groups, or the problem with it. */
function compileFormat(format: string): Compiled | string {
  if (format.length > longest) return `it is longer than ${longest} characters`;
  const day = format.replace(timeInFormat, "");
  const pieces = day.match(/([A-Za-z])\1*|[^A-Za-z]+/g) ?? [];
  const parts: Part[] = [];
  let pattern = "";
  for (const [i, piece] of pieces.entries()) {
    if (!/^[A-Za-z]/.test(piece)) {
      if (/\d/.test(piece)) return "it has a digit where a letter of the pattern should be";
      pattern += /^\s+$/.test(piece) ? "\\s+" : piece.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&").replace(/\s+/g, "\\s+");
      continue;
    }
    const part = partOf(piece);
    if (part === undefined)
      return `${JSON.stringify(piece)} is not a part of a date; use yyyy, yy, MM, MMM, dd, such as dd/MM/yyyy`;
    const beside = [pieces[i - 1], pieces[i + 1]].some((other) => other !== undefined && /^[A-Za-z]/.test(other));
    pattern += patternOf(part, beside, piece);
    parts.push(part);
  }
  const kinds = parts.map((part) => (part === "shortYear" ? "year" : part === "monthName" ? "month" : part));
  if (new Set(kinds).size !== kinds.length) return "it has a part of the date twice";
  if (!kinds.includes("year") || !kinds.includes("month")) return "it needs a year and a month, such as dd/MM/yyyy";
  return { pattern: new RegExp(`^${parts.includes("monthName") ? weekday : ""}${pattern}${time}$`), parts };
}

/** Problem with a format of dates, or undefined. */
export function dateFormatProblem(format: string): string | undefined {
  const compiled = compileFormat(format);
  return typeof compiled === "string"
    ? `the date format ${JSON.stringify(format.slice(0, longest))} cannot be used: ${compiled}`
    : undefined;
}

/**
 * Makes the reader of a format such as `dd/MM/yyyy`, `d MMM yyyy` (English names of months), `MM/yyyy` (its first
 * day) or `yyyyMMdd`. One digit is accepted for two, unless parts are adjacent. A time of day may follow, with 24
 * hours or with AM and PM, and an offset; without one it is UTC. A format that {@link dateFormatProblem} refuses
 * reads nothing.
 */
export function dateFormatReader(format: string): DateFormatReader {
  const compiled = compileFormat(format);
  const { pattern, parts } = typeof compiled === "string" ? { pattern: /^(?!)/, parts: [] } : compiled;
  const isBasic = basicFormat.test(format);
  const matchOf = (text: string): RegExpExecArray | null => {
    if (text.length > longest) return null;
    return pattern.exec(
      isBasic
        ? text.replace(basic, (_, day, h, m, s: string | undefined, offset) => `${day} ${h}:${m}:${s ?? "00"}${offset}`)
        : text,
    );
  };
  return {
    fits: (text) => matchOf(text) !== null,
    read(text) {
      const match = matchOf(text);
      if (match === null) return NaN;
      const value: Partial<Record<Part, string>> = Object.fromEntries(parts.map((part, i) => [part, match[i + 1]]));
      const year = value.shortYear === undefined ? Number(value.year) : fullYear(Number(value.shortYear));
      const month = value.monthName === undefined ? Number(value.month) : monthOf(value.monthName);
      const day = Number(value.day ?? "1");
      const [hour, minute, second, fraction, half, offset] = match.slice(parts.length + 1);
      return startOfDay(year, month, day) + timeOfDay({ hour, minute, second, fraction, half, offset });
    },
  };
}
