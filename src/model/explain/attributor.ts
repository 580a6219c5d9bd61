import type { AttributionMethod } from "./explanation.js";

/** Input of an explainer, whatever its kind. */
export interface AttributionTask {
  /** Encoded background, backgroundRows x inputs, row-major. */
  readonly background: Float32Array;
  /** 1 or more. */
  readonly backgroundRows: number;
  readonly inputs: number;
  /** For each matrix column the group that its attribution is summed into. */
  readonly groupOf: Int32Array;
  readonly groups: number;
  /** Points sampled for each row, where the method samples. */
  readonly samples: number;
  readonly seed: number;
}

/** Attributes a model's raw log odds, before calibration, to groups of matrix columns. */
export interface Attributor {
  readonly method: AttributionMethod;
  /** Mean raw log odds over the background. */
  readonly base: number;
  /** As in the task, or 0 where the method is exact. */
  readonly samples: number;
  /**
   * Explains the row that starts at `x[at]`.
   *
   * @param values written: `groups` attributions, each with its standard error in `errors`.
   * @returns the row's raw log odds.
   */
  attribute(x: Float32Array, at: number, values: Float64Array, errors: Float64Array): number;
}
