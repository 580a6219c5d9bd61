import { log1p } from "../../base/elementary.js";
import { normalTwoSidedTail, type Tail } from "./special.js";

/** A test of whether unseen levels are more frequent than chance brings. */
export interface NewLevelTest extends Tail {
  readonly z: number;
  /** Share of the current rows beyond the expected one, at least 0. */
  readonly excess: number;
}

/**
 * Tests the share of rows with levels that a reference doesn't hold. In a column of many levels some are no news: by
 * Good and Turing's rule the chance that a further row holds an unmet level is about once / n, with the variance
 * (once (1 - once / n) + 2 twice) / n^2 (Esty 1983, "A normal limit law for a nonparametric estimator of the coverage
 * of a random sample"). One more level met once is assumed, so that a reference without any isn't taken for certain.
 * One-sided.
 *
 * @param reference `n`: its rows; `once`: levels that it holds in one row only; `twice`: in two.
 * @param current `m`: its rows; `unseen`: those with a level that the reference doesn't hold.
 * @returns undefined where a sample is empty.
 */
export function newLevelTest(
  { n, once, twice }: { readonly n: number; readonly once: number; readonly twice: number },
  { m, unseen }: { readonly m: number; readonly unseen: number },
): NewLevelTest | undefined {
  if (n === 0 || m === 0) return undefined;
  const expected = Math.min(1, (once + 1) / n);
  const pooled = Math.min(1, (once + 1 + unseen) / (n + m));
  const variance = (once * (1 - once / n) + 2 * twice + 1) / (n * n) + (pooled * (1 - pooled)) / m;
  const z = (unseen / m - expected) / Math.sqrt(variance);
  const half = normalTwoSidedTail(z);
  const tail =
    z > 0
      ? { p: half.p / 2, log10p: half.log10p - Math.LOG10E * Math.LN2 }
      : { p: 1 - half.p / 2, log10p: log1p(-half.p / 2) / Math.LN10 };
  return { z, ...tail, excess: Math.max(0, unseen / m - once / n) };
}
