import { square } from "../../base/elementary.js";
import { chiSquareTail, criticalValue, kolmogorovTail } from "../../stats/special.js";

/** The normal quantile of 0.8: a shift counts as detectable if it is found four times out of five. */
const POWER = 0.8416;

/**
 * The D that a KS test at level `alpha` finds four times out of five: the critical value plus room for the noise of
 * the difference of two proportions (at most 0.5 sqrt(1/n + 1/m)) at the point of largest distance. An upper bound.
 */
export function detectableD(n: number, m: number, alpha: number): number {
  return Math.min(1, ksFactor(alpha) * Math.sqrt(1 / n + 1 / m));
}

const ksFactor = (alpha: number): number => criticalValue(kolmogorovTail, alpha) + POWER * 0.5;

/**
 * The total variation distance that a chi-square test over `cells` finds four times out of five. The noncentrality
 * nm / (n + m) * sum of (q - p)^2 / p is at least 4 nm / (n + m) * distance^2 (Cauchy-Schwarz), and a noncentral
 * chi-square has mean df + c and variance 2 (df + 2 c). An upper bound, from the normal approximation.
 */
export function detectableVariation(n: number, m: number, cells: number, alpha: number): number {
  return Math.min(1, Math.sqrt((noncentrality(Math.max(1, cells - 1), alpha) / 4) * (1 / n + 1 / m)));
}

/**
 * The change of a rate, the same in all strata, that the sum of their chi-squares finds four times out of five; 1 at most.
 *
 * @param information sum over the strata of the inverse variance of the difference of their rates.
 */
export const detectableRate = (information: number, df: number, alpha: number): number =>
  Math.min(1, Math.sqrt(noncentrality(df, alpha) / information));

/** The noncentrality that a chi-square test of `df` degrees of freedom finds four times out of five. */
function noncentrality(df: number, alpha: number): number {
  const critical = criticalValue((x) => chiSquareTail(x, df), alpha);
  // df + c - POWER sqrt(2 (df + 2 c)) = critical, a quadratic in c.
  const b = critical - df;
  const z = POWER * POWER;
  return b + 2 * z + Math.sqrt(4 * z * z + 4 * z * b + 2 * z * df);
}

/**
 * Returns the number of current rows at which a shift of size `goal` becomes detectable; undefined if the reference
 * itself is too small.
 */
export function rowsNeeded(detectable: number, goal: number, n: number, m: number): number | undefined {
  // Both bounds are factor * sqrt(1/n + 1/m).
  const factor = detectable / Math.sqrt(1 / n + 1 / m);
  const left = square(goal / factor) - 1 / n;
  return left > 0 ? Math.ceil(1 / left) : undefined;
}
