import { parseIsoDate } from "../../contract/cells/date.js";
import { expressionLimits, type ParameterValue } from "../expression.js";
import { phases, type Period } from "./calendar-parts.js";
import type { Parameters } from "./operator.js";

const finite = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const text = (value: unknown): value is string => typeof value === "string" && value.length <= expressionLimits.text;
const list = <T>(value: unknown, item: (entry: unknown) => entry is T): value is T[] =>
  Array.isArray(value) && value.length > 0 && value.length <= expressionLimits.list && Array.from(value).every(item);
const increasing = (values: readonly number[]): boolean => values.every((v, i) => i === 0 || v > (values[i - 1] ?? v));

/** Kinds of parameters: what a value must be, in words, and the test. `label` and `labels` are also held against the
 * levels of the labeled arguments. */
export const parameterKinds = {
  number: { wants: "a finite number", accepts: finite },
  edges: {
    wants: "a list of increasing finite numbers",
    accepts: (value: unknown) => list(value, finite) && increasing(value),
  },
  label: { wants: "a label", accepts: text },
  labels: { wants: "a list of labels", accepts: (value: unknown) => list(value, text) },
  day: {
    wants: "an ISO 8601 day such as 2024-03-31",
    accepts: (value: unknown) => text(value) && !Number.isNaN(parseIsoDate(value)),
  },
  period: {
    wants: `one of ${Object.keys(phases).join(", ")}`,
    accepts: (value: unknown) => text(value) && Object.hasOwn(phases, value),
  },
} as const satisfies Record<string, { wants: string; accepts: (value: unknown) => boolean }>;

export type ParameterKind = keyof typeof parameterKinds;

/** Returns the labels that a parameter of kind `label` or `labels` names. */
export function labelsIn(value: ParameterValue): readonly string[] {
  return (Array.isArray(value) ? value : [value]).map(String);
}

/** Returns a number parameter; it was checked with the expression. */
export function numberParameter(parameters: Parameters, name: string): number {
  return Number(parameters[name]);
}

export function numbersParameter(parameters: Parameters, name: string): Float64Array {
  const value = parameters[name];
  return Float64Array.from(Array.isArray(value) ? value : [], Number);
}

export function textParameter(parameters: Parameters, name: string): string {
  return String(parameters[name]);
}

export function periodParameter(parameters: Parameters): Period {
  return parameters["period"] === "week" ? "week" : "year";
}
