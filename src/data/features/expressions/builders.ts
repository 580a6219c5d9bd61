import type {
  BooleanExpression,
  Expression,
  NumberLike,
  NumericExpression,
  ParameterValue,
  Typed,
} from "../expression.js";
import type { OperatorName } from "./operators.js";

/** Makes a call; a plain number among the arguments becomes a constant. */
export function call(
  op: OperatorName,
  args: readonly (Expression | number)[],
  parameters?: Readonly<Record<string, ParameterValue>>,
): Expression {
  const expressions = args.map((arg) => (typeof arg === "number" ? constant(arg) : arg));
  return { op, args: expressions, ...(parameters && { parameters }) };
}

/**
 * Returns the column of that name, for contracts whose row type the compiler does not know; `derive`'s argument has
 * typed columns. Name and kind are checked when the features are defined.
 */
export const column = (name: string): Expression => ({ op: "column", name });

/** The same finite number in every row. */
export const constant = (value: number): NumericExpression => ({ op: "constant", args: [], parameters: { value } });

/** a / b; missing if b is 0. */
export const ratio = (a: NumberLike, b: NumberLike): NumericExpression => call("ratio", [a, b]);

/** a - b. */
export const difference = (a: NumberLike, b: NumberLike): NumericExpression => call("difference", [a, b]);

/**
 * The sum of two or more; missing if one is.
 *
 * @example
 * ```ts
 * import {
 *   abs,
 *   coalesce,
 *   column,
 *   constant,
 *   defineFeatures,
 *   difference,
 *   maximum,
 *   meanOf,
 *   minimum,
 *   negate,
 *   sqrt,
 *   sum,
 *   syntheticContract,
 * } from "churnkit/data";
 *
 * const [before, last] = [column("usageHoursTwoMonthsAgo"), column("usageHoursLastMonth")];
 * const features = defineFeatures(syntheticContract, {
 *   derive: () => ({
 *     both: sum(before, last),
 *     mean: meanOf(before, last),
 *     swing: abs(difference(last, before)),
 *     range: difference(maximum(before, last), minimum(before, last)),
 *     lost: maximum(negate(difference(last, before)), 0),
 *     damped: sqrt(coalesce(last, before, constant(0))),
 *   }),
 * });
 * console.assert(Object.keys(features.derived).length === 6);
 * ```
 */
export const sum = (...terms: readonly NumberLike[]): NumericExpression => call("sum", terms);

/** The product of two or more; missing if one is. */
export const product = (...factors: readonly NumberLike[]): NumericExpression => call("product", factors);

/** The smallest of two or more; missing if one is. */
export const minimum = (...values: readonly NumberLike[]): NumericExpression => call("min", values);

/** The largest of two or more; missing if one is. */
export const maximum = (...values: readonly NumberLike[]): NumericExpression => call("max", values);

/** The arithmetic mean of two or more; missing if one is. */
export const meanOf = (...values: readonly NumberLike[]): NumericExpression => call("mean", values);

/** -a. */
export const negate = (a: NumberLike): NumericExpression => call("negate", [a]);

/** |a|. */
export const abs = (a: NumberLike): NumericExpression => call("abs", [a]);

/** log(1 + a); missing if a <= -1. */
export const log1p = (a: NumberLike): NumericExpression => call("log1p", [a]);

/** The square root; missing if a < 0. */
export const sqrt = (a: NumberLike): NumericExpression => call("sqrt", [a]);

/** a, clipped to [low, high]. */
export const clip = (a: NumberLike, low: number, high: number): NumericExpression => call("clip", [a], { low, high });

/** The number of increasing `edges` at or below a: 0 below the first, `edges.length` from the last on. */
export const bucket = (a: NumberLike, edges: readonly number[]): NumericExpression =>
  call("bucket", [a], { edges: [...edges] });

/** 1 if the value is missing, else 0. Takes a column or expression of any kind. */
export const isMissing = (a: Expression): BooleanExpression => call("isMissing", [a]);

/** The first of two or more that is not missing. */
export const coalesce = (...values: readonly NumberLike[]): NumericExpression => call("coalesce", values);

/**
 * The least-squares slope per step through two or more values in the order of time, such as usage in three months:
 * sum((j - mean j) * value_j) / sum((j - mean j)^2). Missing if one is.
 */
export const trend = (values: readonly NumberLike[]): NumericExpression => call("trend", values);

/** A label of a category, or true and false for a boolean. */
type LevelOf<Value> = [Value] extends [boolean] ? boolean : Value & string;
type ValueOf<E> = E extends Typed<infer Value> ? Value : never;
/** Labels that all of several columns have. */
type CommonLevel<E> = (E extends unknown ? (level: LevelOf<ValueOf<E>>) => void : never) extends (
  level: infer L,
) => void
  ? L
  : never;
type Labeled = Typed<string> | Typed<boolean>;

/**
 * 1 if a category has the level, or a boolean the value; 0 for any other, even an unknown one; missing stays missing.
 */
export const equals = <Value extends string | boolean>(
  a: Typed<Value>,
  level: LevelOf<NoInfer<Value>>,
): BooleanExpression => call("equals", [a], { level: String(level) });

/** 1 if a category has one of the levels, else 0; missing stays missing. */
export const isIn = <Value extends string>(a: Typed<Value>, levels: readonly NoInfer<Value>[]): BooleanExpression =>
  call("isIn", [a], { levels: [...levels] });

/**
 * The number of columns that have the level, such as the services that are "Yes". Missing cells do not count; missing
 * if all are. Columns are all categories that know the level, or all booleans.
 */
export const countOf = <const Columns extends readonly Labeled[]>(
  columns: Columns,
  level: CommonLevel<Columns[number]>,
): NumericExpression => call("countOf", columns, { level: String(level) });

/**
 * Combines two categories into one, with a level for each pair ("DSL & One year"), at most 1000. The contract must
 * know the levels of both; unknown if either is unknown, missing if either is missing.
 *
 * @example
 * ```ts
 * import { column, cross, defineFeatures, isIn, syntheticContract } from "churnkit/data";
 *
 * defineFeatures(syntheticContract, {
 *   derive: () => ({
 *     services: cross(column("techSupport"), column("onlineBackup")),
 *     bound: isIn(column("contract"), ["One year", "Two year"]),
 *   }),
 * });
 * ```
 */
export const cross = <A extends string, B extends string>(a: Typed<A>, b: Typed<B>): Typed<`${A} & ${B}`> =>
  call("cross", [a, b]);
