import { exp, log, log1p } from "../base/elementary.js";
import { ChurnkitError } from "../base/errors.js";

/** A tail probability with its decimal logarithm, which stays right where the probability itself underflows to 0. */
export interface Tail {
  readonly p: number;
  readonly log10p: number;
}

const certain: Tail = { p: 1, log10p: 0 };

/** From a natural logarithm of a probability, which JSON can't hold where it is infinite. */
export const fromLog = (ln: number): Tail => ({
  p: Math.min(1, exp(ln)),
  log10p: Math.max(-Number.MAX_VALUE, Math.min(0, ln / Math.LN10)),
});
/** From the complement, where the probability itself is near 1. */
const fromComplement = (q: number): Tail => ({ p: 1 - q, log10p: log1p(-q) / Math.LN10 });

/** ln(gamma(x)) for x > 0: Stirling's series (NIST DLMF 5.11.1) after shifting x above 10. */
export function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 10; z++) shift += log(z);
  const s = 1 / (z * z);
  const series =
    (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s * (1 / 1188 - s * (691 / 360360 - s / 156)))))) / z;
  return (z - 0.5) * log(z) - z + 0.5 * log(2 * Math.PI) + series - shift;
}

/**
 * Upper tail of the regularized incomplete gamma function, Q(a, x): below x = a + 1 from the series of P (NIST DLMF
 * 8.7.1), above it from the continued fraction of Q (8.9.2) by Lentz's method, kept in logarithms.
 */
function gammaTail(a: number, x: number): Tail {
  if (!(x > 0)) return certain;
  if (x === Infinity) return { p: 0, log10p: -Number.MAX_VALUE };
  const front = a * log(x) - x - logGamma(a);
  // Both converge within some square roots of a.
  const limit = 500 + 50 * Math.sqrt(a);
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let k = 1; k < limit && term > sum * 1e-17; k++) sum += term *= x / (a + k);
    return fromComplement(Math.min(1, exp(front) * sum));
  }
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let fraction = d;
  for (let k = 1; k < limit; k++) {
    const numerator = k * (a - k);
    b += 2;
    d = 1 / nonZero(b + numerator * d, tiny);
    c = nonZero(b + numerator / c, tiny);
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return fromLog(front + log(fraction));
}

const nonZero = (value: number, tiny: number): number => (Math.abs(value) < tiny ? tiny : value);

/**
 * P(X >= x) of the chi-square distribution with `df` degrees of freedom, right down to 1e-300 and, as log10, beyond.
 *
 * @throws ChurnkitError OPTION_INVALID for degrees of freedom that are not a finite number above 0.
 */
export function chiSquareTail(x: number, df: number): Tail {
  if (!(df > 0 && df < Infinity))
    throw new ChurnkitError("OPTION_INVALID", `The degrees of freedom are ${df}. Give a finite number above 0.`, {
      where: { path: "df", value: df },
    });
  return gammaTail(df / 2, x / 2);
}

/** P(|Z| >= |z|) of the standard normal distribution. */
export const normalTwoSidedTail = (z: number): Tail => gammaTail(0.5, (z * z) / 2);

/** P(|T| >= |t|) of Student's t distribution with `df` degrees of freedom, above 0: I(df / 2, 1 / 2) at df / (df + t^2). */
export function studentTwoSidedTail(t: number, df: number): Tail {
  const y = t * t < 1e300 ? (t * t) / (df + t * t) : 1;
  return y === 0 ? certain : betaTail(df / (df + t * t), y, df / 2, 0.5);
}

/**
 * The regularized incomplete beta function I(a, b) at x, with y = 1 - x: the continued fraction (NIST DLMF 8.17.22) by
 * Lentz's method, on the side where it converges fast.
 */
function betaTail(x: number, y: number, a: number, b: number): Tail {
  if (x === 0) return { p: 0, log10p: -Number.MAX_VALUE };
  const front = logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log(y);
  if (x < (a + 1) / (a + b + 2)) return fromLog(front + log(betaFraction(x, a, b) / a));
  return fromComplement(Math.min(1, (exp(front) * betaFraction(y, b, a)) / b));
}

function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1), tiny);
  let fraction = d;
  const limit = 500 + 50 * Math.sqrt(a + b);
  for (let m = 1; m < limit; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d, tiny);
    c = nonZero(1 + even / c, tiny);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d, tiny);
    c = nonZero(1 + odd / c, tiny);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return fraction;
}

/**
 * P(K >= lambda) of the Kolmogorov distribution, the limit of sqrt(nm / (n + m)) * D: the alternating series, and below
 * lambda = 1 the theta-function dual of its complement (Kolmogorov 1933; both converge in a few terms).
 */
export function kolmogorovTail(lambda: number): Tail {
  // Below 0.05 the complement is under 1e-200.
  if (!(lambda > 0.05)) return certain;
  if (lambda < 1) {
    const step = (Math.PI * Math.PI) / (8 * lambda * lambda);
    let cdf = 0;
    for (let k = 1; k <= 7; k += 2) cdf += exp(-k * k * step);
    return fromComplement((Math.sqrt(2 * Math.PI) / lambda) * cdf);
  }
  const exponent = -2 * lambda * lambda;
  let series = 0;
  for (let k = 6; k >= 2; k--) series += (k % 2 === 1 ? 1 : -1) * exp(exponent * (k * k - 1));
  return fromLog(Math.LN2 + exponent + log1p(series));
}

/** The x where a decreasing tail falls to `p`, by bisection: critical values for messages and allowances. */
export function criticalValue(tail: (x: number) => Tail, p: number): number {
  let low = 0;
  let high = 1;
  while (tail(high).p > p) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (tail(middle).p > p) low = middle;
    else high = middle;
  }
  return high;
}
