import type { Features } from "../../data/features/index.js";
import type { Table } from "../../data/table/index.js";
import type { ResampledT } from "../../stats/hypothesis/index.js";
import type { Learner } from "../kinds/learner.js";
import type { ByMetric, CrossValidation, FoldOptions } from "./cross-validate.js";
import type { ByColumn } from "./resampling.js";

/** Result of {@link compareLearners}. */
export interface LearnerComparison<Name extends string = string> {
  /** By the learner's name in the call, in its order. */
  readonly results: Readonly<Record<Name, CrossValidation>>;
  /** Each pair: a - b over the folds, with the corrected paired test; null if some fold has no value. */
  readonly differences: readonly {
    readonly a: Name;
    readonly b: Name;
    readonly metrics: ByMetric<ResampledT>;
  }[];
}

/**
 * Compares learners by cross-validation on the same folds. Each pair gets the corrected paired t-test over folds (Nadeau
 * and Bengio 2003): its p says how often so large a difference would come by chance. It is not adjusted for the number of pairs.
 *
 * @param learners at least two, by names of your choice.
 * @throws ChurnkitError OPTION_INVALID for fewer than two learners, and the errors of {@link crossValidate}.
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { boosting, compareLearners, logistic } from "churnkit/model";
 *
 * const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 500, seed: 1 }).records);
 * const learners = { linear: logistic({ l2: 10 }), trees: boosting({ members: 2, rounds: 20 }) };
 * const { differences } = await compareLearners(defineFeatures(syntheticContract), table, learners, { folds: 3 });
 * console.log(differences[0]?.metrics.logLoss?.mean, differences[0]?.metrics.logLoss?.p);
 * ```
 */
export async function compareLearners<Row, Name extends string>(
  features: Features<Row>,
  table: Table<Row>,
  learners: Readonly<Record<Name, Learner>>,
  options: Omit<FoldOptions, "by"> & ByColumn<Row> = {},
): Promise<LearnerComparison<Name>> {
  const { runComparison } = await import("./run-cross-validation.js");
  return runComparison(features, table, learners, options);
}
