import { orderOfSorted, type Order } from "./order.js";

/** The q-quantile of sorted values, linear between neighbors (type 7 of Hyndman and Fan, as numpy's default). */
export const quantileOfSorted = (sorted: Float64Array, q: number): number => quantileOf(orderOfSorted(sorted), q);

/** The q-quantile of values by rank; see {@link quantileOfSorted}. */
export function quantileOf(order: Order, q: number): number {
  const place = q * (order.length - 1);
  const below = Math.floor(place);
  const low = order.at(below);
  const high = order.at(Math.min(below + 1, order.length - 1));
  const t = place - below;
  if (t === 0 || low === high) return low;
  // numpy's rounding: from the nearer end.
  return t >= 0.5 ? high - (high - low) * (1 - t) : low + (high - low) * t;
}
