import { ChurnkitError } from "../../base/errors.js";
import type { Costs } from "../artifact.js";
import { percentileInterval, resample, resamplesFor, type BootstrapOptions } from "./bootstrap.js";
import { measurable, measure, type Measurable } from "./measure.js";
import { metrics, type MetricName, type MetricValue } from "./metrics.js";
import { checkCosts, checkThreshold } from "./options.js";
import { sortScores } from "./sorted-scores.js";

/** Comparison of two models on the same rows, by one metric. */
export interface ScoreComparison {
  readonly metric: MetricName;
  readonly rows: number;
  /** The metric of each model; null if it has no value. */
  readonly a: number | null;
  readonly b: number | null;
  /** a - b with its 95 % interval. */
  readonly difference: MetricValue;
  /**
   * Share of resamples in which a is better by the metric's own direction, ties half; null if fewer than half of the
   * resamples have a value.
   */
  readonly shareBetter: number | null;
  readonly resamples: number;
}

/** Thresholds of both models (0.5 by default; only some metrics need them) and the resampling. */
export interface CompareScoresOptions extends BootstrapOptions {
  readonly thresholdA?: number | undefined;
  readonly thresholdB?: number | undefined;
  /** Of both models' mistakes; the profit needs them. */
  readonly costs?: Costs | undefined;
}

/**
 * Paired bootstrap of the difference of two models: each resample draws rows once and measures both models on them,
 * so that effects that make rows hard for both cancel out. An interval without 0 is a difference at the 5 % level.
 *
 * @param labels 1 for the positive class, 0 for the other.
 * @param a Probabilities of the first model (the candidate), in [0, 1], one for each label.
 * @param b Probabilities of the second model (the champion), for the same rows in the same order.
 * @throws ChurnkitError with the codes of {@link evaluateScores}.
 *
 * @example
 * ```ts
 * import { compareScores } from "churnkit/model";
 *
 * const labels = Uint8Array.from({ length: 200 }, (_, i) => i % 2);
 * const good = Float64Array.from(labels, (label, i) => (label + (i % 7) / 7) / 2);
 * const poor = Float64Array.from(labels, (label, i) => (label / 2 + (i % 7) / 7) / 2);
 * const { difference } = compareScores(labels, good, poor, "auc");
 * console.assert((difference.low ?? 0) > 0);
 * ```
 */
export function compareScores(
  labels: Uint8Array,
  a: Float64Array,
  b: Float64Array,
  metric: MetricName,
  options: CompareScoresOptions = {},
): ScoreComparison {
  const { thresholdA = 0.5, thresholdB = 0.5, costs, seed = 0 } = options;
  if (!Object.hasOwn(metrics, metric))
    throw new ChurnkitError(
      "OPTION_INVALID",
      `Unknown metric "${metric}". Use one of ${Object.keys(metrics).join(", ")}.`,
    );
  checkThreshold(thresholdA);
  checkThreshold(thresholdB);
  if (costs !== undefined) checkCosts(costs);
  const first = measurable(sortScores(labels, a), thresholdA, costs);
  const second = measurable(sortScores(labels, b), thresholdB, costs);
  const rows = labels.length;
  const resamples = resamplesFor(rows, options.resamples);
  const weights = new Uint16Array(rows);
  const weigh = (prepared: Measurable, counts: Uint16Array): number | null => {
    const { order } = prepared.sorted;
    for (let i = 0; i < rows; i++) weights[i] = counts[order[i] as number] as number;
    return measure(prepared, weights)[metric];
  };
  const differences: (number | null)[] = [];
  resample(rows, resamples, seed, (counts) => differences.push(minus(weigh(first, counts), weigh(second, counts))));
  const valueA = measure(first)[metric];
  const valueB = measure(second)[metric];
  return {
    metric,
    rows,
    a: valueA,
    b: valueB,
    difference: { value: minus(valueA, valueB), ...percentileInterval(differences) },
    shareBetter: shareBetter(differences, metrics[metric].better === "higher" ? 1 : -1),
    resamples,
  };
}

const minus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a - b);

function shareBetter(differences: readonly (number | null)[], sign: 1 | -1): number | null {
  const defined = differences.filter((difference) => difference !== null);
  if (defined.length * 2 <= differences.length) return null;
  const wins = defined.reduce((sum, difference) => sum + (Math.sign(difference * sign) + 1) / 2, 0);
  return wins / defined.length;
}
