import type { ScoreCells } from "./score-cells.js";

/** Fewer expected pairs than this count as none: their squares would no longer be numbers. */
const FEWEST_PAIRS = 1e-100;

/** An estimate before it is turned into an interval. Variances of the estimate itself, not of a sum. */
export interface RawEstimate {
  readonly value: number;
  /** Of the realized metric around the estimate, over what comes true, given the rows. */
  readonly variance: number;
  /** Of the estimate around the population's metric, from the choice of rows. */
  readonly populationVariance: number;
  /** Certified: the estimate from all single rows is within this of `value`. */
  readonly error: number;
}

/**
 * Expected ROC AUC: expected number of pairs in which the row that comes true positive ranks above one that does not, over
 * the expected number of such pairs; ties count half. With k = 1 for s_i > s_j and 1/2 for a tie,
 * sum of p_i (1 - p_j) k / sum of p_i (1 - p_j), both over i other than j, since no row is a pair with itself.
 *
 * Its variance is that of the linear part in the outcomes (Hajek's projection): row i adds
 * g_i = (A_i - B_i) / D - AUC (1 / P - 1 / N), with A_i the expected negatives below it, B_i the expected positives
 * above it, P and N the expected positives and negatives, D the pairs: sum of p_i (1 - p_i) g_i^2.
 *
 * @returns null if no pair is expected.
 */
export function estimateAuc(cells: ScoreCells): RawEstimate | null {
  const { counts, means, ends } = cells;
  let positives = 0;
  let negatives = 0;
  let ordered = 0;
  let self = 0;
  // How far the order of rows within cells, and their rounding, may move pairs.
  let disorder = 0;
  let spread = 0;
  let rounding = 0;
  for (let i = 0; i < counts.length; i++) {
    const n = counts[i] as number;
    const p = means[i] as number;
    const mine = n * p;
    const others = n * (1 - p);
    const own = n * p * (1 - p);
    ordered += mine * negatives + (mine * others - own) / 2;
    positives += mine;
    negatives += others;
    self += own;
    if (ends === undefined) continue;
    const low = ends.low[i] as number;
    const high = ends.high[i] as number;
    const room = Math.max(0, p - low) * Math.max(0, high - p);
    // Rows at the ends of the cell are farthest from each other: sum over pairs of |p_i - p_j| <= n^2 room / width.
    disorder += n < 2 ? 0 : (n * n * room) / (high - low) / 2;
    spread += n < 2 ? 0 : n * room;
    rounding += ends.rounding[i] as number;
  }
  const pairs = positives * negatives - self;
  if (!(pairs > 1e-9 * self && pairs > FEWEST_PAIRS)) return null;
  const value = ordered / pairs;
  return {
    value,
    ...aucVariances(cells, value, positives, negatives, pairs),
    error: Math.min(
      1,
      (disorder + spread) / pairs + (rounding === 0 ? 0 : (4 * rounding * (positives + negatives)) / pairs),
    ),
  };
}

function aucVariances(
  { counts, means }: ScoreCells,
  auc: number,
  positives: number,
  negatives: number,
  pairs: number,
): Pick<RawEstimate, "variance" | "populationVariance"> {
  let variance = 0;
  let populationVariance = 0;
  let negativesBelow = 0;
  let positivesAbove = positives;
  for (let i = 0; i < counts.length; i++) {
    const n = counts[i] as number;
    const p = means[i] as number;
    positivesAbove -= n * p;
    const below = negativesBelow + (n * (1 - p)) / 2;
    const above = positivesAbove + (n * p) / 2;
    negativesBelow += n * (1 - p);
    const slope = (below - above) / pairs - auc * (1 / positives - 1 / negatives);
    variance += n * p * (1 - p) * slope * slope;
    const expected = (p * below + (1 - p) * above) / pairs - auc * (p / positives + (1 - p) / negatives);
    populationVariance += n * expected * expected;
  }
  return { variance, populationVariance };
}
