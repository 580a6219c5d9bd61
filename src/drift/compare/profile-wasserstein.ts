import { countOfValues, type NumericProfile } from "../../data/profile/index.js";

/**
 * Wasserstein distance of two profiles of the same cut points, with the rows of an open cell spread evenly over it;
 * exact if all rows are on cut points. In the unit of the values.
 *
 * @returns undefined if a sample is empty.
 */
export function wassersteinOfProfiles(reference: NumericProfile, current: NumericProfile): number | undefined {
  const n = countOfValues(reference);
  const m = countOfValues(current);
  if (n === 0 || m === 0) return undefined;
  const { cuts } = reference;
  const low = Math.min(reference.min ?? Infinity, current.min ?? Infinity);
  const high = Math.max(reference.max ?? -Infinity, current.max ?? -Infinity);
  let area = 0;
  let gap = 0;
  reference.counts.forEach((count, cell) => {
    const before = gap;
    gap += count / n - (current.counts[cell] ?? 0) / m;
    if (cell % 2 === 1) return;
    const from = Math.max(low, cuts[cell / 2 - 1] ?? low);
    const to = Math.min(high, cuts[cell / 2] ?? high);
    if (to > from) area += (to - from) * meanHeight(before, gap);
  });
  return area;
}

/** Mean of |gap| over a cell in which it changes linearly from one value to another. */
function meanHeight(from: number, to: number): number {
  const [a, b] = [Math.abs(from), Math.abs(to)];
  return from * to >= 0 ? (a + b) / 2 : (a * a + b * b) / (2 * (a + b));
}
