import { rowLogLoss, logit } from "../../stats/logistic.js";
import type { ScoreCells } from "./score-cells.js";

/** Sums over the rows on one side of the threshold. */
export interface SideSums {
  readonly rows: number;
  /** Sum of p: the expected positives. */
  readonly expected: number;
  /** Sum of p (1 - p): the variance of the positives. */
  readonly variance: number;
  /** Sum of p squared. */
  readonly squares: number;
  /** Certified: `expected` is off by at most this. */
  readonly rounding: number;
}

/** Sums of a function of p and of its square, for a mean and its errors. */
export interface MeanSums {
  readonly sum: number;
  readonly squares: number;
  /** Variance of the sum over what comes true, given the rows. */
  readonly variance: number;
  /** Certified: `sum` lies above the exact sum by at most this, or below it by the rounding. */
  readonly error: number;
}

export interface EstimateSums {
  readonly called: SideSums;
  readonly others: SideSums;
  /** Sums for the expected squared error of a row, p (1 - p). */
  readonly brier: MeanSums;
  /** Of the expected log loss of a row. */
  readonly logLoss: MeanSums;
}

const entropy = (p: number): number => (p <= 0 || p >= 1 ? 0 : p * rowLogLoss(1, p) + (1 - p) * rowLogLoss(0, p));

function sideSums({ counts, means, ends }: ScoreCells, from: number, to: number): SideSums {
  let rows = 0;
  let expected = 0;
  let variance = 0;
  let squares = 0;
  let rounding = 0;
  for (let i = from; i < to; i++) {
    const n = counts[i] as number;
    const p = means[i] as number;
    rows += n;
    expected += n * p;
    variance += n * p * (1 - p);
    squares += n * p * p;
    if (ends !== undefined) rounding += ends.rounding[i] as number;
  }
  return { rows, expected, variance, squares, rounding };
}

/** Computes all sums for the estimates, in one pass. */
export function estimateSums(cells: ScoreCells): EstimateSums {
  const { counts, means, ends } = cells;
  const brier = { sum: 0, squares: 0, variance: 0, error: 0 };
  const logLoss = { sum: 0, squares: 0, variance: 0, error: 0 };
  for (let i = 0; i < counts.length; i++) {
    const n = counts[i] as number;
    const p = means[i] as number;
    const v = p * (1 - p);
    const loss = entropy(p);
    const slope = logit(p);
    brier.sum += n * v;
    brier.squares += n * v * v;
    // (1 - p)^2 and p^2 differ by 1 - 2p, and (1 - 2p)^2 v = v - 4 v^2.
    brier.variance += n * (v - 4 * v * v);
    logLoss.sum += n * loss;
    logLoss.squares += n * loss * loss;
    logLoss.variance += n * v * slope * slope;
    if (ends === undefined) continue;
    const low = ends.low[i] as number;
    const high = ends.high[i] as number;
    const rounding = ends.rounding[i] as number;
    brier.error += rounding;
    logLoss.error += rounding * Math.max(Math.abs(logit(low)), Math.abs(logit(high)));
    if (n < 2) continue;
    // Both functions are concave: a cell's sum is largest at its mean and smallest with its rows at the ends.
    brier.error += n * Math.max(0, p - low) * Math.max(0, high - p);
    const chord = entropy(low) + ((p - low) / (high - low)) * (entropy(high) - entropy(low));
    logLoss.error += n * Math.max(0, loss - chord);
  }
  return {
    called: sideSums(cells, cells.called, counts.length),
    others: sideSums(cells, 0, cells.called),
    brier,
    logLoss,
  };
}
