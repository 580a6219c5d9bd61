import { ChurnkitError } from "../../base/errors.js";

/**
 * When to retrain whatever the model's state: this many days after the last success began, or at the times (UTC) of a
 * cron expression "minute hour day-of-month month day-of-week" with numbers, `*`, lists, ranges and steps; Sunday is
 * 0 or 7. As in cron, a day matches by either of its two fields if both are restricted.
 */
export type RetrainingSchedule = { readonly everyDays: number } | { readonly cron: string };

const dayMs = 86_400_000;
/** Leap years repeat after 8 years at the latest, so a rarer time never comes. */
const horizonDays = 8 * 366;

const fields = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of the month", min: 1, max: 31 },
  { name: "month", min: 1, max: 12 },
  { name: "day of the week", min: 0, max: 7 },
] as const;

/**
 * The first time of a schedule after another.
 *
 * @param after milliseconds since 1970; the answer is too.
 * @throws ChurnkitError OPTION_INVALID for a cron expression that cannot be read or never matches.
 */
export function nextDue(schedule: RetrainingSchedule, after: number): number {
  return "everyDays" in schedule ? after + schedule.everyDays * dayMs : nextCron(schedule.cron, after);
}

function nextCron(cron: string, after: number): number {
  const [minutes, hours, days, months, weekdays] = parseCron(cron);
  const restricted = (values: ReadonlySet<number>, size: number): boolean => values.size < size;
  const [byDay, byWeekday] = [restricted(days, 31), restricted(weekdays, 7)];
  const dayMatches = (date: Date): boolean => {
    if (!months.has(date.getUTCMonth() + 1)) return false;
    const [day, weekday] = [days.has(date.getUTCDate()), weekdays.has(date.getUTCDay())];
    return byDay && byWeekday ? day || weekday : day && weekday;
  };
  const firstDay = Math.floor(after / dayMs) * dayMs;
  for (let day = firstDay; day <= firstDay + horizonDays * dayMs; day += dayMs) {
    if (!dayMatches(new Date(day))) continue;
    for (const hour of hours) {
      for (const minute of minutes) {
        const time = day + (hour * 60 + minute) * 60_000;
        if (time > after) return time;
      }
    }
  }
  throw invalid(cron, "never comes true");
}

type Cron = readonly [
  minutes: Set<number>,
  hours: Set<number>,
  days: Set<number>,
  months: Set<number>,
  weekdays: Set<number>,
];

function parseCron(cron: string): Cron {
  const parts = cron.length > 200 ? [] : cron.trim().split(/\s+/);
  if (parts.length !== fields.length) throw invalid(cron, "does not have five fields of up to 200 characters together");
  const [minutes, hours, days, months, weekdays] = fields.map((field, i) =>
    parseField(cron, parts[i] ?? "", field),
  ) as unknown as Cron;
  if (weekdays.delete(7)) weekdays.add(0);
  return [minutes, hours, days, months, weekdays];
}

function parseField(cron: string, text: string, { name, min, max }: (typeof fields)[number]): Set<number> {
  const values: number[] = [];
  for (const part of text.split(",")) {
    const [, whole, from, to, step] = /^(?:(\*)|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    const low = whole === undefined ? Number(from) : min;
    // "5/15" runs to the end, as in most crons.
    const high = whole !== undefined || (to === undefined && step !== undefined) ? max : Number(to ?? from);
    const by = Number(step ?? 1);
    if (!(low >= min && high <= max && low <= high && by >= 1))
      throw invalid(cron, `has the ${name} ${JSON.stringify(part)}; use ${min} to ${max}`);
    for (let value = low; value <= high; value += by) values.push(value);
  }
  return new Set(values.sort((a, b) => a - b));
}

function invalid(cron: string, what: string): ChurnkitError {
  return new ChurnkitError(
    "OPTION_INVALID",
    `The schedule ${JSON.stringify(cron.slice(0, 100))} ${what}. Write it as "minute hour day month weekday", such as "0 3 * * 1".`,
    {
      where: { path: "schedule.cron", value: cron.slice(0, 100) },
    },
  );
}
