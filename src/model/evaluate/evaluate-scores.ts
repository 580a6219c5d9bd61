import type { Costs } from "../artifact.js";
import {
  centeredInterval,
  percentileInterval,
  resample,
  resampleGroups,
  resamplesFor,
  type BootstrapOptions,
} from "./bootstrap.js";
import type { Confusion } from "./confusion.js";
import { precisionRecallCurve, profitCurve, rocCurve, type Curve } from "./curves.js";
import { liftTable, type LiftBin } from "./lift.js";
import { confusionOf, measurable, measure, type Measurable, type MetricTable } from "./measure.js";
import { metricNames, type MetricName, type MetricSummary, type MetricValue } from "./metrics.js";
import { checkCosts, checkGroups, checkThreshold } from "./options.js";
import { reliabilityCurve, type ReliabilityBin } from "./reliability.js";
import { sortScores } from "./sorted-scores.js";

/** Complete evaluation of a model's probabilities on labeled rows. */
export interface Evaluation extends MetricSummary {
  readonly confusion: Confusion;
  /** x false positive rate, y true positive rate; null over one class. */
  readonly roc: Curve | null;
  /** x recall, y precision; null over one class. */
  readonly precisionRecall: Curve | null;
  readonly reliability: readonly ReliabilityBin[];
  /** By decile, highest scores first; null if no row is positive. */
  readonly lift: readonly LiftBin[] | null;
  /** x threshold, y money saved compared with contacting no customer; null without costs. */
  readonly profit: Curve | null;
  readonly costs: Costs | null;
  /** Resamples behind the intervals, 0 without bootstrap. */
  readonly resamples: number;
}

/** How to evaluate. */
export interface EvaluateScoresOptions {
  /** Positive from this probability on, in [0, 1]. */
  readonly threshold: number;
  readonly costs?: Costs | undefined;
  readonly bootstrap?: BootstrapOptions | false | undefined;
  /**
   * A number for each row: rows with the same one say the same again, such as copies of a row by its weight or months of one
   * customer, so the bootstrap draws them together. Default: each row alone.
   */
  readonly groups?: ArrayLike<number> | undefined;
}

/**
 * Evaluates probabilities against the labels: every metric of {@link metrics} at the threshold with a 95 % bootstrap
 * percentile interval (rows drawn with replacement), the confusion matrix and the curves.
 *
 * O(n log n) for one sort, then O(n) for each resample; above 50,000 rows fewer resamples are made. A metric without a
 * value is null: AUC and average precision over one class, recall and F1 without a positive row, the profit without costs. Precision of
 * 0/0 is 0. The interval of the
 * calibration error is centered on its value, because noise only raises that metric.
 *
 * @param labels 1 for the positive class, 0 for the other.
 * @param probabilities Of the positive class, in [0, 1], one for each label.
 * @throws ChurnkitError TOO_FEW_ROWS without rows, VALUE_INVALID for a bad label or probability, OPTION_INVALID for
 * unequal lengths or a bad option.
 *
 * @example
 * ```ts
 * import { evaluateScores } from "churnkit/model";
 *
 * const labels = Uint8Array.of(1, 0, 1, 0);
 * const probabilities = Float64Array.of(0.9, 0.2, 0.6, 0.7);
 * const { values, confusion } = evaluateScores(labels, probabilities, { threshold: 0.5 });
 * console.assert(values.auc.value === 0.75 && confusion.falsePositives === 1);
 * ```
 */
export function evaluateScores(
  labels: Uint8Array,
  probabilities: Float64Array,
  options: EvaluateScoresOptions,
): Evaluation {
  const { threshold, costs, bootstrap = {}, groups } = options;
  checkThreshold(threshold);
  if (costs !== undefined) checkCosts(costs);
  if (groups !== undefined) checkGroups(groups, labels.length);
  const sorted = sortScores(labels, probabilities);
  const resamples = bootstrap === false ? 0 : resamplesFor(sorted.rows, bootstrap.resamples);
  const prepared = measurable(sorted, threshold, costs);
  return {
    rows: sorted.rows,
    positives: sorted.positives,
    threshold,
    values: valuesOf(prepared, resamples, bootstrap === false ? 0 : (bootstrap.seed ?? 0), groups),
    confusion: confusionOf(prepared),
    roc: rocCurve(sorted),
    precisionRecall: precisionRecallCurve(sorted),
    reliability: reliabilityCurve(sorted),
    lift: liftTable(sorted),
    profit: costs === undefined ? null : profitCurve(sorted, costs),
    costs: costs ?? null,
    resamples,
  };
}

function valuesOf(
  prepared: Measurable,
  resamples: number,
  seed: number,
  groups: ArrayLike<number> | undefined,
): Record<MetricName, MetricValue> {
  const point = measure(prepared);
  const drawn: MetricTable[] = [];
  const use = (counts: Uint16Array): void => void drawn.push(measure(prepared, counts));
  const { order, rows } = prepared.sorted;
  if (groups === undefined) resample(rows, resamples, seed, use);
  else
    resampleGroups(
      Float64Array.from(order, (row) => groups[row] as number),
      resamples,
      seed,
      use,
    );
  const valueOf = (name: MetricName): MetricValue => {
    const value = point[name];
    if (value === null) return { value };
    const values = drawn.map((table) => table[name]);
    return { value, ...(name === "calibrationError" ? centeredInterval(values, value) : percentileInterval(values)) };
  };
  return Object.fromEntries(metricNames.map((name) => [name, valueOf(name)])) as Record<MetricName, MetricValue>;
}

/** The scalar part of an evaluation, plain JSON, which bundles and registries keep. */
export function summarize({ rows, positives, threshold, values, classes }: Evaluation): MetricSummary {
  return { rows, positives, threshold, values, ...(classes && { classes }) };
}
