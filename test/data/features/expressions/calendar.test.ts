import fc from "fast-check";
import { expect, it } from "vitest";
import {
  calendarParts,
  civilDay,
  dayMilliseconds,
  newYear,
  phases,
} from "../../../../src/data/features/expressions/calendar-parts.js";

it("agrees with Date on every day of 8 centuries, and on any instant", () => {
  const first = Date.UTC(1600, 0, 1) / dayMilliseconds;
  const out = { year: 0, month: 0, day: 0 };
  for (let day = first; day < first + 292_194; day += 1) {
    const date = new Date(day * dayMilliseconds);
    civilDay(day, out);
    if (out.year !== date.getUTCFullYear() || out.month !== date.getUTCMonth() + 1 || out.day !== date.getUTCDate()) {
      expect(out).toEqual(date.toISOString());
    }
  }
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true, min: new Date("0001-01-01"), max: new Date("9999-12-31") }), (date) => {
      const time = date.getTime();
      expect(calendarParts.year(time)).toBe(date.getUTCFullYear());
      expect(calendarParts.month(time)).toBe(date.getUTCMonth() + 1);
      expect(calendarParts.dayOfMonth(time)).toBe(date.getUTCDate());
      expect(calendarParts.dayOfWeek(time)).toBe(date.getUTCDay() || 7);
      const january = newYear(date.getUTCFullYear()) * dayMilliseconds;
      expect(new Date(january).getUTCMonth()).toBe(0);
      for (const phase of [phases.year(time), phases.week(time)]) {
        expect(phase).toBeGreaterThanOrEqual(0);
        expect(phase).toBeLessThan(1);
      }
    }),
  );
});

it("passes missing on", () => {
  for (const of of [...Object.values(calendarParts), ...Object.values(phases)]) expect(of(NaN)).toBeNaN();
});
