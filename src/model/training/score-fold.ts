import { permutation } from "../../base/random.js";
import { measurable, measure, type MetricTable } from "../evaluate/measure.js";
import { sortScores } from "../evaluate/sorted-scores.js";
import type { Cap } from "../kinds/budget.js";
import type { LabeledMatrix, Learner, LearnerContext } from "../kinds/learner.js";
import { calibrate } from "../scoring/calibrate.js";
import { scorerContext } from "../scoring/compile.js";
import { decide } from "./decide.js";
import { learnerNamed } from "./learners.js";
import type { ThresholdRule } from "./threshold.js";

/** The rows of one fold, encoded by the recipe of its training rows. */
export interface FoldData {
  readonly training: LabeledMatrix;
  readonly test: LabeledMatrix;
}

/** How a fold is trained and judged. */
export interface FoldSettings {
  readonly threshold: ThresholdRule;
  readonly seed: number;
  /** Share of the training rows to train on, of each class; default 1. */
  readonly rowShare?: number | undefined;
}

/** A fold's test rows, scored by a model of its training rows. */
export interface FoldScores {
  readonly threshold: number;
  /** Calibrated, one for each test row. */
  readonly probabilities: Float64Array;
  /** The profit is with the costs of the threshold's rule. */
  readonly values: MetricTable;
  readonly caps: readonly Cap[];
}

/** A fold as work for a thread. */
export interface FoldWork {
  readonly kind: "fold";
  readonly job: FoldData & FoldSettings & { readonly learner: string; readonly options: object };
  readonly event: never;
  readonly result: FoldScores;
}

/** Trains and scores a fold on this thread. */
export const scoreFold = ({ learner, options, ...job }: FoldWork["job"]): Promise<FoldScores> =>
  scoreFoldWith(learnerNamed(learner, options), job, { workers: 1 });

/** The same with a learner of the caller's. */
export async function scoreFoldWith(
  learner: Learner,
  { training: all, test, threshold: rule, seed, rowShare = 1 }: FoldData & FoldSettings,
  context: Omit<LearnerContext, "seed">,
): Promise<FoldScores> {
  const training = rowShare < 1 ? someRows(all, rowShare, learner.folds ?? 1, seed) : all;
  const learned = await learner.fit(training, undefined, { ...context, seed });
  const { calibration, decision } = decide(learned, training.labels, rule);
  const probabilities = new Float64Array(test.labels.length);
  const scoring = await scorerContext(learned.model, test.width, {});
  scoring.scorerOf(learned.model).score(test.matrix, test.labels.length, probabilities);
  for (let i = 0; i < probabilities.length; i++) probabilities[i] = calibrate(calibration, probabilities[i] as number);
  return {
    threshold: decision.threshold,
    probabilities,
    values: measure(measurable(sortScores(test.labels, probabilities), decision.threshold, decision.costs)),
    caps: learned.caps ?? [],
  };
}

/** A share of each class's rows, at least so many of it, in their order. */
function someRows(
  { matrix, width, labels, details, recipe }: LabeledMatrix,
  share: number,
  least: number,
  seed: number,
): LabeledMatrix {
  const counts = [0, 0];
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  const left = counts.map((count) => Math.max(share * count, least));
  const rows = permutation(labels.length, seed)
    .filter((row) => {
      const label = labels[row] === 1 ? 1 : 0;
      left[label] = (left[label] ?? 0) - 1;
      return (left[label] ?? 0) >= -0.5;
    })
    .sort();
  const some = new Float32Array(rows.length * width);
  rows.forEach((row, i) => some.set(matrix.subarray(row * width, (row + 1) * width), i * width));
  return { matrix: some, width, labels: Uint8Array.from(rows, (row) => labels[row] as number), details, recipe };
}
