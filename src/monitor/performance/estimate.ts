import type { Costs } from "../../model/artifact.js";
import { checkCosts, checkThreshold, checkProbabilities, type MetricValue } from "../../model/evaluate/index.js";
import { cellsOfCounts, type ConfidenceCounts } from "./confidence-counts.js";
import { estimateAuc, type RawEstimate } from "./estimate-auc.js";
import { estimateSums, type EstimateSums, type MeanSums } from "./estimate-sums.js";
import { thresholdEstimates } from "./estimate-threshold.js";
import { performanceMetricNames, performanceMetrics, Z95, type PerformanceMetric } from "./performance-metrics.js";
import { exactCells, type ScoreCells } from "./score-cells.js";

/**
 * An estimated metric. The realized metric of exactly these rows will be within `low` and `high` 19 times out of 20.
 */
export interface EstimatedValue extends MetricValue {
  /** Standard deviation of the realized metric of these rows around `value`: the chance in the outcomes. Analytic. */
  readonly standardError: number | null;
  /**
   * Standard deviation of `value` around the metric of the population that the rows are drawn from: the effect of
   * chance on which rows there are. Analytic. NannyML draws the root of the sum of both squares as a band.
   */
  readonly populationError: number | null;
  /** Certified: the estimate from all single probabilities is within this of `value`. 0 from probabilities in memory. */
  readonly certifiedError: number;
  /** Reason for a missing value. */
  readonly reason?: string;
}

/** Expected performance of a model, from its probabilities alone. Plain JSON without NaN. */
export interface PerformanceEstimate {
  readonly rows: number;
  readonly threshold: number;
  /** Expected number of positives, with the standard deviation of the realized number. */
  readonly positives: { readonly expected: number; readonly standardError: number };
  /** Expected counts, not whole. The first two vary together by `calledError`, the others by `othersError`. */
  readonly confusion: {
    readonly truePositives: number;
    readonly falsePositives: number;
    readonly falseNegatives: number;
    readonly trueNegatives: number;
    readonly calledError: number;
    readonly othersError: number;
  };
  readonly values: Readonly<Record<PerformanceMetric, EstimatedValue>>;
  readonly costs: Costs | null;
  /** Assumption under which the estimate is right. */
  readonly assumption: string;
}

/** Assumption of every estimate without labels. */
export const estimateAssumption =
  "Correct if the probabilities are calibrated on these rows: the outcome follows from the features as it did in training " +
  "(no concept drift), even for rows unlike those in training.";

/** Threshold and costs. */
export interface EstimateOptions {
  /** Positive from this probability on, in [0, 1]. */
  readonly threshold: number;
  readonly costs?: Costs | undefined;
}

/**
 * Expected performance of a model on rows without labels, from its calibrated probabilities (confidence-based
 * performance estimation, which NannyML calls CBPE). Each row with probability p counts as p of a positive and 1 - p
 * of a negative: that gives the expected confusion matrix at the threshold and each metric from it; Brier score and
 * log loss are the means of their expectations, AUC the expected share of ordered pairs.
 *
 * It cannot see concept drift: see `assumption`, and `calibrationDrift` after labels have arrived. O(n log n).
 *
 * @param probabilities Calibrated, of the positive class, in [0, 1].
 * @throws ChurnkitError TOO_FEW_ROWS without rows, VALUE_INVALID for a bad probability, OPTION_INVALID for a bad option.
 *
 * @example
 * ```ts
 * import { estimatePerformance } from "churnkit/monitor";
 *
 * const { values, confusion } = estimatePerformance(Float64Array.of(0.9, 0.8, 0.3, 0.1), { threshold: 0.5 });
 * console.assert(Math.abs((values.accuracy.value ?? 0) - 0.825) < 1e-12);
 * console.assert(Math.abs(confusion.truePositives - 1.7) < 1e-12);
 * ```
 */
export function estimatePerformance(probabilities: Float64Array, options: EstimateOptions): PerformanceEstimate {
  checkThreshold(options.threshold);
  if (options.costs !== undefined) checkCosts(options.costs);
  checkProbabilities(probabilities);
  return estimateFromCells(exactCells(probabilities, options.threshold), options);
}

/**
 * {@link estimatePerformance} from counts of a stream. Each value comes with a certified error: the maximum effect of
 * the rows' positions within their bins. Without rows, values are null with the reason.
 *
 * @throws ChurnkitError OPTION_INVALID for bad costs.
 */
export function estimateFromCounts(
  counts: ConfidenceCounts,
  { costs }: Pick<EstimateOptions, "costs"> = {},
): PerformanceEstimate {
  if (costs !== undefined) checkCosts(costs);
  return estimateFromCells(cellsOfCounts(counts), { threshold: counts.threshold, costs });
}

function estimateFromCells(cells: ScoreCells, { threshold, costs }: EstimateOptions): PerformanceEstimate {
  const sums = estimateSums(cells);
  const { called, others } = sums;
  const raw: Record<PerformanceMetric, RawEstimate | null> = {
    ...thresholdEstimates(sums, costs),
    auc: estimateAuc(cells),
    brier: meanEstimate(sums.brier, cells.rows),
    logLoss: meanEstimate(sums.logLoss, cells.rows),
  };
  const values = performanceMetricNames.map((name) => [name, estimated(name, raw[name], sums, costs)]);
  return {
    rows: cells.rows,
    threshold,
    positives: {
      expected: called.expected + others.expected,
      standardError: Math.sqrt(called.variance + others.variance),
    },
    confusion: {
      truePositives: called.expected,
      falsePositives: called.rows - called.expected,
      falseNegatives: others.expected,
      trueNegatives: others.rows - others.expected,
      calledError: Math.sqrt(called.variance),
      othersError: Math.sqrt(others.variance),
    },
    values: Object.fromEntries(values) as Record<PerformanceMetric, EstimatedValue>,
    costs: costs ?? null,
    assumption: estimateAssumption,
  };
}

function meanEstimate({ sum, squares, variance, error }: MeanSums, rows: number): RawEstimate | null {
  if (rows === 0) return null;
  return {
    value: sum / rows,
    variance: variance / rows / rows,
    populationVariance: Math.max(0, (squares - (sum * sum) / rows) / rows / rows),
    error: error / rows,
  };
}

function estimated(
  name: PerformanceMetric,
  raw: RawEstimate | null,
  sums: EstimateSums,
  costs: Costs | undefined,
): EstimatedValue {
  if (raw === null) {
    return {
      value: null,
      standardError: null,
      populationError: null,
      certifiedError: 0,
      reason: whyNot(name, sums, costs),
    };
  }
  const { high } = performanceMetrics[name];
  const standardError = Math.sqrt(raw.variance);
  const reach = Z95 * standardError;
  return {
    value: raw.value,
    low: name === "profit" ? raw.value - reach : Math.max(0, raw.value - reach),
    high: high === null ? raw.value + reach : Math.min(high, raw.value + reach),
    standardError,
    populationError: Math.sqrt(raw.populationVariance),
    certifiedError: high === null ? raw.error : Math.min(high, raw.error),
  };
}

function whyNot(name: PerformanceMetric, { called, others }: EstimateSums, costs: Costs | undefined): string {
  if (name === "profit" && costs === undefined) return "No costs were given.";
  if (called.rows + others.rows === 0) return "There are no rows.";
  if (name === "precision") return "No row is called positive.";
  if (name === "auc") return "No pair of a positive and a negative is expected.";
  return "No positive is expected.";
}
