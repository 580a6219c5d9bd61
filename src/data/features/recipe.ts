import type { Expression } from "./expression.js";
import type { Vocabulary } from "./text/vocabulary.js";

/**
 * The fitted state of the features: plain, readable JSON that turns a table into a matrix. Blocks are in the order of
 * their matrix columns.
 */
export interface Recipe {
  readonly format: 1;
  /** Hash of the contract's columns this was fitted for. */
  readonly contractHash: string;
  /** Derived columns, computed before the blocks; a derived column may be the input of a block. */
  readonly derived: readonly DerivedColumn[];
  readonly blocks: readonly FeatureBlock[];
}

/** A column computed from others. */
export interface DerivedColumn {
  readonly name: string;
  readonly expression: Expression;
}

/**
 * Encoding of a number: an optional transform, then subtract `center`, multiply by `scale`, and clip to [-10, 10], so
 * that one absurd value can't drown the others.
 */
export interface NumericBlock {
  readonly kind: "numeric";
  readonly input: string;
  /** Replaces a missing value, before the transform. */
  readonly impute: number;
  /** Whether a 0/1 column "was missing" follows the value. */
  readonly indicator: boolean;
  /** `log`: sign(x) * log(1 + |x|); `quantile`: `scores` at `knots`, linear between them, constant outside. */
  readonly transform: "identity" | "log" | "quantile";
  /** Increasing reference values and the normal score of each one's mid-rank; for `quantile` only, else empty. */
  readonly knots: readonly number[];
  readonly scores: readonly number[];
  readonly center: number;
  readonly scale: number;
}

/**
 * Piecewise-linear encoding (Gorishniy et al. 2022): for each bin between knots[i] and knots[i+1], how far x has passed
 * through it, in [0, 1].
 */
export interface PiecewiseBlock {
  readonly kind: "piecewise";
  readonly input: string;
  readonly impute: number;
  /** Whether a 0/1 column "was missing" follows the bins. */
  readonly indicator: boolean;
  /** Increasing, two at least. */
  readonly knots: readonly number[];
}

/**
 * One 0/1 column "equals this number" for each value: of a number with few values, or with a value that many rows
 * share.
 */
export interface ValuesBlock {
  readonly kind: "values";
  readonly input: string;
  readonly values: readonly number[];
}

/** One 0/1 column for each level, then one for the pool of rare levels, then one for missing, if they exist. */
export interface OneHotBlock {
  readonly kind: "oneHot";
  readonly input: string;
  readonly levels: readonly string[];
  /** Levels that share one column; if there are any, a level never seen in training shares it too. */
  readonly rare: readonly string[];
  /** Levels without a column, because another column of the matrix carries the same information. */
  readonly silent: readonly string[];
  /** `column`: has a column; `silent`: another column shows it; `average`: was never missing in training. */
  readonly missing: "column" | "silent" | "average";
  /** The training mean of each column, written if nothing is known: a level never seen (and no pool), or `average`. */
  readonly average: readonly number[];
}

/** A number for each level; `otherwise` for levels never seen, `missing` for missing ones. */
interface LookupBlock {
  readonly input: string;
  readonly levels: readonly string[];
  readonly values: readonly number[];
  readonly otherwise: number;
  readonly missing: number;
}

/** The class that a rate, or what a text says, is about. */
interface AboutClass {
  /** Absent for the positive class: others have blocks where the target has more than two. */
  readonly of?: string | undefined;
}

/** A level's target rate as log-odds, shrunk toward that of all rows, centered on it and scaled. */
export interface TargetBlock extends LookupBlock, AboutClass {
  readonly kind: "target";
}

/** The logarithm of a level's share of the training rows, standardized. */
export interface FrequencyBlock extends LookupBlock {
  readonly kind: "frequency";
}

/** A column of a text: the bias and the sum of the terms' weights times their values. */
export interface TextWeights extends AboutClass {
  /** Of the phrases, then of the pieces: what they say about the class. */
  readonly weights: readonly number[];
  readonly bias: number;
}

/**
 * A text as TF-IDF (see `vectorizer`) of its words and pairs of words (`phrases`) and of parts of its words (`pieces`):
 * a column for each of these terms, where `weights` is empty, or one for each class that they say something about. All
 * are 0 where the text is missing.
 */
export interface TextBlock extends TextWeights {
  readonly kind: "text";
  readonly input: string;
  readonly phrases: Vocabulary;
  readonly pieces: Vocabulary;
  /** Of further classes, a column each, where the target has more than two. */
  readonly others?: readonly TextWeights[] | undefined;
  /** Whether a 0/1 column "was missing" follows. */
  readonly indicator: boolean;
}

/** One encoded input of the model. A date enters through derived columns (calendar parts, age) and then `numeric`. */
export type FeatureBlock =
  | NumericBlock
  | PiecewiseBlock
  | ValuesBlock
  | OneHotBlock
  | TargetBlock
  | FrequencyBlock
  | TextBlock;
