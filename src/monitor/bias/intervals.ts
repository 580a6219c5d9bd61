import { exp } from "../../base/elementary.js";
import type { Share } from "./counts.js";

/** A value with its interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Wilson's score interval of a proportion (1927); it never has width 0. @param share of at least one trial. */
export function wilson({ successes, trials }: Share, z: number): Estimate {
  const value = successes / trials;
  const shrink = 1 + (z * z) / trials;
  const center = (value + (z * z) / (2 * trials)) / shrink;
  const reach = (z / shrink) * Math.sqrt((value * (1 - value)) / trials + (z * z) / (4 * trials * trials));
  // Exactly 0 and 1 at the ends, which rounding would miss.
  return {
    value,
    low: successes === 0 ? 0 : Math.max(0, center - reach),
    high: successes === trials ? 1 : Math.min(1, center + reach),
  };
}

/**
 * The interval of a - b from those of two independent values (MOVER, Zou and Donner 2008; with Wilson's intervals it is
 * Newcombe's tenth method, 1998).
 */
export function minus(a: Estimate, b: Estimate): Estimate {
  const value = a.value - b.value;
  return {
    value,
    low: value - norm(a.value - a.low, b.high - b.value),
    high: value + norm(a.high - a.value, b.value - b.low),
  };
}

const norm = (x: number, y: number): number => Math.sqrt(x * x + y * y);

/** The interval of a / b from those of two independent proportions (Donner and Zou 2012). @param b above 0. */
export function over(a: Estimate, b: Estimate): Estimate {
  const product = a.value * b.value;
  const root = (x: number, y: number): number => Math.sqrt(Math.max(0, product * product - x * y));
  const aLow = a.low * (2 * a.value - a.low);
  const bHigh = b.high * (2 * b.value - b.high);
  const aHigh = a.high * (2 * a.value - a.high);
  const bLow = b.low * (2 * b.value - b.low);
  const bottom = product + root(aLow, bHigh);
  return {
    value: a.value / b.value,
    // The conjugate of the usual form: it stays correct if bHigh is 0 or below.
    low: bottom === 0 ? 0 : Math.max(0, aLow / bottom),
    high: (product + root(aHigh, bLow)) / bLow,
  };
}

/** The interval of the odds x / y of two counts, from Wilson's of x / (x + y). @param y above 0. */
export function odds(x: number, y: number, z: number): Estimate {
  const { low, high } = wilson({ successes: x, trials: x + y }, z);
  return { value: x / y, low: low / (1 - low), high: high / (1 - high) };
}

/**
 * The interval of (both + onlyX) / (both + onlyY), two overlapping counts of the same rows: log-normal, with the variance
 * (onlyX + onlyY) / (X Y) of the logarithm's linear part. A half is added to each count where X is 0.
 *
 * @param onlyY `both + onlyY` is above 0.
 */
export function overlapRatio(both: number, onlyX: number, onlyY: number, z: number): Estimate {
  const value = (both + onlyX) / (both + onlyY);
  const half = both + onlyX === 0 ? 0.5 : 0;
  const x = both + onlyX + 2 * half;
  const y = both + onlyY + 2 * half;
  const reach = exp(z * Math.sqrt((onlyX + onlyY + 2 * half) / (x * y)));
  return { value, low: value / reach, high: (x / y) * reach };
}

/** The interval of |value|, for a value of either sign. */
export function absolute({ value, low, high }: Estimate): Estimate {
  const ends = [Math.abs(low), Math.abs(high)];
  return { value: Math.abs(value), low: low <= 0 && high >= 0 ? 0 : Math.min(...ends), high: Math.max(...ends) };
}

/** The interval of the larger of two values, given their joint intervals. */
export const larger = (a: Estimate, b: Estimate): Estimate => ({
  value: Math.max(a.value, b.value),
  low: Math.max(a.low, b.low),
  high: Math.max(a.high, b.high),
});

/**
 * The interval of a convex divergence of two proportions, 0 if they are equal: its extremes over the rectangle of
 * both proportions' intervals. Conservative. Convex, so the largest value is at a corner, and the smallest where the
 * proportions are closest.
 */
export function overRectangle(a: Estimate, b: Estimate, divergence: (a: number, b: number) => number): Estimate {
  const corners = [
    divergence(a.low, b.low),
    divergence(a.low, b.high),
    divergence(a.high, b.low),
    divergence(a.high, b.high),
  ];
  const low = a.low > b.high ? divergence(a.low, b.high) : b.low > a.high ? divergence(a.high, b.low) : 0;
  return { value: divergence(a.value, b.value), low, high: Math.max(...corners) };
}
