import { exp, log } from "../../base/elementary.js";
import { ChurnkitError } from "../../base/errors.js";
import { fromLog, logGamma, type Tail } from "../special.js";

/**
 * Fisher's exact test of two proportions, two-sided: the probability, given the totals, of all tables that are at
 * most as likely as this one. Correct far out in the tail, where the z-test's normal approximation fails.
 *
 * @param x1 successes among n1 trials, and x2 among n2; whole numbers.
 * @throws ChurnkitError OPTION_INVALID for numbers that are not successes among trials.
 */
export function fisherExact(x1: number, n1: number, x2: number, n2: number): Tail {
  for (const [x, n] of [
    [x1, n1],
    [x2, n2],
  ] as const) {
    if (Number.isSafeInteger(x) && Number.isSafeInteger(n) && x >= 0 && x <= n) continue;
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${x} of ${n} are not successes among trials. Give whole numbers of 0 or more.`,
      {
        where: { value: [x, n] },
      },
    );
  }
  const successes = x1 + x2;
  const failures = n1 + n2 - successes;
  const low = Math.max(0, n1 - failures);
  const high = Math.min(n1, successes);
  const logChoose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
  const logChance = (x: number): number =>
    logChoose(successes, x) + logChoose(failures, n1 - x) - logChoose(n1 + n2, n1);
  /** The chance of x + 1 over that of x. */
  const ratio = (x: number): number => ((successes - x) * (n1 - x)) / ((x + 1) * (failures - n1 + x + 1));
  const here = logChance(x1);
  /** Sum of the chances from x outwards, over the chance of x1. */
  const outwards = (x: number, step: 1 | -1): number => {
    let term = exp(logChance(x) - here);
    let sum = 0;
    for (let at = x; at >= low && at <= high && term > 1e-17 * sum; at += step) {
      sum += term;
      term *= step === 1 ? ratio(at) : 1 / ratio(at - 1);
    }
    return sum;
  };
  // Chances rise up to the mode and fall from it on; 1e-7 is scipy's allowance for rounding.
  const mode = Math.floor(((n1 + 1) * (successes + 1)) / (n1 + n2 + 2));
  const asUnlikely = here + 1e-7;
  if (x1 <= mode) {
    const other = firstWhere(mode, high + 1, (x) => x > x1 && logChance(x) <= asUnlikely);
    return fromLog(here + log(outwards(x1, -1) + (other <= high ? outwards(other, 1) : 0)));
  }
  const other = mode - firstWhere(0, mode - low + 1, (down) => logChance(mode - down) <= asUnlikely);
  return fromLog(here + log(outwards(x1, 1) + (other >= low ? outwards(other, -1) : 0)));
}

/** The first whole number in [from, to) that passes, if all after it do too; else `to`. */
function firstWhere(from: number, to: number, passes: (x: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (passes(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
