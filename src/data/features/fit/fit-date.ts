import { formatDate } from "../../contract/cells/date.js";
import type { Expression } from "../expression.js";
import { dayOfMonth, daysSince, seasonality } from "../expressions/date-builders.js";
import type { DateEncoding } from "../policy.js";
import type { DerivedColumn } from "../recipe.js";

/** A number derived from a date. */
export interface DatePart extends DerivedColumn {
  /** One derived number is enough to show that the date is missing. */
  readonly indicator: boolean;
}

const earliest = Date.UTC(1, 0, 1);
const latest = Date.UTC(9999, 11, 31);

/** Returns the newest day among dates in milliseconds, as ISO text; undefined if all are missing. */
function newestDay(values: Float64Array): string | undefined {
  const newest = values.reduce((a, b) => (b > a ? b : a), -Infinity);
  return newest === -Infinity ? undefined : formatDate(Math.min(Math.max(newest, earliest), latest), "date");
}

/**
 * Returns the numbers that encode a date: its age in days on the newest training day, and its position in the year,
 * the month and the week.
 *
 * @param unused Returns whether a name is still free.
 */
export function dateParts(
  name: string,
  values: Float64Array,
  encode: DateEncoding,
  unused: (name: string) => boolean,
): DatePart[] {
  const newest = newestDay(values);
  if (newest === undefined) return [];
  const date = { op: "column", name } as const;
  const year = seasonality(date, "year");
  const week = seasonality(date, "week");
  const age: [string, Expression][] = [["age in days", daysSince(date, newest)]];
  const calendar: [string, Expression][] = [
    ["year sine", year.sine],
    ["year cosine", year.cosine],
    ["day of month", dayOfMonth(date)],
    ["week sine", week.sine],
    ["week cosine", week.cosine],
  ];
  const parts = encode === "age" ? age : encode === "calendar" ? calendar : [...age, ...calendar];
  return parts.map(([part, expression], i) => {
    let own = `${name} (${part})`;
    while (!unused(own)) own += "'";
    return { name: own, expression, indicator: i === 0 };
  });
}
