import type { ColumnKind } from "../contract/contract.js";
import type { KindOf } from "../contract/row-types.js";
import type { Expression, Typed } from "./expression.js";

/**
 * Encodings of a column, by kind; the first is the default.
 *
 * Numbers: `auto` by shape and by the features' `numeric` setting; `standard`, `log`, `quantile` as one scaled number;
 * `piecewise` as bins. Categories: `auto` by the number of levels; `oneHot`; `target` (ordered target rate);
 * `frequency`. Dates: `auto` is age and calendar parts; `age` or `calendar` alone. Texts: `target` is one number, what
 * their words say about the target; `tfidf` a column for each frequent word; `auto` is `target`, or `tfidf` where the
 * table has no target. `drop` leaves the column out.
 */
export const encodings = {
  number: ["auto", "standard", "log", "quantile", "piecewise", "drop"],
  boolean: ["auto", "drop"],
  category: ["auto", "oneHot", "target", "frequency", "drop"],
  date: ["auto", "age", "calendar", "drop"],
  text: ["auto", "target", "tfidf", "drop"],
} as const satisfies Record<ColumnKind, readonly string[]>;

export type NumberEncoding = (typeof encodings.number)[number];
export type CategoryEncoding = (typeof encodings.category)[number];
export type DateEncoding = (typeof encodings.date)[number];
export type TextEncoding = (typeof encodings.text)[number];

export interface NumberPolicy {
  readonly encode?: NumberEncoding;
  /** Replacement of a missing value. Default: the median of the training rows. */
  readonly impute?: "median" | "mean" | number;
  /** Whether each of few values, and a value that many rows share, also gets a 0/1 column. Default true. */
  readonly oneHotValues?: boolean;
}

export interface CategoryPolicy {
  readonly encode?: CategoryEncoding;
  /** Levels in fewer training rows than this are pooled, 1 or more. Default: 10, or 0.1 % of the rows if that is more. */
  readonly rareBelow?: number;
}

export interface DatePolicy {
  readonly encode?: DateEncoding;
}

export interface BooleanPolicy {
  readonly encode?: (typeof encodings.boolean)[number];
}

export interface TextPolicy {
  readonly encode?: TextEncoding;
}

interface PolicyByKind {
  number: NumberPolicy;
  boolean: BooleanPolicy;
  category: CategoryPolicy;
  date: DatePolicy;
  text: TextPolicy;
}

/** The policy of a column whose values have a TypeScript type. */
export type PolicyFor<Value> = unknown extends Value ? ColumnPolicy : PolicyByKind[KindOf<Value>];

/** The policy of a derived column. */
export type PolicyForExpression<E extends Expression> = E extends Typed<infer Value> ? PolicyFor<Value> : ColumnPolicy;

/** Any policy, as a features definition stores it. */
export interface ColumnPolicy {
  readonly encode?: string | undefined;
  readonly impute?: "median" | "mean" | number | undefined;
  readonly oneHotValues?: boolean | undefined;
  readonly rareBelow?: number | undefined;
}

/** Settings of each kind in addition to `encode`. */
const settings: Record<ColumnKind, readonly (keyof ColumnPolicy)[]> = {
  number: ["impute", "oneHotValues"],
  boolean: [],
  category: ["rareBelow"],
  date: [],
  text: [],
};

/** Problem with a policy for a column of a kind, or undefined. */
export function policyProblem(policy: ColumnPolicy, kind: ColumnKind): string | undefined {
  const { encode, impute, oneHotValues, rareBelow } = policy;
  const unknown = Object.keys(policy).find((key) => key !== "encode" && !settings[kind].some((name) => name === key));
  if (unknown !== undefined) return `a ${kind} column has no setting "${unknown.slice(0, 80)}"`;
  const allowed: readonly string[] = encodings[kind];
  if (encode !== undefined && !allowed.includes(encode)) {
    return `a ${kind} column cannot be encoded as "${String(encode).slice(0, 80)}"; it takes ${allowed.join(", ")}`;
  }
  if (impute !== undefined && impute !== "median" && impute !== "mean" && !Number.isFinite(impute)) {
    return "impute must be median, mean or a finite number";
  }
  if (oneHotValues !== undefined && typeof oneHotValues !== "boolean") return "oneHotValues must be true or false";
  if (rareBelow !== undefined && !(Number.isInteger(rareBelow) && rareBelow >= 1)) {
    return "rareBelow must be a whole number of rows, 1 or more";
  }
  return undefined;
}
