/**
 * Wasserstein (earth mover's) distance of two sorted samples: the area between their distribution functions, in the
 * unit of the values.
 *
 * @returns undefined where a sample is empty.
 */
export function wassersteinDistance(a: Float64Array, b: Float64Array): number | undefined {
  if (a.length === 0 || b.length === 0) return undefined;
  let i = 0;
  let j = 0;
  let area = 0;
  let previous = Math.min(a[0] as number, b[0] as number);
  while (i < a.length || j < b.length) {
    const value = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    area += Math.abs(i / a.length - j / b.length) * (value - previous);
    while (i < a.length && a[i] === value) i++;
    while (j < b.length && b[j] === value) j++;
    previous = value;
  }
  return area;
}
