import type { Expression } from "./expression.js";

/**
 * The fitted state of the features: plain, readable JSON that turns a table into a matrix. Blocks stand in the order
 * of their matrix columns.
 */
export interface Recipe {
  readonly format: 1;
  /** Hash of the contract's columns this was fitted for. */
  readonly contractHash: string;
  /** Derived columns, computed before the blocks; a derived column may be the input of a block. */
  readonly derived: readonly DerivedColumn[];
  readonly blocks: readonly FeatureBlock[];
}

export interface DerivedColumn {
  readonly name: string;
  readonly expression: Expression;
}

/** How a number becomes a feature: subtract `center`, multiply by `scale`, after an optional transform. */
export interface NumericBlock {
  readonly kind: "numeric";
  readonly input: string;
  /** Taken for a missing value, before the transform. */
  readonly impute: number;
  /** Is there a 0/1 column "was missing" behind the value? */
  readonly indicator: boolean;
  /** `log`: sign(x) * log(1 + |x|); `quantile`: the share of reference values below x, linear between `knots`, as a normal score. */
  readonly transform: "identity" | "log" | "quantile";
  /** Increasing cut points, for `quantile` only. */
  readonly knots?: readonly number[] | undefined;
  readonly center: number;
  readonly scale: number;
}

/** One 0/1 column for each level, one for the pool of rare levels where there is one, one for unknown or missing. */
export interface OneHotBlock {
  readonly kind: "oneHot";
  readonly input: string;
  readonly levels: readonly string[];
  readonly rare: readonly string[];
  /** Which extra columns there are behind the levels. */
  readonly extra: readonly ("rare" | "unknown" | "missing")[];
}

/** A level's smoothed target rate as log-odds, standardised. */
export interface TargetBlock {
  readonly kind: "target";
  readonly input: string;
  readonly levels: readonly string[];
  readonly values: readonly number[];
  /** For unknown and missing levels. */
  readonly otherwise: number;
}

/** A level's share of the training rows as a scaled logarithm. */
export interface FrequencyBlock {
  readonly kind: "frequency";
  readonly input: string;
  readonly levels: readonly string[];
  readonly values: readonly number[];
  readonly otherwise: number;
}

/** Piecewise-linear encoding: for bin i between knots[i] and knots[i+1], how far x has passed through it, in [0, 1]. */
export interface PiecewiseBlock {
  readonly kind: "piecewise";
  readonly input: string;
  readonly impute: number;
  readonly indicator: boolean;
  readonly knots: readonly number[];
}

/** One encoded input of the model. A date enters through derived columns (calendar parts, age) and then `numeric`. */
export type FeatureBlock = NumericBlock | OneHotBlock | TargetBlock | FrequencyBlock | PiecewiseBlock;
