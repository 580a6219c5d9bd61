/** The mean of some values; NaN for none. */
export const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The standard error of their mean, from their own variance; 0 for fewer than two. */
export function standardError(values: Float64Array): number {
  const center = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - center) * (value - center), 0);
  return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1) / values.length);
}

/** The same where values are independent only between groups, such as copies of a row (Liang and Zeger 1986). */
export function groupedError(values: Float64Array, groups: ArrayLike<number>): number {
  const center = mean(values);
  const sums = new Map<number, number>();
  values.forEach((value, row) => {
    const group = groups[row] as number;
    sums.set(group, (sums.get(group) ?? 0) + value - center);
  });
  let squares = 0;
  for (const sum of sums.values()) squares += sum * sum;
  return sums.size < 2 ? 0 : Math.sqrt((squares * sums.size) / (sums.size - 1)) / values.length;
}
