import type { Features } from "../../data/features/index.js";
import type { Table } from "../../data/table/index.js";
import type { ObjectStore } from "../../io/store/index.js";
import type { AnyMetricName } from "../evaluate/class-metrics.js";
import type { BudgetOptions } from "../kinds/budget.js";
import type { TrainingObserver } from "../training/observe.js";
import type { ThresholdRule } from "../training/threshold.js";
import type { TrainedModel } from "../training/train.js";
import type { Trial } from "../training/trial.js";
import type { CrossValidation } from "./cross-validate.js";
import type { ByColumn, Resampling } from "./resampling.js";
import type { SearchedLearner } from "./space/searched.js";

/** The ways to search. */
export const tuningMethods = ["tpe", "random", "grid", "asha"] as const;

/** Options of {@link tune}; every member has a default. */
export interface TuneOptions extends Resampling {
  /** Learners whose options are searched, each in a space of its own. Default: boosting in its usual space. */
  readonly learners?: readonly SearchedLearner[] | undefined;
  /**
   * `tpe` (default) learns from the trials so far where good options are, `random` draws them evenly, `grid` tries every
   * combination, and `asha` draws many, gives each a 27th of its epochs, rounds or trees, and three times as many to the
   * best third, again and again.
   */
  readonly method?: (typeof tuningMethods)[number] | undefined;
  /** How many points are tried. Default 50; a grid tries all unless it is given. */
  readonly trials?: number | undefined;
  /**
   * What is best. Default `logLoss`, and `classes.logLoss` where there are more than two classes; `profitPerCustomer` needs costs
   * in the rule for the threshold. The metrics over all classes are those of a {@link CrossValidation}.
   */
  readonly metric?: AnyMetricName | undefined;
  /** Judge each trial by one fold alone, in time by the last: as many times faster as there are folds, and less certain. */
  readonly holdout?: boolean | undefined;
  /**
   * Also estimate how good the tuned model is, on so many outer folds: the whole search is repeated on the rows outside
   * each. The value of the best trial is too good, because it was chosen for it.
   */
  readonly nested?: number | undefined;
  /** Rule for the threshold. Default: the best F1. */
  readonly threshold?: ThresholdRule | undefined;
  /** Threads; by default one for each processor, at most 8. The result does not depend on it. */
  readonly workers?: number | undefined;
  /** Ends the search early; the best trial so far is then trained. */
  readonly budget?: BudgetOptions | undefined;
  /** Ends the search with an error. */
  readonly signal?: AbortSignal | undefined;
  /** A file or store that keeps each trial, so that the same call continues after a kill, to the same result. */
  readonly journal?: string | ObjectStore | undefined;
  /** Called after each trial. */
  readonly onTrial?: ((trial: Trial) => void) | undefined;
  /**
   * Logs the search as a run, and each trial as a run in it: a tracker of `churnkit/tracking`, or an open run of it. It cannot
   * fail the search.
   */
  readonly tracker?: TrainingObserver | undefined;
  /** Kept in the bundle's provenance. */
  readonly gitCommit?: string | undefined;
}

/** Result of {@link tune}. */
export interface TuneResult<Row = unknown, Request = unknown> {
  readonly metric: AnyMetricName;
  /** Its options are the model's. */
  readonly best: Trial;
  readonly trials: readonly Trial[];
  /** Whether the budget ended the search before its last trial. */
  readonly ended: boolean;
  /** How good tuned models are on rows that they were not tuned on; undefined if it was not asked for, or no time was left. */
  readonly nested: CrossValidation | undefined;
  /** Trained with the best options on all rows. */
  readonly model: TrainedModel<Row, Request>;
}

/**
 * Searches the options of learners by cross-validation, and trains the best on all rows. The same rows, options, seed and
 * version give the same result, for any number of threads, and also when a killed search is continued from its journal.
 * A trial that fails is recorded with the reason.
 *
 * @param features The result of `defineFeatures`.
 * @param table Labeled rows.
 * @throws ChurnkitError OPTION_INVALID, TARGET_INVALID, TOO_FEW_ROWS; CHECKPOINT_MISMATCH for the journal of another
 * search; IO_FAILED or STORE_FAILED if the journal cannot be kept; JOB_FAILED if every trial failed.
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { tune } from "churnkit/model";
 *
 * const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 400, seed: 1 }).records);
 * const { best, model } = await tune(defineFeatures(syntheticContract), table, {
 *   learners: [{ learner: "logistic", space: { l2: { kind: "real", min: 1, max: 100, scale: "log" } } }],
 *   method: "random",
 *   trials: 3,
 *   folds: 3,
 * });
 * console.log(best.options, best.value, model.heldOut.values.auc.value);
 * ```
 */
export async function tune<Row, Request>(
  features: Features<Row, Request>,
  table: Table<Row>,
  options: Omit<TuneOptions, "by"> & ByColumn<Row> = {},
): Promise<TuneResult<Row, Request>> {
  const { runTuning, tuneObserved } = await import("./run-tuning.js");
  const { tracker, ...own } = options;
  return tracker === undefined ? runTuning(features, table, own) : tuneObserved(features, table, own, tracker);
}
