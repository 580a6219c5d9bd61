import { parseIsoDate } from "../../data/contract/index.js";
import type { Expression, LevelIndex } from "../../data/features/index.js";
import { calendarNodes, phaseNodes } from "./calendar.js";
import { dayMilliseconds } from "./columns.js";
import {
  add,
  and,
  atMost,
  constant,
  divide,
  equal,
  flag,
  less,
  logOnePlus,
  missing,
  multiply,
  nothing,
  or,
  subtract,
  sum,
  unary,
  where,
  type Condition,
  type NumberNode,
} from "./node.js";

/** A value of an expression. */
export interface InputNode {
  readonly value: NumberNode;
  /** The labels of a category; its value is a code. */
  readonly levels: LevelIndex | undefined;
}

type Call = Exclude<Expression, { readonly op: "column" }>;

/** The encoder's operators as nodes: `data/features/expressions` says what each means. */
export function callNode(call: Call, inputs: readonly InputNode[]): NumberNode {
  const args = inputs.map(({ value }) => value);
  const a = args[0] ?? nothing;
  const b = args[1] ?? nothing;
  const parameters = call.parameters ?? {};
  const real = (node: NumberNode): NumberNode => unary("real", node);
  const folded = (of: (soFar: NumberNode, next: NumberNode) => NumberNode): NumberNode =>
    args.slice(1).reduce((soFar, next) => of(soFar, next), a);
  switch (call.op) {
    case "constant":
      return constant(Number(parameters["value"]));
    case "ratio":
      return real(where(equal(b, constant(0)), nothing, divide(a, b)));
    case "difference":
      return real(subtract(a, b));
    case "sum":
      return real(folded(add));
    case "product":
      return real(folded(multiply));
    case "mean":
      return real(divide(folded(add), constant(args.length)));
    case "trend":
      return real(slope(args));
    // A missing argument gives a missing result.
    case "min":
      return folded((x, y) => where(or(missing(x), less(x, y)), x, y));
    case "max":
      return folded((x, y) => where(or(missing(x), less(y, x)), x, y));
    case "coalesce":
      return folded((x, y) => where(missing(x), y, x));
    case "negate":
      return subtract(constant(0), a);
    case "abs":
      return unary("abs", a);
    case "log1p":
      return where(atMost(a, constant(-1)), nothing, logOnePlus(a));
    case "sqrt":
      return where(less(a, constant(0)), nothing, unary("sqrt", a));
    case "clip": {
      const [low, high] = [constant(Number(parameters["low"])), constant(Number(parameters["high"]))];
      return where(less(a, low), low, where(less(high, a), high, a));
    }
    case "bucket": {
      const edges = numbersIn(parameters["edges"]);
      const buckets = edges.reduceRight<NumberNode>(
        (above, edge, i) => where(less(a, constant(edge)), constant(i), above),
        constant(edges.length),
      );
      return where(missing(a), nothing, buckets);
    }
    case "equals":
      return known(a, flag(hasLabel(inputs[0], [String(parameters["level"])])));
    case "isIn":
      return known(a, flag(hasLabel(inputs[0], textsIn(parameters["levels"]))));
    case "countOf": {
      const label = String(parameters["level"]);
      const counts = inputs.map((input) => flag(hasLabel(input, [label])));
      return where(and(...args.map(missing)), nothing, sum(counts));
    }
    case "cross":
      return crossed(inputs);
    case "isMissing":
      return flag(missing(a));
    case "daysBetween":
      return divide(subtract(b, a), constant(dayMilliseconds));
    case "daysSince":
      return divide(subtract(constant(parseIsoDate(String(parameters["day"]))), a), constant(dayMilliseconds));
    case "yearOf":
    case "monthOf":
    case "dayOfMonth":
    case "dayOfWeek":
      return calendarNodes[call.op](a);
    case "seasonSine":
    case "seasonCosine": {
      const phase = phaseNodes[parameters["period"] === "week" ? "week" : "year"](a);
      const ahead = call.op === "seasonSine" ? phase : add(phase, constant(0.25));
      return unary("sine", multiply(ahead, constant(2 * Math.PI)));
    }
  }
}

const numbersIn = (value: unknown): number[] => (Array.isArray(value) ? value.map(Number) : []);
const textsIn = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** The node, or missing where `of` is. */
const known = (of: NumberNode, node: NumberNode): NumberNode => where(missing(of), nothing, node);

/** The least-squares slope of the arguments over 0, 1, 2, ... */
function slope(args: readonly NumberNode[]): NumberNode {
  const k = args.length;
  const spread = (k * (k * k - 1)) / 12;
  return sum(args.map((y, j) => multiply(constant((j - (k - 1) / 2) / spread), y)));
}

/** Whether a value has one of the labels; a boolean has the labels true and false. */
function hasLabel(input: InputNode | undefined, labels: readonly string[]): Condition {
  if (input === undefined) return or();
  const { value, levels } = input;
  return or(
    ...labels.map((label) =>
      equal(
        value,
        levels === undefined ? constant(label === "true" ? 1 : 0) : { kind: "number", op: "code", label, levels },
      ),
    ),
  );
}

/** Codes of pairs: unknown if either is, missing if either is. */
function crossed([first, second]: readonly InputNode[]): NumberNode {
  if (first === undefined || second === undefined) return nothing;
  const { value: a } = first;
  const { value: b } = second;
  // The labels that there are now: later ones belong to no pair.
  const [rows, columns] = [first.levels?.labels.length ?? 0, second.levels?.labels.length ?? 0];
  const outside = (code: NumberNode, count: number): Condition =>
    or(less(code, constant(0)), atMost(constant(count), code));
  return where(
    or(missing(a), missing(b)),
    nothing,
    where(or(outside(a, rows), outside(b, columns)), constant(-1), add(multiply(a, constant(columns)), b)),
  );
}
