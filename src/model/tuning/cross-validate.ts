import type { Features } from "../../data/features/index.js";
import type { Table } from "../../data/table/index.js";
import type { ResampledT } from "../../stats/hypothesis/index.js";
import type { AnyMetricName } from "../evaluate/class-metrics.js";
import type { MetricName } from "../evaluate/metrics.js";
import type { HeldOut, Learner } from "../kinds/learner.js";
import type { FoldScores } from "../training/score-fold.js";
import type { ThresholdRule } from "../training/threshold.js";
import type { ByColumn, Resampling } from "./resampling.js";

/** What {@link crossValidate} and {@link compareLearners} have in common. */
export interface FoldOptions extends Resampling {
  /** Rule for the threshold, applied in each fold to rows held out of its training. Default: the best F1. */
  readonly threshold?: ThresholdRule | undefined;
  /** Threads; by default one for each processor, at most 8. The result does not depend on it. */
  readonly workers?: number | undefined;
  /** Ends the work with an error. */
  readonly signal?: AbortSignal | undefined;
  /** Called when a fold is done, in no certain order. */
  readonly onProgress?: ((progress: { readonly done: number; readonly of: number }) => void) | undefined;
}

/** Options of {@link crossValidate}. */
export interface CrossValidateOptions extends FoldOptions {
  /** Default: the churn network. */
  readonly learner?: Learner | undefined;
}

/** One fold of a {@link CrossValidation}. */
export interface FoldResult extends Pick<FoldScores, "threshold" | "values"> {
  readonly repeat: number;
  readonly fold: number;
  readonly rows: { readonly train: number; readonly test: number };
}

/** Mean of a metric over the folds, with its 95 % interval. */
export type FoldMean = Pick<ResampledT, "mean" | "low" | "high" | "standardError">;

/** A value for each metric that models of the data's classes have; null where it has none. */
export type ByMetric<Value> = Readonly<Record<MetricName, Value | null>> &
  Readonly<Partial<Record<AnyMetricName, Value | null>>>;

/** Result of {@link crossValidate}. */
export interface CrossValidation {
  readonly learner: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Repeat by repeat. */
  readonly folds: readonly FoldResult[];
  /**
   * By name; null if some fold has no value. The profit is with the costs of the threshold's rule. If there are more than two
   * classes, also `classes.logLoss`, `classes.accuracy`, `classes.macroF1` and `classes.macroAuc` over all of them; the others are of the positive one.
   */
  readonly metrics: ByMetric<FoldMean>;
  /** Each tested row with its calibrated probabilities by a model that did not train on it, averaged over the repeats. */
  readonly outOfFold: HeldOut;
}

/**
 * Estimates how good the models of a learner are: divides the rows into folds, and tests on each fold a model of the other
 * rows. Everything is learned inside the fold: features, model, calibration and threshold. The interval of a mean is that of the
 * corrected resampled t-test (Nadeau and Bengio 2003), because folds share training rows.
 *
 * @param features The result of `defineFeatures`.
 * @param table Labeled rows.
 * @throws ChurnkitError OPTION_INVALID, TARGET_INVALID, TOO_FEW_ROWS, TRAINING_DIVERGED, THREAD_FAILED.
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { crossValidate, logistic } from "churnkit/model";
 *
 * const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 500, seed: 1 }).records);
 * const { metrics } = await crossValidate(defineFeatures(syntheticContract), table, { learner: logistic({ l2: 10 }), folds: 3 });
 * console.log(metrics.auc?.mean, metrics.auc?.low, metrics.auc?.high);
 * ```
 */
export async function crossValidate<Row>(
  features: Features<Row>,
  table: Table<Row>,
  options: Omit<CrossValidateOptions, "by"> & ByColumn<Row> = {},
): Promise<CrossValidation> {
  const { runCrossValidation } = await import("./run-cross-validation.js");
  return runCrossValidation(features, table, options);
}
