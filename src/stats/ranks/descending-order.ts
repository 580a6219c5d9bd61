/**
 * Returns the positions of `values` from the largest value to the smallest. Equal values keep their order, so the
 * result is deterministic. O(n log n); NaN is not allowed.
 *
 * @returns an array of length n: `order[0]` is the position of the largest value.
 */
export function descendingOrder(values: Float64Array): Uint32Array {
  const order = new Uint32Array(values.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  return order.sort((a, b) => (values[b] as number) - (values[a] as number) || a - b);
}
