import { ChurnkitError } from "../../base/errors.js";
import { normalTwoSidedTail, type Tail } from "../special.js";

/** A comparison of two proportions. */
export interface ProportionTest extends Tail {
  readonly z: number;
  /** First proportion minus second. */
  readonly difference: number;
}

/**
 * Two-proportion z-test with the pooled variance, two-sided. If both are 0 or both are 1 there is nothing to test: z
 * is 0 and p is 1.
 *
 * @param x1 successes among n1 trials.
 * @param n1 trials of the first sample.
 * @param x2 successes among n2 trials.
 * @param n2 trials of the second sample.
 * @param options `correction`: Yates' continuity correction, which keeps the level if successes are few.
 * @returns undefined without trials.
 * @throws ChurnkitError OPTION_INVALID for counts that are negative, not finite, or of more successes than trials.
 */
export function twoProportions(
  x1: number,
  n1: number,
  x2: number,
  n2: number,
  { correction = false }: { readonly correction?: boolean } = {},
): ProportionTest | undefined {
  if (!(x1 >= 0 && x1 <= n1 && n1 < Infinity && x2 >= 0 && x2 <= n2 && n2 < Infinity)) {
    const message = `${x1} of ${n1} and ${x2} of ${n2} are not successes among trials. Give finite counts of 0 or more.`;
    throw new ChurnkitError("OPTION_INVALID", message, { where: { value: [x1, n1, x2, n2] } });
  }
  if (n1 === 0 || n2 === 0) return undefined;
  const difference = x1 / n1 - x2 / n2;
  const pooled = (x1 + x2) / (n1 + n2);
  const variance = pooled * (1 - pooled) * (1 / n1 + 1 / n2);
  if (variance === 0) return { z: 0, p: 1, log10p: 0, difference };
  const step = correction ? Math.min(Math.abs(difference), (1 / n1 + 1 / n2) / 2) : 0;
  const z = (difference - Math.sign(difference) * step) / Math.sqrt(variance);
  return { z, ...normalTwoSidedTail(z), difference };
}
