import type { Features } from "../../data/features/index.js";
import type { Table } from "../../data/table/index.js";
import type { ObjectStore } from "../../io/store/index.js";
import type { Artifact, TrainingRun } from "../artifact.js";
import type { BudgetOptions, Cap } from "../kinds/budget.js";
import type { Scorer } from "../scoring/compile.js";
import type { Evaluation } from "../evaluate/evaluate-scores.js";
import type { EpochRecord, HeldOut, Learner, LearnerContext } from "../kinds/learner.js";
import type { TrainingObserver } from "./observe.js";
import type { ThresholdRule } from "./threshold.js";

/** Options of {@link train}; every member has a default. */
export interface TrainOptions<Row = unknown> extends Omit<Partial<LearnerContext>, "budget" | "checkpoint"> {
  /**
   * Rows that stop the training early and choose calibration and threshold; without them folds of the training rows
   * do.
   */
  readonly validation?: Table<Row>;
  /**
   * Weight of each training row, finite and above 0: a row of weight 2 counts like two equal rows, in the training and,
   * without validation rows, in calibration, threshold and metrics. The features are fitted without weights.
   */
  readonly weights?: ArrayLike<number>;
  /** Default: the churn network. */
  readonly learner?: Learner;
  /** Rule for the threshold. Default: the best F1. */
  readonly threshold?: ThresholdRule;
  /** Also fit logistic regression on the same rows, for comparison with the model. Default true. */
  readonly baseline?: boolean;
  /**
   * Time limit of the training. It then ends with the best model so far, and reports that in `caps` and in the
   * provenance: such a model also depends on the speed of the machine. Steps other than training (features, the
   * threshold) are not cut short.
   */
  readonly budget?: BudgetOptions;
  /**
   * A folder or a store that keeps the state of networks after each epoch, and the learners that `auto` has finished. The
   * same call then resumes from it.
   */
  readonly checkpoint?: string | ObjectStore | undefined;
  /** Kept in the bundle's provenance. */
  readonly gitCommit?: string;
  /** Logs the training as a run: a tracker of `churnkit/tracking`, or an open run of it. It cannot fail the training. */
  readonly tracker?: TrainingObserver | undefined;
}

/** A model in memory, ready to score, evaluate and save. */
export interface TrainedModel<Row = unknown, Request = unknown> {
  readonly artifact: Artifact;
  readonly scorer: Scorer<Request>;
  /** Evaluation on rows that the scoring models did not train on: the validation rows, or out of fold. */
  readonly heldOut: Evaluation;
  /**
   * Rows of `heldOut`: rows of the validation table, or without one of the training table (repeated by their weights),
   * and their calibrated probabilities.
   */
  readonly heldOutScores: HeldOut;
  /**
   * What the training took, without the baseline; of `tune` what the whole search took. `saveBundle(model, path)` keeps it
   * in the manifest.
   */
  readonly trainingRun: TrainingRun;
  /** Epochs of each network of the model. */
  readonly history: readonly (readonly EpochRecord[])[];
  /** The caps that ended the training early or made it smaller; usually empty. */
  readonly caps: readonly Cap[];
  /**
   * Columns that the features leave out or narrow, in words: a column with the reason, and levels beyond those that
   * are distinguished.
   */
  readonly notes: readonly string[];
  /** Logistic regression trained on the same rows; undefined if it was not requested, or no time was left. */
  readonly baseline: TrainedModel<Row, Request> | undefined;
}

/**
 * Trains a model: fits the recipe on the rows, trains the learner, then chooses calibration and threshold on held-out
 * rows. The same rows, options and version give the same model, bit for bit.
 *
 * @param features The result of {@link defineFeatures}.
 * @param table The training rows; both classes must occur.
 * @throws ChurnkitError TARGET_INVALID, TOO_FEW_ROWS, TRAINING_DIVERGED, OPTION_INVALID.
 * @example
 * ```ts
 * import { contractOf, defineFeatures, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { logistic, train } from "churnkit/model";
 * import { z } from "zod";
 *
 * const schema = z.object({ tenureMonths: z.int(), monthlyCharges: z.number(), churn: z.enum(["No", "Yes"]) });
 * const contract = contractOf(schema, { target: "churn", positive: "Yes" });
 * const customers = tableFromRecords(contract, syntheticCustomers({ rows: 1000 }).records);
 * const model = await train(defineFeatures(contract), customers, { learner: logistic() });
 * console.log(model.heldOut.values.auc, model.scorer.scoreRecord({ tenureMonths: 2, monthlyCharges: 95 }).probability);
 * ```
 */
export async function train<Row, Request>(
  features: Features<Row, Request>,
  table: Table<Row>,
  options: TrainOptions<Row> = {},
): Promise<TrainedModel<Row, Request>> {
  const { trainModel, trainObserved } = await import("./train-model.js");
  const { tracker, ...own } = options;
  return tracker === undefined ? trainModel(features, table, own) : trainObserved(features, table, own, tracker);
}
