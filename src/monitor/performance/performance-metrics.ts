import { metrics } from "../../model/evaluate/index.js";

/**
 * The metrics of a series of performance, estimated and realized, declared once. `high` is the largest possible
 * value, null if there is none.
 */
export const performanceMetrics = {
  accuracy: { label: metrics.accuracy.label, better: metrics.accuracy.better, high: 1 },
  precision: { label: metrics.precision.label, better: metrics.precision.better, high: 1 },
  recall: { label: metrics.recall.label, better: metrics.recall.better, high: 1 },
  f1: { label: metrics.f1.label, better: metrics.f1.better, high: 1 },
  auc: { label: metrics.auc.label, better: metrics.auc.better, high: 1 },
  brier: { label: metrics.brier.label, better: metrics.brier.better, high: 1 },
  logLoss: { label: metrics.logLoss.label, better: metrics.logLoss.better, high: null },
  /**
   * Money saved compared with contacting no customer, over all rows: true positives * falseNegative - false positives
   * * falsePositive.
   */
  profit: { label: "profit", better: "higher", high: null },
} as const;

/** A name of {@link performanceMetrics}. */
export type PerformanceMetric = keyof typeof performanceMetrics;

/** The names, in the order of the table. */
export const performanceMetricNames = Object.keys(performanceMetrics) as readonly PerformanceMetric[];

/** The normal quantile of 0.975: half the width of a 95 % interval in standard errors. */
export const Z95 = 1.959963984540054;
