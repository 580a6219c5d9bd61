import { cosTurns, sinTurns } from "../../../base/elementary.js";
import { parseIsoDate } from "../../contract/cells/date.js";
import { calendarParts, dayMilliseconds, phases } from "./calendar-parts.js";
import { binary, unary, type Operator } from "./operator.js";
import { periodParameter, textParameter } from "./parameters.js";

const part = { args: ["date"], result: "number", parameters: {} } as const;
const season = { args: ["date"], result: "number", parameters: { period: "period" } } as const;

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
  yearOf: { ...part, prepare: () => unary(calendarParts.year) },
  monthOf: { ...part, prepare: () => unary(calendarParts.month) },
  dayOfMonth: { ...part, prepare: () => unary(calendarParts.dayOfMonth) },
  dayOfWeek: { ...part, prepare: () => unary(calendarParts.dayOfWeek) },
  seasonSine: {
    ...season,
    prepare: (parameters) => {
      const phase = phases[periodParameter(parameters)];
      return unary((date) => sinTurns(phase(date)));
    },
  },
  seasonCosine: {
    ...season,
    prepare: (parameters) => {
      const phase = phases[periodParameter(parameters)];
      return unary((date) => cosTurns(phase(date)));
    },
  },
} as const satisfies Record<string, Operator>;
