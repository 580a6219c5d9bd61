/** The mean of some values; NaN for none. */
export const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The standard error of their mean, from their own variance; 0 for fewer than two. */
export function standardError(values: Float64Array): number {
  const center = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - center) * (value - center), 0);
  return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1) / values.length);
}
