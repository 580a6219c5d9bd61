import { log } from "../base/elementary.js";
import { logGamma } from "./special.js";

/** How often something happened among trials. */
export interface Trials {
  readonly successes: number;
  readonly trials: number;
}

/** Weight of the mixture: Beta(1/2, 1/2), whose width is near the least for every rate. */
const half = 0.5;
const steps = 60;

/**
 * Log of the mixture martingale of one arm without its likelihood: ln B(s + 1/2, n - s + 1/2) - ln B(1/2, 1/2). The mixture
 * over the likelihood of the true rate is a nonnegative martingale of mean 1 (Robbins 1970).
 */
const mixture = ({ successes, trials }: Trials): number =>
  logGamma(successes + half) + logGamma(trials - successes + half) - logGamma(trials + 1) - 2 * logGamma(half);

/** x ln p, which is 0 where nothing was counted. */
const term = (count: number, p: number): number => (count === 0 ? 0 : count * log(Math.max(p, Number.MIN_VALUE)));
const likelihood = ({ successes, trials }: Trials, p: number): number =>
  term(successes, p) + term(trials - successes, 1 - p);
/** Slope of the log likelihood at a rate inside (0, 1). */
const slope = ({ successes, trials }: Trials, p: number): number => successes / p - (trials - successes) / (1 - p);

/** The largest log likelihood of two arms whose rates differ by `difference`. It is concave in the rate. */
function profile(a: Trials, b: Trials, difference: number): number {
  let low = Math.max(0, -difference);
  let high = Math.min(1, 1 - difference);
  for (let i = 0; i < steps && low < high; i++) {
    const p = (low + high) / 2;
    if (slope(a, p + difference) + slope(b, p) > 0) low = p;
    else high = p;
  }
  const p = (low + high) / 2;
  return likelihood(a, p + difference) + likelihood(b, p);
}

/**
 * An interval of the rate of `a` less that of `b` that holds at every look at once, however often and whenever somebody looks,
 * and however the trials are shared among the arms: the differences that the product of the two arms' mixture martingales does
 * not refuse (Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon 2021, by Ville's inequality). It is exact, not asymptotic.
 *
 * @param level the chance that the interval ever misses the true difference, above 0 and below 1.
 */
export function alwaysValidDifference(
  a: Trials,
  b: Trials,
  level: number,
): { readonly value: number; readonly low: number; readonly high: number } {
  const rate = ({ successes, trials }: Trials): number => (trials === 0 ? half : successes / trials);
  const value = rate(a) - rate(b);
  const limit = mixture(a) + mixture(b) + log(level);
  // The refused differences are those whose best likelihood is below the limit; it falls on both sides of the value.
  const edge = (end: number): number => {
    if (profile(a, b, end) > limit) return end;
    let inside = value;
    let outside = end;
    for (let i = 0; i < steps; i++) {
      const middle = (inside + outside) / 2;
      if (profile(a, b, middle) > limit) inside = middle;
      else outside = middle;
    }
    return outside;
  };
  return { value, low: edge(-1), high: edge(1) };
}
