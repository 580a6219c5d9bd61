import { log } from "../../base/elementary.js";

/**
 * Normalized discounted cumulative gain of the ranking by current attributions, with the reference's attributions as
 * gains, as SageMaker Clarify defines it for feature attribution drift: DCG = sum over ranks i = 1, 2, ... of the gain
 * of the column ranked i-th divided by log2(i + 1), over that of the reference's own ranking. Columns with equal current
 * attributions share the mean of their discounts (McSherry and Najork 2008), so their order doesn't matter.
 *
 * @param reference gains by column, 0 or more.
 * @param current attributions by column, in the same order.
 * @returns a number in [0, 1], 1 for the same ranking; null where every gain is 0.
 */
export function ndcg(reference: readonly number[], current: readonly number[]): number | null {
  const ideal = gainOf(reference, reference);
  return ideal > 0 ? Math.min(1, gainOf(reference, current) / ideal) : null;
}

function gainOf(gains: readonly number[], by: readonly number[]): number {
  const order = [...by.keys()].sort((a, b) => (by[b] ?? 0) - (by[a] ?? 0));
  let total = 0;
  for (let first = 0, last = 0; first < order.length; first = last) {
    let discount = 0;
    let gain = 0;
    const value = by[order[first] ?? 0];
    for (; last < order.length && by[order[last] ?? 0] === value; last++) {
      discount += Math.LN2 / log(last + 2);
      gain += gains[order[last] ?? 0] ?? 0;
    }
    total += (gain * discount) / (last - first);
  }
  return total;
}
