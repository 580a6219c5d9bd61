import type { VirtualClock } from "../clock.js";
import { invalid } from "../front/aws-error.js";

const units: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/** The next time of a schedule after a time; undefined if there is none. */
export type Schedule = (after: number) => number | undefined;

/** Calls something at each time of a schedule. Returns how to end it. */
export function watchSchedule(clock: VirtualClock, next: Schedule, tick: () => void): () => void {
  let cancel = (): void => undefined;
  const wait = (): void => {
    const time = next(clock.now());
    if (time === undefined) return;
    cancel = clock.at(time, () => {
      wait();
      tick();
    });
  };
  wait();
  return () => cancel();
}

/**
 * Reads a schedule of EventBridge: `rate(1 hour)`, or `cron(0 3 ? * MON *)` with values, names, lists, ranges and steps.
 *
 * @throws AwsError ValidationException for a schedule that EventBridge or the rehearsal does not know.
 */
export function readSchedule(expression: string): Schedule {
  const [, amount, unit = ""] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const step = Number(amount) * (units[unit] ?? NaN);
  if (step > 0) return (after) => after + step;
  const fields = /^cron\((.+)\)$/.exec(expression)?.[1]?.trim().split(/\s+/) ?? [];
  if (fields.length !== 6) throw invalid(`Parameter ScheduleExpression is not valid: ${expression}`);
  const [minutes = "", hours = "", days = "", month = "", weekday = "", years = ""] = fields;
  const minute = setOf(minutes, 0, 59);
  const hour = setOf(hours, 0, 23);
  const day = setOf(days, 1, 31);
  const inMonth = setOf(month, 1, 12, months);
  const onWeekday = setOf(weekday, 1, 7, weekdays);
  const inYear = setOf(years, 1970, 2199);
  return (after) => {
    const time = new Date(after);
    time.setUTCSeconds(60, 0);
    for (let tries = 0; tries < 100_000 && time.getUTCFullYear() < 2200; tries++) {
      const isDay =
        inYear.has(time.getUTCFullYear()) &&
        inMonth.has(time.getUTCMonth() + 1) &&
        day.has(time.getUTCDate()) &&
        onWeekday.has(time.getUTCDay() + 1);
      if (!isDay) time.setUTCHours(24, 0, 0, 0);
      else if (!hour.has(time.getUTCHours())) time.setUTCMinutes(60, 0, 0);
      else if (!minute.has(time.getUTCMinutes())) time.setUTCMinutes(time.getUTCMinutes() + 1);
      else return time.getTime();
    }
    return undefined;
  };
}

/** The numbers that a field of a cron expression stands for. */
function setOf(field: string, least: number, most: number, names: readonly string[] = []): ReadonlySet<number> {
  const number = (text: string): number => {
    const named = names.indexOf(text.toUpperCase());
    const value = named >= 0 ? named + least : Number(text);
    if (text === "" || !Number.isInteger(value) || value < least || value > most)
      throw invalid(`The rehearsal does not know ${text} in a cron expression.`);
    return value;
  };
  const found = new Set<number>();
  for (const part of field.split(",")) {
    const [range = "", step] = part.split("/");
    const [from = "", to] = range === "*" || range === "?" ? [String(least), String(most)] : range.split("-");
    const first = number(from);
    const last = to !== undefined ? number(to) : step !== undefined ? most : first;
    for (let value = first; value <= last; value += step === undefined ? 1 : Math.max(Number(step), 1))
      found.add(value);
  }
  return found;
}
