import { exactSumOf, meanOf } from "./exact-sum.js";
import type { NumericProfile } from "./profile.js";

/** Summary of a column's values in a profile; undefined if it has none. */
export interface NumericSummary {
  readonly n: number;
  readonly mean: number;
  /** Of the population: sqrt(sum of squared deviations from the mean / n). */
  readonly standardDeviation: number;
  readonly min: number;
  readonly max: number;
}

/** Mean, spread and extremes of a profiled column, correct to double precision whatever was merged. */
export function summarizeNumeric(profile: NumericProfile): NumericSummary | undefined {
  const { moments, min, max } = profile;
  const n = profile.counts.reduce((total, cell) => total + cell, 0);
  if (n === 0 || min === null || max === null) return undefined;
  const shift = meanOf(exactSumOf(moments.sum), n);
  const variance = Math.max(0, meanOf(exactSumOf(moments.squares), n) - shift * shift);
  return { n, mean: moments.origin + shift, standardDeviation: Math.sqrt(variance), min, max };
}

/**
 * Returns the q-quantile as exactly as the counts allow: a cut point if it has it, else the middle of its cell.
 * Undefined without values.
 */
export function quantileOfProfile(profile: NumericProfile, q: number): number | undefined {
  const { cuts, counts, min, max } = profile;
  const n = counts.reduce((total, cell) => total + cell, 0);
  if (n === 0 || min === null || max === null) return undefined;
  let before = 0;
  let cell = 0;
  while (cell < counts.length - 1 && before + (counts[cell] ?? 0) < q * n) before += counts[cell++] ?? 0;
  if (cell % 2 === 1) return cuts[(cell - 1) / 2];
  const low = Math.max(min, cuts[cell / 2 - 1] ?? min);
  const high = Math.min(max, cuts[cell / 2] ?? max);
  return low / 2 + high / 2;
}
