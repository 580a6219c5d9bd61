import { runtimeFault } from "./fault.js";
import { lookUp, read, type Scope } from "./paths.js";

/** `And`, `Or`, `Not`, or a variable and one comparison. */
type ChoiceRule = Readonly<Record<string, unknown>>;
type Order = "Equals" | "LessThan" | "GreaterThan" | "LessThanEquals" | "GreaterThanEquals";
type Comparable = number | string | boolean;

const orders: Readonly<Record<Order, (a: Comparable, b: Comparable) => boolean>> = {
  Equals: (a, b) => a === b,
  LessThan: (a, b) => a < b,
  GreaterThan: (a, b) => a > b,
  LessThanEquals: (a, b) => a <= b,
  GreaterThanEquals: (a, b) => a >= b,
};
const comparisonPattern = /^(String|Numeric|Boolean|Timestamp)(Equals|(?:Less|Greater)Than(?:Equals)?)(Path)?$/;
const timestampPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Reads a value as a kind; undefined for a value of another kind, which no comparison fits. */
const kinds: Readonly<Record<string, (value: unknown) => Comparable | undefined>> = {
  String: (value) => (typeof value === "string" ? value : undefined),
  Numeric: (value) => (typeof value === "number" ? value : undefined),
  Boolean: (value) => (typeof value === "boolean" ? value : undefined),
  Timestamp: (value) => (typeof value === "string" && timestampPattern.test(value) ? Date.parse(value) : undefined),
};

/** Tests of what a value is; the rule says whether it should be. */
const tests: Readonly<Record<string, (value: unknown, found: boolean) => boolean>> = {
  IsPresent: (_, found) => found,
  IsNull: (value) => value === null,
  IsString: (value) => typeof value === "string",
  IsNumeric: (value) => typeof value === "number",
  IsBoolean: (value) => typeof value === "boolean",
  IsTimestamp: (value) => kinds["Timestamp"]?.(value) !== undefined,
};

/** Whether a rule of a Choice holds. */
export function holds(rule: ChoiceRule, scope: Scope): boolean {
  const { And, Or, Not, Variable } = rule;
  if (Array.isArray(And)) return And.every((each) => holds(each as ChoiceRule, scope));
  if (Array.isArray(Or)) return Or.some((each) => holds(each as ChoiceRule, scope));
  if (typeof Not === "object" && Not !== null) return !holds(Not as ChoiceRule, scope);
  if (typeof Variable !== "string") throw runtimeFault("A rule of a Choice lacks its Variable.");
  for (const [operator, operand] of Object.entries(rule)) {
    const test = Object.hasOwn(tests, operator) ? tests[operator] : undefined;
    if (test !== undefined) {
      const { found, value } = lookUp(Variable, scope);
      return test(value, found) === operand;
    }
    if (operator === "StringMatches") {
      const value = read(Variable, scope);
      return typeof value === "string" && likeness(String(operand)).test(value);
    }
    const [, kind = "", order = "", isPath] = comparisonPattern.exec(operator) ?? [];
    if (order === "") continue;
    const as = kinds[kind];
    const left = as?.(read(Variable, scope));
    const right = as?.(isPath === undefined ? operand : read(String(operand), scope));
    return left !== undefined && right !== undefined && orders[order as Order](left, right);
  }
  throw runtimeFault(`A rule of a Choice on ${Variable} lacks a comparison.`);
}

/** A text pattern in which `*` stands for any characters and `\*` for a star. */
const likeness = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern.replace(/\\[*\\]|[\s\S]/g, (part) =>
      part === "*" ? "[\\s\\S]*" : part.slice(-1).replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"),
    )}$`,
  );
