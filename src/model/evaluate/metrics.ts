import type { ClassEvaluation } from "./evaluate-classes.js";

/**
 * Every scalar metric, declared once: gates, reports, trackers and the command line read this table. Labels are of
 * the positive class unless the name says otherwise.
 */
export const metrics = {
  auc: { label: "ROC AUC", better: "higher", needs: "scores" },
  averagePrecision: { label: "average precision", better: "higher", needs: "scores" },
  logLoss: { label: "log loss", better: "lower", needs: "scores" },
  brier: { label: "Brier score", better: "lower", needs: "scores" },
  calibrationError: { label: "calibration error (ECE, 10 bins)", better: "lower", needs: "scores" },
  accuracy: { label: "accuracy", better: "higher", needs: "threshold" },
  precision: { label: "precision", better: "higher", needs: "threshold" },
  recall: { label: "recall", better: "higher", needs: "threshold" },
  f1: { label: "F1", better: "higher", needs: "threshold" },
  weightedF1: { label: "F1 weighted by class", better: "higher", needs: "threshold" },
  profitPerCustomer: { label: "profit per customer", better: "higher", needs: "costs" },
} as const;

/** A name of {@link metrics}. */
export type MetricName = keyof typeof metrics;

/** The names of all metrics, in the order of the table. */
export const metricNames = Object.keys(metrics) as readonly MetricName[];

/** A metric's value, null if it has none (an AUC over one class, the recall of a class without rows), with a 95 % interval if one was computed. */
export interface MetricValue {
  readonly value: number | null;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

/** Metrics over some rows at one threshold. */
export interface MetricSummary {
  readonly rows: number;
  readonly positives: number;
  readonly threshold: number;
  readonly values: Readonly<Record<MetricName, MetricValue>>;
  /** Of all classes, where there are more than two and their probabilities are known. */
  readonly classes?: ClassEvaluation | undefined;
}
