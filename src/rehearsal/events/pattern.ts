import { invalid } from "../front/aws-error.js";

/**
 * Whether an event fits a pattern of EventBridge: every member of the pattern must fit, a list fits if one of its
 * values or matchers does, and an array in the event fits if one of its items does.
 *
 * @throws AwsError for a pattern with a matcher that the rehearsal does not know.
 */
export function fits(pattern: unknown, event: unknown): boolean {
  if (typeof pattern !== "object" || pattern === null || Array.isArray(pattern))
    throw invalid("An event pattern must be an object whose leaves are lists.");
  return Object.entries(pattern).every(([name, expected]: [string, unknown]) => {
    if (name === "$or") return Array.isArray(expected) && expected.some((each) => fits(each, event));
    const value = memberOf(event, name);
    if (!Array.isArray(expected)) return fits(expected, value ?? {});
    const values = Array.isArray(value) ? (value as unknown[]) : [value];
    return expected.some((matcher: unknown) => values.some((each) => matches(matcher, each)));
  });
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

type Matcher = (operand: unknown, value: unknown) => boolean;

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "=": (a, b) => a === b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

const matchers: Readonly<Record<string, Matcher>> = {
  exists: (operand, value) => (value !== undefined) === operand,
  prefix: (operand, value) => typeof value === "string" && value.startsWith(String(operand)),
  suffix: (operand, value) => typeof value === "string" && value.endsWith(String(operand)),
  "equals-ignore-case": (operand, value) =>
    typeof value === "string" && value.toLowerCase() === String(operand).toLowerCase(),
  wildcard: (operand, value) => typeof value === "string" && likeness(String(operand)).test(value),
  "anything-but": (operand, value) =>
    value !== undefined && !(isList(operand) ? operand : [operand]).some((each) => matches(each, value)),
  numeric: (operand, value) => {
    if (!isList(operand) || typeof value !== "number") return false;
    for (let i = 0; i < operand.length; i += 2) {
      const compare = comparisons[String(operand[i])];
      if (compare === undefined) throw invalid(`${String(operand[i])} is no comparison of an event pattern.`);
      if (!compare(value, Number(operand[i + 1]))) return false;
    }
    return true;
  },
};

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

function matches(matcher: unknown, value: unknown): boolean {
  if (typeof matcher !== "object" || matcher === null) return matcher === value;
  return Object.entries(matcher).every(([name, operand]) => {
    const match = Object.hasOwn(matchers, name) ? matchers[name] : undefined;
    if (match === undefined) throw invalid(`The rehearsal does not know the matcher ${name} of event patterns.`);
    return match(operand, value);
  });
}

const likeness = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, "\\$&"))
      .join("[\\s\\S]*")}$`,
  );
