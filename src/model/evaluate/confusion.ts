import type { MetricName } from "./metrics.js";

/** Rows by outcome and prediction at one threshold. Counts, 0 or more. */
export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

type ThresholdMetric = Extract<MetricName, "accuracy" | "precision" | "recall" | "f1" | "weightedF1">;

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/**
 * Computes the metrics that need a threshold, from the confusion matrix of at least one row. 0/0 counts as 0, as in
 * scikit-learn's `zero_division=0`: a model that calls no row positive has precision, recall and F1 of 0.
 * `weightedF1` is the mean of both classes' F1, weighted by how often each class occurs.
 */
export function thresholdMetrics(matrix: Confusion): Record<ThresholdMetric, number> {
  const { truePositives: tp, falsePositives: fp, falseNegatives: fn, trueNegatives: tn } = matrix;
  const rows = tp + fp + fn + tn;
  const f1 = share(2 * tp, 2 * tp + fp + fn);
  const negativeF1 = share(2 * tn, 2 * tn + fp + fn);
  return {
    accuracy: share(tp + tn, rows),
    precision: share(tp, tp + fp),
    recall: share(tp, tp + fn),
    f1,
    weightedF1: share((tp + fn) * f1 + (tn + fp) * negativeF1, rows),
  };
}
