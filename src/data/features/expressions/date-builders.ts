import type { DateExpression, NumericExpression } from "../expression.js";
import { call } from "./builders.js";
import type { Period } from "./calendar-parts.js";

/** Days from one date to another, with fractions; negative if `to` is earlier. */
export const daysBetween = (from: DateExpression, to: DateExpression): NumericExpression =>
  call("daysBetween", [from, to]);

/**
 * Days between the date and a fixed later day (ISO 8601, such as "2026-01-31", midnight UTC).
 *
 * @example
 * ```ts
 * import { column, dayOfMonth, dayOfWeek, daysSince, monthOf, yearOf } from "churnkit/data";
 *
 * const signup = column("signup");
 * const derive = () => ({
 *   age: daysSince(signup, "2026-01-31"),
 *   year: yearOf(signup),
 *   month: monthOf(signup),
 *   dayOfMonth: dayOfMonth(signup),
 *   dayOfWeek: dayOfWeek(signup),
 * });
 * console.assert(Object.keys(derive()).length === 5);
 * ```
 */
export const daysSince = (date: DateExpression, day: string): NumericExpression => call("daysSince", [date], { day });

/** The calendar year, UTC. */
export const yearOf = (date: DateExpression): NumericExpression => call("yearOf", [date]);

/** The month, 1 to 12, UTC. */
export const monthOf = (date: DateExpression): NumericExpression => call("monthOf", [date]);

/** The day of the month, 1 to 31, UTC. */
export const dayOfMonth = (date: DateExpression): NumericExpression => call("dayOfMonth", [date]);

/** The day of the week, 1 for Monday to 7 for Sunday (ISO 8601), UTC. */
export const dayOfWeek = (date: DateExpression): NumericExpression => call("dayOfWeek", [date]);

/**
 * A date's position in its year or week as a point on a circle, so that December is next to January: both in [-1, 1].
 */
export interface Seasonality {
  readonly sine: NumericExpression;
  readonly cosine: NumericExpression;
}

/**
 * Sine and cosine of the elapsed share of its year (from 1 January) or week (from Monday) at a date, UTC.
 *
 * @example
 * ```ts
 * import { seasonality, type DateExpression } from "churnkit/data";
 *
 * const derive = (c: { signup: DateExpression }) => {
 *   const { sine, cosine } = seasonality(c.signup, "year");
 *   return { signupSeasonSine: sine, signupSeasonCosine: cosine };
 * };
 * console.assert(derive({ signup: { op: "column", name: "signup" } }).signupSeasonSine.op === "seasonSine");
 * ```
 */
export function seasonality(date: DateExpression, period: Period): Seasonality {
  return { sine: call("seasonSine", [date], { period }), cosine: call("seasonCosine", [date], { period }) };
}
