import { cosTurns, sinTurns } from "../../../base/elementary.js";
import { parseIsoDate } from "../../contract/cells/date.js";
import { calendarParts, dayMilliseconds, phases } from "./calendar-parts.js";
import { argument, binary, unary, type Evaluate, type Operator } from "./operator.js";
import { periodParameter, textParameter } from "./parameters.js";

const part = { args: ["date"], result: "number", parameters: {} } as const;
const season = { args: ["date"], result: "number", parameters: { period: "period" } } as const;

const remembered = 1024;

/** Evaluates by a function of a date, and remembers its results: many rows share a day, and a calendar takes long. */
function byDay(compute: (date: number) => number): Evaluate {
  const dates = new Float64Array(remembered).fill(NaN);
  const results = new Float64Array(remembered);
  return (out, n, args) => {
    const a = argument(args, 0);
    for (let i = 0; i < n; i++) {
      const date = a[i] as number;
      const slot = (date / dayMilliseconds) & (remembered - 1);
      if (dates[slot] !== date) {
        dates[slot] = date;
        results[slot] = compute(date);
      }
      out[i] = results[slot] as number;
    }
  };
}

/** Operators on dates, all in UTC. */
export const dateOperators = {
  daysBetween: {
    args: ["date", "date"],
    result: "number",
    parameters: {},
    prepare: () => binary((from, to) => (to - from) / dayMilliseconds),
  },
  daysSince: {
    args: ["date"],
    result: "number",
    parameters: { day: "day" },
    prepare: (parameters) => {
      const day = parseIsoDate(textParameter(parameters, "day"));
      return unary((date) => (day - date) / dayMilliseconds);
    },
  },
  yearOf: { ...part, prepare: () => byDay(calendarParts.year) },
  monthOf: { ...part, prepare: () => byDay(calendarParts.month) },
  dayOfMonth: { ...part, prepare: () => byDay(calendarParts.dayOfMonth) },
  dayOfWeek: { ...part, prepare: () => unary(calendarParts.dayOfWeek) },
  seasonSine: {
    ...season,
    prepare: (parameters) => {
      const phase = phases[periodParameter(parameters)];
      return byDay((date) => sinTurns(phase(date)));
    },
  },
  seasonCosine: {
    ...season,
    prepare: (parameters) => {
      const phase = phases[periodParameter(parameters)];
      return byDay((date) => cosTurns(phase(date)));
    },
  },
} as const satisfies Record<string, Operator>;
