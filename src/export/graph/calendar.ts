import { dayMilliseconds } from "./columns.js";
import { add, constant, divide, less, multiply, subtract, unary, where, type NumberNode } from "./node.js";

const floored = (a: NumberNode, by: number): NumberNode => unary("floor", divide(a, constant(by)));
const times = (a: NumberNode, by: number): NumberNode => multiply(a, constant(by));
const plus = (a: NumberNode, by: number): NumberNode => add(a, constant(by));

const days = (time: NumberNode): NumberNode => divide(time, constant(dayMilliseconds));

/** Year, month and day of an instant: the arithmetic of `civilDay` of the encoder. */
function civilDay(time: NumberNode): {
  readonly year: NumberNode;
  readonly month: NumberNode;
  readonly day: NumberNode;
} {
  const shifted = plus(unary("floor", days(time)), 719_468);
  const era = floored(shifted, 146_097);
  const dayOfEra = subtract(shifted, times(era, 146_097));
  const leapless = subtract(
    add(subtract(dayOfEra, floored(dayOfEra, 1460)), floored(dayOfEra, 36_524)),
    floored(dayOfEra, 146_096),
  );
  const yearOfEra = floored(leapless, 365);
  const before = subtract(add(times(yearOfEra, 365), floored(yearOfEra, 4)), floored(yearOfEra, 100));
  const dayOfYear = subtract(dayOfEra, before);
  const monthFromMarch = floored(plus(times(dayOfYear, 5), 2), 153);
  const month = plus(monthFromMarch, 3);
  return {
    day: plus(subtract(dayOfYear, floored(plus(times(monthFromMarch, 153), 2), 5)), 1),
    month: where(less(monthFromMarch, constant(10)), month, plus(month, -12)),
    // January and February are at the end of a year that begins in March.
    year: add(add(yearOfEra, times(era, 400)), where(less(monthFromMarch, constant(10)), constant(0), constant(1))),
  };
}

/** The day number of 1 January of a year. */
function newYear(year: NumberNode): NumberNode {
  const before = plus(year, -1);
  const leapDays = add(subtract(floored(before, 4), floored(before, 100)), floored(before, 400));
  return plus(add(times(plus(year, -1970), 365), leapDays), -477);
}

/** Parts of an instant, as the encoder's `calendarParts`. */
export const calendarNodes = {
  yearOf: (time: NumberNode): NumberNode => civilDay(time).year,
  monthOf: (time: NumberNode): NumberNode => civilDay(time).month,
  dayOfMonth: (time: NumberNode): NumberNode => civilDay(time).day,
  dayOfWeek: (time: NumberNode): NumberNode => {
    const day = plus(unary("floor", days(time)), 3);
    return plus(subtract(day, times(floored(day, 7), 7)), 1);
  },
} as const;

/** The position of an instant in its year or ISO week, in turns. */
export const phaseNodes = {
  year: (time: NumberNode): NumberNode => {
    const { year } = civilDay(time);
    const start = newYear(year);
    return divide(subtract(days(time), start), subtract(newYear(plus(year, 1)), start));
  },
  week: (time: NumberNode): NumberNode => {
    const day = plus(days(time), 3);
    return divide(subtract(day, times(floored(day, 7), 7)), constant(7));
  },
} as const;
