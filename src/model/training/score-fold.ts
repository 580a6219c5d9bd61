import { permutation } from "../../base/random.js";
import { type AnyMetricName, classValues } from "../evaluate/class-metrics.js";
import { classEvaluation } from "../evaluate/evaluate-classes.js";
import { measurable, measure, type MetricTable } from "../evaluate/measure.js";
import { sortScores } from "../evaluate/sorted-scores.js";
import type { Cap } from "../kinds/budget.js";
import type { Calibration } from "../artifact.js";
import type { LabeledMatrix, Learner, LearnerContext } from "../kinds/learner.js";
import type { ModelScorer } from "../kinds/model-kind.js";
import { calibrate } from "../scoring/calibrate.js";
import { calibrateClasses } from "../scoring/class-results.js";
import { scorerContext } from "../scoring/compile.js";
import { labelsOfRows } from "./classes/class-labels.js";
import { oneVersusRest } from "./classes/one-versus-rest.js";
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

/** Metrics of the positive class; if there are more than two classes, also those over all. */
export type FoldValues = MetricTable & Readonly<Partial<Record<AnyMetricName, number | null>>>;

/** A fold's test rows, scored by a model of its training rows. */
export interface FoldScores {
  readonly threshold: number;
  /** Calibrated, one for each test row. */
  readonly probabilities: Float64Array;
  /** Those of all classes, rows x classes, if there are more than two. */
  readonly ofClasses?: Float64Array | undefined;
  /** The profit is with the costs of the threshold's rule. */
  readonly values: FoldValues;
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
  const learned = await oneVersusRest(learner).fit(training, undefined, { ...context, seed });
  const { calibration, decision } = decide(learned, training.labels, rule);
  const scorer = (await scorerContext(learned.model, test.width, {})).scorerOf(learned.model);
  const scored = scoreAll(scorer, calibration, test);
  const { probabilities, ofClasses } = scored;
  return {
    threshold: decision.threshold,
    ...scored,
    values: {
      ...measure(measurable(sortScores(test.labels, probabilities), decision.threshold, decision.costs)),
      ...(ofClasses && test.classes && overClasses(test.classes, ofClasses)),
    },
    caps: learned.caps ?? [],
  };
}

/** Calibrated probabilities of rows, of all classes where there are more than two. */
function scoreAll(
  scorer: ModelScorer,
  calibration: Calibration,
  { matrix, labels, classes: known }: LabeledMatrix,
): Pick<FoldScores, "probabilities" | "ofClasses"> {
  const rows = labels.length;
  const { classes } = scorer;
  if (!classes || !known) {
    const probabilities = new Float64Array(rows);
    scorer.score(matrix, rows, probabilities);
    return { probabilities: probabilities.map((p) => calibrate(calibration, p)) };
  }
  const { count, positive } = known;
  const all = new Float64Array(rows * count);
  classes.score(matrix, rows, all);
  calibrateClasses(calibration, all, known);
  return { probabilities: all.filter((_, i) => i % count === positive), ofClasses: all };
}

function overClasses({ codes, count }: NonNullable<LabeledMatrix["classes"]>, all: Float64Array) {
  const names = Array.from({ length: count }, (_, k) => String(k));
  return classValues(classEvaluation(names, codes, all));
}

/** A share of each class's rows, at least so many of it, in their order. */
function someRows(
  { matrix, width, details, recipe, ...known }: LabeledMatrix,
  share: number,
  least: number,
  seed: number,
): LabeledMatrix {
  const codes = known.classes?.codes ?? known.labels;
  const left = new Map<number, number>();
  for (const code of codes) left.set(code, (left.get(code) ?? 0) + 1);
  for (const [code, count] of left) left.set(code, Math.max(share * count, least));
  const rows = permutation(codes.length, seed)
    .filter((row) => {
      const code = codes[row] as number;
      const more = (left.get(code) ?? 0) - 1;
      left.set(code, more);
      return more >= -0.5;
    })
    .sort();
  const some = new Float32Array(rows.length * width);
  rows.forEach((row, i) => some.set(matrix.subarray(row * width, (row + 1) * width), i * width));
  return { matrix: some, width, ...labelsOfRows(known, rows), details, recipe };
}
