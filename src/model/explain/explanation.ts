import type { AttributionMethod } from "../kinds/attributor.js";
import type { Decision } from "../artifact.js";
import type { Contract } from "../../data/contract/index.js";
import type { Recipe } from "../../data/features/index.js";
import type { Table } from "../../data/table/index.js";

/** A column of an explanation. */
export interface ExplainedColumn {
  /** A feature of the contract, or a derived column of several features. */
  readonly name: string;
  /** The contract's columns in it: itself, or the sources of a derived column. */
  readonly madeOf: readonly string[];
  /** Whether it is derived from several columns of the contract. */
  readonly derived: boolean;
}

/**
 * Attributions of rows. For each row the values sum to `outputs[row] - base`: the completeness axiom, up to rounding
 * (and, if the sampling saw only a flat part of the model, within the stated errors). LIME alone has no such property.
 */
export interface Explanation {
  /** The class whose probability is explained: the positive one, unless another was asked for. */
  readonly class: string;
  /** The contract's features in its order, then derived columns of several. */
  readonly columns: readonly ExplainedColumn[];
  readonly rows: number;
  /** Mean output over the background, in calibrated log odds. */
  readonly base: number;
  /** Calibrated log odds of the class, one for each row. */
  readonly outputs: Float64Array;
  /** Attributions in log odds, rows x columns, row-major. */
  readonly values: Float64Array;
  /** Standard error of each value from the sampling, same shape; 0 if the method is exact. */
  readonly errors: Float64Array;
  readonly method: AttributionMethod;
  /** Points at which the model was evaluated for each row; 0 if the method is exact. */
  readonly samples: number;
  /** Rows of the background. */
  readonly backgroundRows: number;
}

/** Explains the scores of one model against one background. It has buffers, so it serves one call at a time. */
export interface Explainer {
  readonly contract: Contract;
  readonly recipe: Recipe;
  readonly decision: Decision;
  /** The class whose probability is explained. */
  readonly class: string;
  readonly columns: readonly ExplainedColumn[];
  readonly method: AttributionMethod;
  /** Mean output over the background, in calibrated log odds. */
  readonly base: number;
  /**
   * Computes attributions of every row kept in the table. A row has the same bits alone as among others, in any
   * order.
   *
   * @throws ChurnkitError CONTRACT_MISMATCH for a table of other columns, VALUE_INVALID when a row has no finite score.
   */
  explain(table: Table): Explanation;
}
