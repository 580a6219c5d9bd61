import type { Column } from "../../data/contract/index.js";
import type { LevelIndex } from "../../data/features/index.js";
import type { TreesModel } from "../../model/artifact.js";

/** A number of a row, in float64, or missing. Arithmetic with a missing number is missing. */
export type NumberNode =
  | { readonly kind: "number"; readonly op: "constant"; readonly value: number }
  | { readonly kind: "number"; readonly op: "nothing" }
  /** A column of numbers, or of dates as milliseconds since 1970 UTC. */
  | { readonly kind: "number"; readonly op: "column"; readonly column: Column }
  | {
      readonly kind: "number";
      readonly op: "add" | "subtract" | "multiply" | "divide";
      readonly args: readonly [NumberNode, NumberNode];
    }
  /** `single` rounds to float32; `real` is missing where the argument is not a number, as infinity minus infinity. */
  | { readonly kind: "number"; readonly op: Unary; readonly args: readonly [NumberNode] }
  | { readonly kind: "number"; readonly op: "sum"; readonly args: readonly NumberNode[] }
  | {
      readonly kind: "number";
      readonly op: "where";
      readonly condition: Condition;
      readonly args: readonly [NumberNode, NumberNode];
    }
  /** The number of a text that is not missing; `otherwise` for other texts. The numbers are known at the end. */
  | {
      readonly kind: "number";
      readonly op: "lookup";
      readonly text: TextNode;
      readonly entries: () => ReadonlyMap<string, number>;
      readonly otherwise: number;
    }
  /** The code of a label. Known at the end. */
  | { readonly kind: "number"; readonly op: "code"; readonly label: string; readonly levels: LevelIndex }
  /** The value at an index that is not missing; `otherwise` for -1. */
  | {
      readonly kind: "number";
      readonly op: "table";
      readonly args: readonly [NumberNode];
      readonly values: () => readonly number[];
      readonly otherwise: number;
    }
  /** Bias plus leaves. */
  | {
      readonly kind: "number";
      readonly op: "trees";
      readonly model: TreesModel;
      /** The features that splits use, by their place in the matrix. */
      readonly features: ReadonlyMap<number, NumberNode>;
    }
  /** The logit of a network. */
  | {
      readonly kind: "number";
      readonly op: "network";
      readonly layers: readonly { readonly kernel: Float32Array; readonly bias: Float32Array }[];
      readonly args: readonly NumberNode[];
    };

type Unary = "floor" | "abs" | "sqrt" | "exp" | "log" | "sine" | "single" | "real";

/** A text of a row, trimmed, or missing. */
export interface TextNode {
  readonly kind: "text";
  readonly column: Column;
  /** Whether it is in lower case. */
  readonly lower: boolean;
}

/** A fact about a row. One about a missing number does not hold, nor does its contrary: guard `not` by `missing`. */
export type Condition =
  | { readonly op: "less" | "atMost" | "equal"; readonly args: readonly [NumberNode, NumberNode] }
  | { readonly op: "and" | "or"; readonly args: readonly Condition[] }
  | { readonly op: "not"; readonly args: readonly [Condition] }
  | { readonly op: "missing"; readonly of: NumberNode | TextNode }
  | { readonly op: "finite"; readonly of: NumberNode }
  | { readonly op: "isOneOf"; readonly text: TextNode; readonly texts: readonly string[] };

export const constant = (value: number): NumberNode =>
  Number.isNaN(value) ? nothing : { kind: "number", op: "constant", value };
export const nothing: NumberNode = { kind: "number", op: "nothing" };

const binary =
  (op: "add" | "subtract" | "multiply" | "divide") =>
  (a: NumberNode, b: NumberNode): NumberNode => ({ kind: "number", op, args: [a, b] });
export const [add, subtract, multiply, divide] = [
  binary("add"),
  binary("subtract"),
  binary("multiply"),
  binary("divide"),
];
export const unary = (op: Unary, arg: NumberNode): NumberNode => ({ kind: "number", op, args: [arg] });
export const sum = (args: readonly NumberNode[]): NumberNode => ({ kind: "number", op: "sum", args });

export function where(condition: Condition, then: NumberNode, otherwise: NumberNode): NumberNode {
  if (condition === never) return otherwise;
  return { kind: "number", op: "where", condition, args: [then, otherwise] };
}

/** What never holds, and what always does. */
export const never: Condition = { op: "or", args: [] };
const always: Condition = { op: "and", args: [] };

const compare =
  (op: "less" | "atMost" | "equal") =>
  (a: NumberNode, b: NumberNode): Condition => ({ op, args: [a, b] });
export const [less, atMost, equal] = [compare("less"), compare("atMost"), compare("equal")];
export const and = (...args: readonly Condition[]): Condition =>
  args.includes(never) ? never : { op: "and", args: args.filter((arg) => arg !== always) };

/** Whether one of them holds. */
export function or(...args: readonly Condition[]): Condition {
  const some = args.filter((arg) => arg !== never);
  return some.length === 0 ? never : { op: "or", args: some };
}

export const not = (arg: Condition): Condition => (arg === never ? always : { op: "not", args: [arg] });
export const missing = (of: NumberNode | TextNode): Condition => ({ op: "missing", of });

/** 1 where it holds, else 0. */
export const flag = (condition: Condition): NumberNode => where(condition, constant(1), constant(0));

/** log(1 + x) for x > -1, exact for small x too (Kahan). */
export function logOnePlus(x: NumberNode): NumberNode {
  const u = add(constant(1), x);
  const exact = multiply(unary("log", u), divide(x, subtract(u, constant(1))));
  // Beyond this the 1 adds nothing, and infinity divided by itself would be no number.
  const large = less(constant(2 ** 60), x);
  return where(large, unary("log", x), where(equal(u, constant(1)), x, exact));
}

/** 1 / (1 + exp(-z)), without overflow. */
export function sigmoidOf(z: NumberNode): NumberNode {
  const e = unary("exp", subtract(constant(0), unary("abs", z)));
  return divide(where(less(z, constant(0)), e, constant(1)), add(constant(1), e));
}
