/** How attributions are computed; which one depends on the kind of model. */
export const attributionMethods = {
  linear: "SHAP values of a linear model in closed form; exact",
  expectedGradients: "integrated gradients averaged over the background (Erion et al. 2021); sampled",
  treeShap:
    "SHAP values of trees, by the paths that mixtures with background rows take; exact for boosting, sampled for forests",
  sampledShapley: "Shapley values by random orders of the columns (Castro et al. 2009), for any kind; sampled",
  lime: "coefficients of a local linear model (LIME, Ribeiro et al. 2016), for comparison; sampled",
  pooled:
    "the weighted sum of the members' attributions, each in the best way for its kind; of several classes also what their softmax bends, sampled",
} as const;
/** A name of {@link attributionMethods}. */
export type AttributionMethod = keyof typeof attributionMethods;

/** Input of an explainer, whatever its kind. */
export interface AttributionTask {
  /** Encoded background, backgroundRows x inputs, row-major. */
  readonly background: Float32Array;
  /** 1 or more. */
  readonly backgroundRows: number;
  readonly inputs: number;
  /** Group of each matrix column; attributions are summed by group. */
  readonly groupOf: Int32Array;
  readonly groups: number;
  /** Points sampled for each row, if the method samples. */
  readonly samples: number;
  readonly seed: number;
}

/** Attributes a model's raw log odds, before calibration, to groups of matrix columns. */
export interface Attributor {
  readonly method: AttributionMethod;
  /** Mean raw log odds over the background; of trees that sum to a probability, the log odds of its mean. */
  readonly base: number;
  /** As in the task, or 0 if the method is exact. */
  readonly samples: number;
  /**
   * Explains the row that starts at `x[at]`.
   *
   * @param values written: `groups` attributions, each with its standard error in `errors`.
   * @returns the row's raw log odds.
   */
  attribute(x: Float32Array, at: number, values: Float64Array, errors: Float64Array): number;
}
