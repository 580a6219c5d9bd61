import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextDue } from "../../../src/monitor/retraining/schedule.js";
import { budget } from "../../helpers/budget.js";

const time = (text: string): number => Date.parse(`${text}Z`);
const next = (cron: string, after: string): string =>
  new Date(nextDue({ cron }, time(after))).toISOString().slice(0, 16);

describe("nextDue", () => {
  it("adds days", () => expect(nextDue({ everyDays: 1.5 }, time("2026-11-21T12:00"))).toBe(time("2026-11-23T00:00")));

  it.each([
    ["0 3 * * *", "2026-11-21T02:59", "2026-11-21T03:00"],
    ["0 3 * * *", "2026-11-21T03:00", "2026-11-22T03:00"],
    ["*/15 * * * *", "2026-11-21T12:01", "2026-11-21T12:15"],
    ["5/20 0 * * *", "2026-11-21T12:01", "2026-11-22T00:05"],
    ["30 8-10/2,23 * * *", "2026-11-21T08:30", "2026-11-21T10:30"],
    ["0 0 1 * *", "2026-11-21T00:00", "2026-12-01T00:00"],
    ["0 0 31 * *", "2026-11-01T00:00", "2026-12-31T00:00"],
    ["0 0 29 2 *", "2026-11-21T00:00", "2028-02-29T00:00"],
    ["0 0 29 2 *", "2097-01-01T00:00", "2104-02-29T00:00"],
    ["0 3 * * 1", "2026-11-21T00:00", "2026-11-23T03:00"],
    ["0 3 * * 7", "2026-11-21T00:00", "2026-11-22T03:00"],
    ["0 3 * * 0", "2026-11-21T00:00", "2026-11-22T03:00"],
    ["0 3 13 * 5", "2026-11-21T00:00", "2026-11-27T03:00"],
    ["0 3 24 * 5", "2026-11-21T00:00", "2026-11-24T03:00"],
    ["59 23 31 12 *", "2026-12-31T23:59", "2027-12-31T23:59"],
  ])("%s after %s is %s", (cron, after, due) => expect(next(cron, after)).toBe(due));

  it.each([
    "",
    "* * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 8",
    "5-3 * * * *",
    "*/0 * * * *",
    "a * * * *",
    "0 0 30 2 *",
    "1,,2 * * * *",
    `${"1,".repeat(200)}1 * * * *`,
  ])("refuses %j", (cron) =>
    expect(() => nextDue({ cron }, 0)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error),
  );

  it("is the first minute that matches, by trying every minute", () => {
    const field = (min: number, max: number): fc.Arbitrary<string> =>
      fc.oneof(
        fc.constant("*"),
        fc.integer({ min, max }).map(String),
        fc
          .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
          .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}/2`),
      );
    const holds = (text: string, value: number): boolean => {
      const [range = "", step = "1"] = text.split("/");
      const [low = 0, high = low] = range === "*" ? [0, Infinity] : range.split("-").map(Number);
      return value >= low && value <= high && (value - low) % Number(step) === 0;
    };
    fc.assert(
      fc.property(
        field(0, 59),
        field(0, 23),
        field(1, 28),
        field(0, 6),
        fc.integer({ min: 0, max: 10_000_000 }),
        (minute, hour, day, weekday, minutes) => {
          const after = time("2026-01-01T00:00") + minutes * 60_000;
          const matches = (at: number): boolean => {
            const date = new Date(at);
            const [byDay, byWeekday] = [holds(day, date.getUTCDate()), holds(weekday, date.getUTCDay())];
            const either = day !== "*" && weekday !== "*" && !(weekday === "0-6/1");
            return (
              holds(minute, date.getUTCMinutes()) &&
              holds(hour, date.getUTCHours()) &&
              (either ? byDay || byWeekday : byDay && byWeekday)
            );
          };
          const found = nextDue({ cron: `${minute} ${hour} ${day} * ${weekday}` }, after);
          expect(matches(found)).toBe(true);
          // All minutes between would take too long: those of the first two days, and of the found one.
          const tried = [
            ...Array.from({ length: 2880 }, (_, i) => after + (i + 1) * 60_000),
            ...Array.from({ length: 1440 }, (_, i) => found - (i + 1) * 60_000),
          ];
          expect(tried.filter((at) => at > after && at < found && matches(at))).toEqual([]);
        },
      ),
      { numRuns: budget(60) },
    );
  });
});
