import { invalid } from "../front/aws-error.js";
import { parseMath, type MathNode } from "./parse-math.js";
import type { Series } from "./series.js";

/** A value of metric math: a number, a time series, or several of them. */
type Value = number | Series | readonly Series[];

/** What an expression may name. */
export interface MathScope {
  /** Number of periods. */
  readonly count: number;
  /** Seconds of a period. */
  readonly period: number;
  /** The series of an id; undefined if there is none. */
  series(id: string): Series | undefined;
  /** All series that come from metrics, in order. */
  metrics(): readonly Series[];
}

type Operate = (a: number, b: number) => number;
const or: Operate = (a, b) => Number(a !== 0 || b !== 0);
const and: Operate = (a, b) => Number(a !== 0 && b !== 0);
const operators: Readonly<Record<string, Operate>> = {
  OR: or,
  "||": or,
  AND: and,
  "&&": and,
  "==": (a, b) => Number(a === b),
  "!=": (a, b) => Number(a !== b),
  "<": (a, b) => Number(a < b),
  ">": (a, b) => Number(a > b),
  "<=": (a, b) => Number(a <= b),
  ">=": (a, b) => Number(a >= b),
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "^": (a, b) => a ** b,
};

type Reduce = (values: readonly number[]) => number;
const sum: Reduce = (values) => values.reduce((total, value) => total + value, 0);
/** Over the periods of one series, or over several series in each period. */
const reducers: Readonly<Record<string, Reduce>> = {
  SUM: sum,
  AVG: (values) => sum(values) / values.length,
  MIN: (values) => Math.min(...values),
  MAX: (values) => Math.max(...values),
  DATAPOINT_COUNT: (values) => values.length,
};
const perValue: Readonly<Record<string, (value: number) => number>> = {
  ABS: Math.abs,
  CEIL: Math.ceil,
  FLOOR: Math.floor,
  LOG: Math.log,
  LOG10: Math.log10,
};

const isMany = (value: Value): value is readonly Series[] => Array.isArray(value) && Array.isArray(value[0]);
const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);
const at = (value: number | Series, i: number): number | undefined => (typeof value === "number" ? value : value[i]);
const present = (series: Series): number[] => series.filter((value) => value !== undefined);
const refused = (what: string): Error => invalid(`An alarm's metric math ${what}.`);

/**
 * Evaluates an expression of CloudWatch's metric math: operators, IF, FILL, SUM, AVG, MIN, MAX, DIFF, RATE,
 * RUNNING_SUM, METRICS and a few more. A period without data has no result, unless FILL gives it one.
 *
 * @throws AwsError ValidationException for what is not an expression, or not one that the rehearsal knows.
 */
export function evaluateMath(text: string, scope: MathScope): Series {
  const value = evaluate(parseMath(text), scope);
  return typeof value === "number" ? Array.from({ length: scope.count }, () => finite(value)) : oneSeries(value);
}

function evaluate(node: MathNode, scope: MathScope): Value {
  switch (node.type) {
    case "number":
      return node.value;
    case "id": {
      const series = scope.series(node.id);
      if (series === undefined) throw refused(`names ${node.id}, which is no id of the alarm`);
      return series;
    }
    case "binary":
      return each(evaluate(node.left, scope), evaluate(node.right, scope), operators[node.operator] ?? or);
    case "list":
      return node.items.map((item) => oneSeries(evaluate(item, scope)));
    case "call":
      return call(node.name, node.arguments, scope);
    case "word":
      throw refused(`has ${node.word} in the wrong place`);
  }
}

function oneSeries(value: Value | undefined): Series {
  if (typeof value === "object" && !isMany(value)) return value;
  throw refused("needs one time series where it has something else");
}

function each(a: Value, b: Value, operate: Operate): Value {
  if (isMany(a)) return a.map((series) => oneSeries(each(series, b, operate)));
  if (isMany(b)) return b.map((series) => oneSeries(each(a, series, operate)));
  if (typeof a === "number" && typeof b === "number") return operate(a, b);
  const length = typeof a === "number" ? (b as Series).length : a.length;
  return Array.from({ length }, (_, i) => {
    const [x, y] = [at(a, i), at(b, i)];
    return x === undefined || y === undefined ? undefined : finite(operate(x, y));
  });
}

function call(name: string, nodes: readonly MathNode[], scope: MathScope): Value {
  if (name === "METRICS") return scope.metrics();
  if (name === "PERIOD") return scope.period;
  const [first, second, third] = nodes;
  if (first === undefined) throw refused(`calls ${name} without arguments`);
  const value = evaluate(first, scope);
  if (name === "IF") return choose(value, [second, third], scope);
  if (name === "FILL") return filled(oneSeries(value), second);
  if (second !== undefined) throw refused(`gives ${name} more arguments than the rehearsal knows`);
  if (name === "DIFF") return differences(oneSeries(value), Infinity);
  if (name === "RATE") return differences(oneSeries(value), scope.period);
  if (name === "RUNNING_SUM") {
    let total = 0;
    return oneSeries(value).map((item) => (total += item ?? 0));
  }
  const map = Object.hasOwn(perValue, name) ? perValue[name] : undefined;
  if (map !== undefined) return each(value, 0, (item) => map(item));
  const reduce = Object.hasOwn(reducers, name) ? reducers[name] : undefined;
  if (reduce === undefined || typeof value === "number")
    throw refused(`calls ${name} with what the rehearsal does not know`);
  return reduced(value, reduce, scope.count);
}

function reduced(value: Series | readonly Series[], reduce: Reduce, count: number): Value {
  if (!isMany(value)) {
    const known = present(value);
    return known.length === 0 ? value : reduce(known);
  }
  return Array.from({ length: count }, (_, i) => {
    const known = present(value.map((series) => series[i]));
    return known.length === 0 ? undefined : finite(reduce(known));
  });
}

function choose(condition: Value, nodes: readonly (MathNode | undefined)[], scope: MathScope): Series {
  const [yes, no] = nodes.map((node) => (node === undefined ? undefined : evaluate(node, scope)));
  if (yes === undefined) throw refused("calls IF without a value");
  const valueAt = (value: Value | undefined, i: number): number | undefined =>
    value === undefined ? undefined : at(typeof value === "number" ? value : oneSeries(value), i);
  return Array.from({ length: scope.count }, (_, i) => {
    const holds = valueAt(condition, i);
    return holds === undefined ? undefined : valueAt(holds === 0 ? no : yes, i);
  });
}

function filled(series: Series, by: MathNode | undefined): Series {
  if (by?.type === "number") return series.map((value) => value ?? by.value);
  if (by?.type !== "word" || by.word !== "REPEAT") throw refused("calls FILL with neither a number nor REPEAT");
  let last: number | undefined;
  return series.map((value) => (last = value ?? last));
}

/** Each value less the one before it; with a finite `period`, for each second between them. */
function differences(series: Series, period: number): Series {
  let last: { readonly value: number; readonly index: number } | undefined;
  return series.map((value, index) => {
    if (value === undefined) return undefined;
    const former = last;
    last = { value, index };
    if (former === undefined) return undefined;
    return (value - former.value) / (Number.isFinite(period) ? period * (index - former.index) : 1);
  });
}
