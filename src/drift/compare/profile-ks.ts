import { countOfValues, type NumericProfile } from "../../data/profile/index.js";

/** KS's D between two profiles of the same cut points: certainly within [lower, upper]. */
export interface ProfileKs {
  readonly lower: number;
  readonly upper: number;
  readonly n: number;
  readonly m: number;
}

/**
 * Bounds D by two profiles. Both distribution functions are known just below and at each cut point, which gives the
 * lower bound; inside an open cell one function may rise by its whole mass before the other, which gives the upper.
 * They differ by at most a cell's mass, and agree if each cell has rows of only one sample: so always if every
 * distinct value has a cut point.
 *
 * @returns undefined if a sample is empty.
 */
export function ksOfProfiles(reference: NumericProfile, current: NumericProfile): ProfileKs | undefined {
  const n = countOfValues(reference);
  const m = countOfValues(current);
  if (n === 0 || m === 0) return undefined;
  let lower = 0;
  let upper = 0;
  let gap = 0;
  reference.counts.forEach((count, cell) => {
    const p = count / n;
    const q = (current.counts[cell] ?? 0) / m;
    const open = cell % 2 === 0;
    if (open) upper = Math.max(upper, Math.abs(gap + p), Math.abs(gap - q));
    gap += p - q;
    lower = Math.max(lower, Math.abs(gap));
  });
  return { lower, upper: Math.max(lower, upper), n, m };
}
