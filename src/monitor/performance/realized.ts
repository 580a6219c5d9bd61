import type { Costs } from "../../model/artifact.js";
import { type BootstrapOptions, type Confusion, evaluateScores, type MetricValue } from "../../model/evaluate/index.js";
import { Z95, type PerformanceMetric } from "./performance-metrics.js";

/** Realized performance of a model. Plain JSON without NaN. */
export interface RealizedPerformance {
  readonly rows: number;
  readonly positives: number;
  readonly threshold: number;
  readonly confusion: Confusion;
  /**
   * With 95 % intervals: bootstrap over rows (seeded), for the profit the normal interval of a sum. Null over one
   * class (AUC).
   */
  readonly values: Readonly<Record<PerformanceMetric, MetricValue>>;
  readonly costs: Costs | null;
}

/** Threshold, costs and the resampling behind the intervals. */
export interface RealizedOptions {
  readonly threshold: number;
  readonly costs?: Costs | undefined;
  /** 200 resamples by default; false for none, and then only the profit has an interval. */
  readonly bootstrap?: BootstrapOptions | false | undefined;
}

/**
 * Performance on rows with a known outcome: the metrics of `evaluateScores` that can also be estimated, and the
 * profit.
 *
 * @param labels 1 for the positive class, 0 for the other.
 * @param probabilities Of the positive class, in [0, 1].
 * @throws ChurnkitError with the codes of `evaluateScores`.
 */
export function realizedPerformance(
  labels: Uint8Array,
  probabilities: Float64Array,
  { threshold, costs, bootstrap = { resamples: 200 } }: RealizedOptions,
): RealizedPerformance {
  const { rows, positives, confusion, values } = evaluateScores(labels, probabilities, { threshold, costs, bootstrap });
  const { accuracy, precision, recall, f1, auc, brier, logLoss } = values;
  return {
    rows,
    positives,
    threshold,
    confusion,
    values: { accuracy, precision, recall, f1, auc, brier, logLoss, profit: profitOf(confusion, rows, costs) },
    costs: costs ?? null,
  };
}

function profitOf({ truePositives, falsePositives }: Confusion, rows: number, costs: Costs | undefined): MetricValue {
  if (costs === undefined) return { value: null };
  const { falseNegative, falsePositive } = costs;
  const value = truePositives * falseNegative - falsePositives * falsePositive;
  const squares = truePositives * falseNegative * falseNegative + falsePositives * falsePositive * falsePositive;
  const reach = Z95 * Math.sqrt(Math.max(0, squares - (value * value) / rows));
  return { value, low: value - reach, high: value + reach };
}
