import type { KindOf } from "../contract/row-types.js";
import type { OperatorName } from "./expressions/operators.js";

/** A parameter of an operator, as JSON. */
export type ParameterValue = number | string | boolean | readonly number[] | readonly string[];

/** The value of a column of the contract. */
export interface ColumnReference {
  readonly op: "column";
  readonly name: string;
}

/** An operator of the table `operators` applied to other expressions. */
export interface Call {
  readonly op: OperatorName;
  readonly args: readonly Expression[];
  readonly parameters?: Readonly<Record<string, ParameterValue>> | undefined;
}

/**
 * Computation of a derived column from others: plain JSON, so that a bundle carries it and serving can't differ from
 * training. The builders (`ratio`, `countOf`, ...) make it, or `parseExpression` reads it from JSON.
 */
export type Expression = ColumnReference | Call;

declare const valueType: unique symbol;

/**
 * An expression whose values are of TypeScript type `Value`: number, boolean, Date, or a union of labels. The type is
 * for the compiler only; at run time it is a plain `Expression`.
 */
export type Typed<Value> = Expression & { readonly [valueType]?: Value };

/** An expression whose values are numbers. */
export type NumericExpression = Typed<number>;
/** An expression whose values are true or false. */
export type BooleanExpression = Typed<boolean>;
/** An expression whose values are dates. */
export type DateExpression = Typed<Date>;
/** An expression with labels for values; `Levels` is the union of the known labels. */
export type CategoryExpression<Levels extends string = string> = Typed<Levels>;

/** An argument that needs a number: a number's or boolean's expression (true is 1, false 0), or a plain number. */
export type NumberLike = Typed<number | boolean> | number;

/** The columns of a row type as expressions, as the `derive` callback sees them. Null and undefined are left out. */
export type ColumnsOf<Row> = unknown extends Row
  ? Readonly<Record<string, Expression>>
  : { readonly [Name in keyof Row & string]-?: Typed<ExpressionValue<NonNullable<Row[Name]>>> };

/** Type of a column's expression: dates for ISO date texts, the texts of the labels for a union of literals. */
type ExpressionValue<Value> =
  KindOf<Value> extends "date"
    ? Date
    : KindOf<Value> extends "category"
      ? `${Value & (string | number | boolean)}`
      : KindOf<Value> extends "number"
        ? number
        : Value;

/** Limits that guard against hostile or runaway definitions. */
export const expressionLimits = {
  /** Calls within calls. */
  depth: 32,
  /** Columns and calls in one expression. */
  nodes: 1000,
  /** Items of a list parameter. */
  list: 1000,
  /** Characters of a text parameter or name. */
  text: 1000,
} as const;
