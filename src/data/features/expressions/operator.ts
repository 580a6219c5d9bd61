import type { ColumnKind } from "../../contract/contract.js";
import type { ParameterValue } from "../expression.js";
import type { LevelIndex } from "./levels.js";
import type { ParameterKind } from "./parameters.js";

/** Argument types of operators, and the column kinds that each accepts. */
export const argumentKinds = {
  /** A boolean counts as 0 or 1. */
  number: ["number", "boolean"],
  date: ["date"],
  category: ["category"],
  text: ["text"],
  /** An input with labels; a boolean has the labels "true" and "false". */
  labeled: ["category", "boolean"],
  any: ["number", "boolean", "date", "category", "text"],
} as const satisfies Record<string, readonly ColumnKind[]>;

export type ArgumentKind = keyof typeof argumentKinds;

/** Checked parameters of a call. */
export type Parameters = Readonly<Record<string, ParameterValue>>;

/** Labels of each argument that is a category. */
export type ArgumentLevels = readonly (LevelIndex | undefined)[];

/**
 * Computes n values into `out` from n values of each argument. Numbers, booleans and dates are stored as in tables; a
 * category is its code in its `LevelIndex`, -1 for an unknown label. NaN always means missing.
 */
export type Evaluate = (out: Float64Array, n: number, args: readonly Float64Array[]) => void;

/** One row of the table of operators. */
export interface Operator {
  /** Kinds of the arguments in order. */
  readonly args: readonly ArgumentKind[];
  /** Kind of any further arguments, and the minimum number of all arguments. */
  readonly rest?: { readonly kind: ArgumentKind; readonly min: number } | undefined;
  readonly result: "number" | "boolean" | "category";
  readonly parameters: Readonly<Record<string, ParameterKind>>;
  /** Problem with a combination of parameters that are each valid alone. */
  readonly problem?: (parameters: Parameters) => string | undefined;
  /** Labels of a result of kind category. */
  readonly labels?: (levels: ArgumentLevels) => string[];
  /** Makes the evaluation. */
  readonly prepare: (parameters: Parameters, levels: ArgumentLevels) => Evaluate;
}

const nothing = new Float64Array(0);

/** Returns the vector of an argument that is known to exist. */
export function argument(args: readonly Float64Array[], index: number): Float64Array {
  return args[index] ?? nothing;
}

/** Evaluates by a function of one value. */
export function unary(of: (a: number) => number): Evaluate {
  return (out, n, args) => {
    const a = argument(args, 0);
    for (let i = 0; i < n; i++) out[i] = of(a[i] as number);
  };
}

/** Evaluates by a function of two values. */
export function binary(of: (a: number, b: number) => number): Evaluate {
  return (out, n, args) => {
    const a = argument(args, 0);
    const b = argument(args, 1);
    for (let i = 0; i < n; i++) out[i] = of(a[i] as number, b[i] as number);
  };
}

/** Evaluates any number of arguments, from left to right. */
export function folded(of: (soFar: number, next: number) => number): Evaluate {
  return (out, n, args) => {
    const first = argument(args, 0);
    for (let i = 0; i < n; i++) out[i] = first[i] as number;
    for (let j = 1; j < args.length; j++) {
      const next = argument(args, j);
      for (let i = 0; i < n; i++) out[i] = of(out[i] as number, next[i] as number);
    }
  };
}
