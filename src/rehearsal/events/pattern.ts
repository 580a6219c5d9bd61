import { invalid } from "../front/aws-error.js";

/** Whether an event, or a value in it, fits. */
type Fits = (value: unknown) => boolean;

/**
 * Reads a pattern of EventBridge: every member of it must fit, a list fits if one of its values or matchers does, and
 * an array in the event fits if one of its items does.
 *
 * @throws AwsError ValidationException for what is no pattern, or has a matcher that the rehearsal does not know.
 */
export function readPattern(pattern: unknown): Fits {
  if (typeof pattern !== "object" || pattern === null || Array.isArray(pattern))
    throw invalid("An event pattern must be an object whose leaves are lists.");
  const members = Object.entries(pattern).map(([name, expected]) => readMember(name, expected));
  return (event) => members.every((fits) => fits(event));
}

function readMember(name: string, expected: unknown): Fits {
  if (name === "$or" && isList(expected)) return anyOf(expected.map(readPattern));
  const inner = isList(expected) ? anyItem(anyOf(expected.map(readMatcher))) : readPattern(expected);
  return (event) => inner(memberOf(event, name));
}

const anyOf =
  (all: readonly Fits[]): Fits =>
  (value) =>
    all.some((fits) => fits(value));

const anyItem =
  (fits: Fits): Fits =>
  (value) =>
    isList(value) ? value.some(fits) : fits(value);

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "=": (a, b) => a === b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

const ofText =
  (fits: (text: string) => boolean): Fits =>
  (value) =>
    typeof value === "string" && fits(value);

/** Matchers by name: from their operand to what fits. */
const matchers: Readonly<Record<string, (operand: unknown) => Fits>> = {
  exists: (operand) => (value) => (value !== undefined) === operand,
  prefix: (operand) => ofText((text) => text.startsWith(String(operand))),
  suffix: (operand) => ofText((text) => text.endsWith(String(operand))),
  "equals-ignore-case": (operand) => ofText((text) => text.toLowerCase() === String(operand).toLowerCase()),
  wildcard: (operand) => {
    const pattern = likeness(String(operand));
    return ofText((text) => pattern.test(text));
  },
  "anything-but": (operand) => {
    const but = anyOf((isList(operand) ? operand : [operand]).map(readMatcher));
    return (value) => value !== undefined && !but(value);
  },
  numeric: (operand) => {
    const bounds = isList(operand) ? operand : [];
    const tests = Array.from({ length: Math.ceil(bounds.length / 2) }, (_, i): Fits => {
      const compare = comparisons[String(bounds[2 * i])];
      if (compare === undefined) throw invalid(`${String(bounds[2 * i])} is no comparison of an event pattern.`);
      const limit = Number(bounds[2 * i + 1]);
      return (value) => typeof value === "number" && compare(value, limit);
    });
    return (value) => tests.length > 0 && tests.every((fits) => fits(value));
  },
};

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

function readMatcher(matcher: unknown): Fits {
  if (typeof matcher !== "object" || matcher === null) return (value) => value === matcher;
  const read = Object.entries(matcher).map(([name, operand]) => {
    const known = Object.hasOwn(matchers, name) ? matchers[name] : undefined;
    if (known === undefined) throw invalid(`The rehearsal does not know the matcher ${name} of event patterns.`);
    return known(operand);
  });
  return (value) => read.every((fits) => fits(value));
}

const likeness = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, "\\$&"))
      .join("[\\s\\S]*")}$`,
  );
