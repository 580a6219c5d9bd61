import type { MetricName, MetricSummary } from "../model/evaluate/index.js";

/** Standard deviations in half of a 95 % interval. */
const halfInterval = 1.959964;

/**
 * An evaluation in the form of SageMaker's model quality: registered packages and conditions of pipelines read it. The standard
 * deviation comes from the metric's interval.
 *
 * @param report a summary, as the jobs train, tune and evaluate report it.
 */
export function evaluationDocument({ rows, positives, threshold, values }: MetricSummary): object {
  const metric = (name: MetricName): object => {
    const { value, low, high } = values[name];
    const deviation = low === undefined || high === undefined ? "NaN" : (high - low) / (2 * halfInterval);
    return { value: value ?? "NaN", standard_deviation: deviation };
  };
  const [accuracy = 0, recall = 0] = [values.accuracy.value ?? 0, values.recall.value ?? 0];
  const negatives = rows - positives;
  const truePositives = Math.round(recall * positives);
  const trueNegatives = Math.round(accuracy * rows) - truePositives;
  const [falsePositives, falseNegatives] = [negatives - trueNegatives, positives - truePositives];
  const rate = (count: number, of: number): object => ({
    value: of === 0 ? "NaN" : count / of,
    standard_deviation: "NaN",
  });
  return {
    binary_classification_metrics: {
      confusion_matrix: {
        "0": { "0": trueNegatives, "1": falsePositives },
        "1": { "0": falseNegatives, "1": truePositives },
      },
      accuracy: metric("accuracy"),
      precision: metric("precision"),
      recall: metric("recall"),
      f1: metric("f1"),
      auc: metric("auc"),
      average_precision: metric("averagePrecision"),
      log_loss: metric("logLoss"),
      brier_score: metric("brier"),
      true_positive_rate: rate(truePositives, positives),
      true_negative_rate: rate(trueNegatives, negatives),
      false_positive_rate: rate(falsePositives, negatives),
      false_negative_rate: rate(falseNegatives, positives),
    },
    dataset: { item_count: rows, positive_count: positives },
    threshold,
  };
}
