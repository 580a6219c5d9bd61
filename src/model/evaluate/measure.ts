import type { Costs } from "../artifact.js";
import { rowLogLoss } from "../../stats/logistic.js";
import { thresholdMetrics, type Confusion } from "./confusion.js";
import { profitOf } from "./curves.js";
import type { MetricName } from "./metrics.js";
import { calibrationBin } from "./reliability.js";
import { countAtOrAbove, endsTie, type SortedScores } from "./sorted-scores.js";

/** Every scalar metric of some rows; null if it has no value. */
export type MetricTable = Readonly<Record<MetricName, number | null>>;

/** Sorted rows with everything that weights do not change: made once, measured a thousand times. */
export interface Measurable {
  readonly sorted: SortedScores;
  readonly loss: Float64Array;
  /** Label minus probability. */
  readonly residual: Float64Array;
  /** Bits: the groups that end after this place. */
  readonly ends: Uint8Array;
  /** Rows at or above the threshold. */
  readonly called: number;
  readonly costs: Costs | undefined;
}

const endOfTie = 1;
const endOfBin = 2;
const endOfCalled = 4;

/** Prepares sorted rows to be measured at one threshold; without costs no money is measured. */
export function measurable(sorted: SortedScores, threshold: number, costs?: Costs): Measurable {
  const { rows, labels, scores } = sorted;
  const loss = new Float64Array(rows);
  const residual = new Float64Array(rows);
  const ends = new Uint8Array(rows);
  const called = countAtOrAbove(scores, threshold);
  for (let i = 0; i < rows; i++) {
    const p = scores[i] as number;
    const label = labels[i] as number;
    loss[i] = rowLogLoss(label, p);
    residual[i] = label - p;
    if (!endsTie(scores, i)) continue;
    const lastOfBin = i + 1 === rows || calibrationBin(scores[i + 1] as number) !== calibrationBin(p);
    ends[i] = endOfTie | (lastOfBin ? endOfBin : 0) | (i + 1 === called ? endOfCalled : 0);
  }
  return { sorted, loss, residual, ends, called, costs };
}

/**
 * Computes all scalar metrics in one pass from the highest score to the lowest. `weights` (by place) is how often
 * each row counts, 1 if it is absent. AUC is the share of ordered pairs, ties half; average precision the step sum of
 * precision over the rise in recall (both null over one class); recall and F1 are null without a positive row; calibration error the sum over ten equal-width bins
 * of
 * |sum of residuals| / rows.
 */
export function measure(prepared: Measurable, weights?: Uint16Array): MetricTable {
  const { sorted, loss, residual, ends, costs } = prepared;
  const { labels, rows } = sorted;
  const counts = weights ?? new Uint16Array(rows).fill(1);
  let total = 0;
  let positives = 0;
  let tieTotal = 0;
  let tiePositives = 0;
  let pairs = 0;
  let precisionSum = 0;
  let lossSum = 0;
  let squares = 0;
  let gap = 0;
  let gaps = 0;
  let called = 0;
  let calledPositives = 0;
  for (let i = 0; i < rows; i++) {
    const weight = counts[i] as number;
    const error = residual[i] as number;
    total += weight;
    positives += weight * (labels[i] as number);
    lossSum += weight * (loss[i] as number);
    squares += weight * error * error;
    gap += weight * error;
    const end = ends[i] as number;
    if (end === 0) continue;
    const risen = positives - tiePositives;
    pairs += (total - tieTotal - risen) * (tiePositives + risen / 2);
    if (risen > 0) precisionSum += (risen * positives) / total;
    tieTotal = total;
    tiePositives = positives;
    if ((end & endOfBin) !== 0) {
      gaps += Math.abs(gap);
      gap = 0;
    }
    if ((end & endOfCalled) !== 0) {
      called = total;
      calledPositives = positives;
    }
  }
  const negatives = total - positives;
  const bothClasses = positives > 0 && negatives > 0;
  const matrix: Confusion = {
    truePositives: calledPositives,
    falsePositives: called - calledPositives,
    falseNegatives: positives - calledPositives,
    trueNegatives: negatives - (called - calledPositives),
  };
  const atThreshold = thresholdMetrics(matrix);
  return {
    auc: bothClasses ? pairs / (positives * negatives) : null,
    averagePrecision: bothClasses ? precisionSum / positives : null,
    logLoss: lossSum / total,
    brier: squares / total,
    calibrationError: gaps / total,
    ...atThreshold,
    ...(positives === 0 && { recall: null, f1: null }),
    profitPerCustomer: costs === undefined ? null : profitOf(matrix, costs) / total,
  };
}

/** Returns the confusion matrix of the rows without resampling. */
export function confusionOf({ sorted, called }: Measurable): Confusion {
  let truePositives = 0;
  for (let i = 0; i < called; i++) truePositives += sorted.labels[i] as number;
  const falsePositives = called - truePositives;
  return {
    truePositives,
    falsePositives,
    falseNegatives: sorted.positives - truePositives,
    trueNegatives: sorted.rows - sorted.positives - falsePositives,
  };
}
