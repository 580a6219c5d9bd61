import { chiSquareTail, normalTwoSidedTail, type Tail } from "../../stats/special.js";
import type { CalibrationBin } from "./calibration-summary.js";

/** Neighboring bins taken together, with the change of the residual (observed minus expected share) in them. */
export interface PooledBin {
  readonly now: CalibrationBin;
  readonly base: CalibrationBin | null;
  /** Residual now minus residual of the baseline (0 without one). */
  readonly change: number;
  /** Variance of `change` if nothing has changed. */
  readonly variance: number;
}

const none: CalibrationBin = { rows: 0, positives: 0, expected: 0, variance: 0 };
const add = (a: CalibrationBin, b: CalibrationBin): CalibrationBin => ({
  rows: a.rows + b.rows,
  positives: a.positives + b.positives,
  expected: a.expected + b.expected,
  variance: a.variance + b.variance,
});

/** Residual of a bin: observed minus expected share. */
export const residual = ({ rows, positives, expected }: CalibrationBin): number =>
  rows === 0 ? 0 : (positives - expected) / rows;

/**
 * Pools neighbors until the positives of each vary enough for a chi-square, and measures the change of the residual.
 * Against calibrated probabilities its variance is sum of p (1 - p) / rows^2. Against a baseline it is that of two
 * proportions with the share of both samples together, which is also valid if the model never was calibrated.
 */
export function poolBins(
  now: readonly CalibrationBin[],
  base: readonly CalibrationBin[] | null,
  minimumVariance: number,
): PooledBin[] {
  const pooled: { now: CalibrationBin; base: CalibrationBin }[] = [];
  let open = { now: none, base: none };
  now.forEach((bin, i) => {
    open = { now: add(open.now, bin), base: add(open.base, base?.[i] ?? none) };
    if (!isEnough(open, base !== null, minimumVariance)) return;
    pooled.push(open);
    open = { now: none, base: none };
  });
  const last = pooled.pop();
  const rest = last === undefined ? open : { now: add(last.now, open.now), base: add(last.base, open.base) };
  return [...pooled, rest].flatMap((pair) => compared(pair, base !== null));
}

function isEnough(pair: { now: CalibrationBin; base: CalibrationBin }, hasBase: boolean, minimum: number): boolean {
  if (pair.now.rows === 0) return false;
  if (!hasBase) return pair.now.variance >= minimum;
  if (pair.base.rows === 0) return false;
  const share = sharedRate(pair);
  return Math.min(pair.now.rows, pair.base.rows) * share * (1 - share) >= minimum;
}

const sharedRate = ({ now, base }: { now: CalibrationBin; base: CalibrationBin }): number =>
  (now.positives + base.positives) / (now.rows + base.rows);

function compared(pair: { now: CalibrationBin; base: CalibrationBin }, hasBase: boolean): PooledBin[] {
  const { now, base } = pair;
  if (now.rows === 0 || (hasBase && base.rows === 0)) return [];
  if (!hasBase) return [{ now, base: null, change: residual(now), variance: now.variance / now.rows / now.rows }];
  const share = sharedRate(pair);
  const change = residual(now) - residual(base);
  return [{ now, base, change, variance: share * (1 - share) * (1 / now.rows + 1 / base.rows) }];
}

/** A test of the residuals. */
export interface CalibrationStatistic extends Tail {
  readonly statistic: number;
  /** Size of the finding, in the unit of its floor. */
  readonly effect: number;
}

/** The level: z of the mean change of the residual, weighted as the rows are now, with continuity correction. */
export function levelTest(
  bins: readonly PooledBin[],
): (CalibrationStatistic & { readonly standardError: number }) | null {
  const rows = bins.reduce((sum, { now }) => sum + now.rows, 0);
  if (rows === 0) return null;
  let mean = 0;
  let variance = 0;
  for (const { now, change, variance: own } of bins) {
    const weight = now.rows / rows;
    mean += weight * change;
    variance += weight * weight * own;
  }
  const standardError = Math.sqrt(variance);
  const step = Math.min(Math.abs(mean), 0.5 / rows);
  const z = standardError === 0 ? 0 : (mean - Math.sign(mean) * step) / standardError;
  return { statistic: z, ...normalTwoSidedTail(z), effect: Math.abs(mean), standardError };
}

/**
 * The shape: sum over bins of change^2 / variance, chi-square with as many degrees of freedom as bins (Hosmer and
 * Lemeshow's statistic; nothing was fitted on these rows, so none is lost). The effect is the mean |change| minus its
 * expected value without any change, sqrt(2 / pi) standard errors.
 */
export function shapeTest(bins: readonly PooledBin[]): CalibrationStatistic | null {
  const rows = bins.reduce((sum, { now }) => sum + now.rows, 0);
  let statistic = 0;
  let degrees = 0;
  let gap = 0;
  for (const { now, change, variance } of bins) {
    if (variance > 0) {
      statistic += (change * change) / variance;
      degrees++;
    }
    gap += (now.rows / rows) * (Math.abs(change) - Math.sqrt((2 / Math.PI) * variance));
  }
  return degrees === 0 ? null : { statistic, ...chiSquareTail(statistic, degrees), effect: Math.max(0, gap) };
}

/**
 * Spiegelhalter's z (1986): the Brier score against its expectation under calibration,
 * sum of (y - p)(1 - 2p) / sqrt(sum of (1 - 2p)^2 p (1 - p)). Null where every probability is 0, 1/2 or 1.
 */
export function spiegelhalterTest(labels: Uint8Array, probabilities: Float64Array): CalibrationStatistic | null {
  let sum = 0;
  let variance = 0;
  for (let i = 0; i < labels.length; i++) {
    const p = probabilities[i] as number;
    const slope = 1 - 2 * p;
    sum += ((labels[i] as number) - p) * slope;
    variance += slope * slope * p * (1 - p);
  }
  if (!(variance > 0)) return null;
  const z = sum / Math.sqrt(variance);
  return { statistic: z, ...normalTwoSidedTail(z), effect: Math.abs(sum) / labels.length };
}
