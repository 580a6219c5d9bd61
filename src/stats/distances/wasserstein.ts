import { sortedValues } from "../ranks/sort.js";

/**
 * Wasserstein (earth mover's) distance of two samples: the area between their distribution functions, in the unit of the
 * values.
 *
 * @param a in any order; NaN is missing and left out. So is `b`.
 * @returns undefined where a sample is empty; infinite where infinite values differ.
 */
export const wassersteinDistance = (a: Float64Array, b: Float64Array): number | undefined =>
  wassersteinOfSorted(sortedValues(a), sortedValues(b));

/** {@link wassersteinDistance} of samples already in increasing order, without NaN. */
export function wassersteinOfSorted(a: Float64Array, b: Float64Array): number | undefined {
  if (a.length === 0 || b.length === 0) return undefined;
  let i = 0;
  let j = 0;
  let area = 0;
  let previous = Math.min(a[0] as number, b[0] as number);
  while (i < a.length || j < b.length) {
    const value = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    const gap = Math.abs(i / a.length - j / b.length);
    if (gap > 0) area += gap * (value - previous);
    while (i < a.length && a[i] === value) i++;
    while (j < b.length && b[j] === value) j++;
    previous = value;
  }
  return area;
}
