import { log } from "../../base/elementary.js";
import { sortedValues } from "../ranks/sort.js";
import { ksByBuckets } from "./bucket-ks.js";
import { kolmogorovTail, type Tail } from "../special.js";

/** A two-sample Kolmogorov-Smirnov test. */
export interface KsTest extends KsStatistic, Tail {
  /** Exact given the ties, or the limit of large samples (which is never too small). */
  readonly method: "exact" | "limit";
}

/**
 * Two-sample Kolmogorov-Smirnov test: exact given the ties for small samples, else the limit distribution.
 *
 * @param a in any order; NaN is missing and left out. So is `b`.
 * @param exactProduct exact where the product of the sample sizes is at most this (its time is the product).
 * @returns undefined if a sample is empty.
 */
export function ksTest(a: Float64Array, b: Float64Array, exactProduct = 250_000): KsTest | undefined {
  if (a.length + b.length < LARGE) return ksTestOfSorted(sortedValues(a), sortedValues(b), exactProduct);
  const statistic = ksByBuckets(a, b);
  if (statistic === undefined || statistic.n * statistic.m > exactProduct) return statistic && withLimit(statistic);
  return ksTestOfSorted(sortedValues(a), sortedValues(b), exactProduct);
}

/** From this many values on, samples are sorted only where it matters. */
const LARGE = 100_000;

const withLimit = (statistic: KsStatistic): KsTest => ({ ...statistic, ...ksLimitTail(statistic), method: "limit" });

/** {@link ksTest} of samples already in increasing order, without NaN. */
export function ksTestOfSorted(a: Float64Array, b: Float64Array, exactProduct: number): KsTest | undefined {
  const statistic = ksStatistic(a, b);
  if (statistic === undefined) return undefined;
  return statistic.n * statistic.m <= exactProduct
    ? { ...statistic, ...ksExactTail(statistic, tieEndsOf(a, b)), method: "exact" }
    : withLimit(statistic);
}

/** The two-sample Kolmogorov-Smirnov statistic with the inputs of its p-values. */
export interface KsStatistic {
  /** D, the largest distance between the two empirical distribution functions, in [0, 1]. */
  readonly statistic: number;
  /** D * n * m, a whole number. */
  readonly steps: number;
  readonly n: number;
  readonly m: number;
}

/**
 * D of two samples. Ties are handled correctly: the distribution functions are compared only after all equal values.
 *
 * @param a increasing, without NaN. So is `b`.
 * @returns undefined if a sample is empty.
 */
export function ksStatistic(a: Float64Array, b: Float64Array): KsStatistic | undefined {
  const n = a.length;
  const m = b.length;
  if (n === 0 || m === 0) return undefined;
  let i = 0;
  let j = 0;
  let steps = 0;
  while (i < n && j < m) {
    const x = a[i] as number;
    const y = b[j] as number;
    const value = x < y ? x : y;
    while (i < n && (a[i] as number) === value) i++;
    while (j < m && (b[j] as number) === value) j++;
    steps = Math.max(steps, Math.abs(i * m - j * n));
  }
  return { statistic: steps / n / m, steps, n, m };
}

/**
 * P(D >= d) in the limit of large samples, at sqrt(nm / (n + m)) * d. Above the exact probability for finite samples
 * and with ties, so false alarms stay within its level.
 */
export const ksLimitTail = ({ statistic, n, m }: Pick<KsStatistic, "statistic" | "n" | "m">): Tail =>
  kolmogorovTail(Math.sqrt((n / (n + m)) * m) * statistic);

/**
 * P(D >= d) exactly, over all equally likely arrangements of the pooled samples: a walk from (0, 0) to (n, m) that
 * adds up the probability of first stepping outside the band |i/n - j/m| < d. Nothing is subtracted, so that small
 * probabilities keep their digits. Time n * m.
 *
 * Without `tieEnds` it is the distribution for continuous data (as scipy's method "exact"), too large if values
 * repeat; with it the band counts only at the end of a group of equal values, which is exact given the ties.
 *
 * @param tieEnds for each k = 1..n+m, 1 if the k-th and (k+1)-th pooled values differ; see {@link tieEndsOf}.
 */
export function ksExactTail({ steps, n, m }: KsStatistic, tieEnds?: Uint8Array): Tail {
  if (steps === 0) return { p: 1, log10p: 0 };
  // inside[j] is the probability of being at (i, j) without having left the band.
  const inside = new Float64Array(m + 1);
  let outside = 0;
  for (let i = 0; i <= n; i++) {
    for (let j = 0; j <= m; j++) {
      let here = i === 0 && j === 0 ? 1 : 0;
      const before = n + m - i - j + 1;
      if (i > 0) here += ((inside[j] as number) * (n - i + 1)) / before;
      if (j > 0) here += ((inside[j - 1] as number) * (m - j + 1)) / before;
      const checked = i + j > 0 && (tieEnds === undefined || tieEnds[i + j - 1] === 1);
      if (here > 0 && checked && Math.abs(i * m - j * n) >= steps) {
        outside += here;
        here = 0;
      }
      inside[j] = here;
    }
  }
  const p = Math.min(1, outside);
  return { p, log10p: log(p) / Math.LN10 };
}

/** Ends of groups of equal values in the pooled order of two sorted samples. */
export function tieEndsOf(a: Float64Array, b: Float64Array): Uint8Array {
  const pooled = new Float64Array(a.length + b.length);
  pooled.set(a);
  pooled.set(b, a.length);
  pooled.sort();
  const ends = new Uint8Array(pooled.length);
  for (let k = 0; k < pooled.length; k++) ends[k] = k + 1 === pooled.length || pooled[k] !== pooled[k + 1] ? 1 : 0;
  return ends;
}
