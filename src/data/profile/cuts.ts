import { lowerBound, orderOfSorted, type Order, quantileOf } from "../../stats/ranks/index.js";

/** Cut points of a reference, and its deciles among them. */
export interface CutPoints {
  readonly cuts: Float64Array;
  readonly deciles: Float64Array;
}

/** Sorts numbers and drops repeats; -0 becomes 0, infinite values are left out because JSON has none. */
function distinct(values: readonly number[]): Float64Array {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return Float64Array.from(
    sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]),
    (value) => value + 0,
  );
}

/**
 * Freezes cut points: every distinct value if there are at most `cutPoints` of them, else the values at equal steps
 * of rank with both extremes, so that no open cell between two cut points has more than 1 / (cutPoints - 1) of the
 * rows. The deciles are added, so that ten-bin statistics are exact.
 *
 * @param sorted the values by rank, or increasing ones without NaN.
 */
export function cutPointsOf(sorted: Float64Array | Order, cutPoints: number): CutPoints {
  const order = sorted instanceof Float64Array ? orderOfSorted(sorted) : sorted;
  if (order.length === 0) return { cuts: new Float64Array(), deciles: new Float64Array() };
  const deciles = distinct(Array.from({ length: 9 }, (_, i) => quantileOf(order, (i + 1) / 10)));
  const last = order.length - 1;
  const steps =
    order.distinctUpTo(cutPoints) ??
    Array.from({ length: cutPoints }, (_, i) => order.at(Math.round((i * last) / (cutPoints - 1))));
  return { cuts: distinct([...steps, ...deciles]), deciles };
}

/** Finds the cell of a value among 2 * cuts.length + 1, by bisection; `placeCells` is faster for many values. */
export function cellFinder(cuts: Float64Array): (value: number) => number {
  return (value) => {
    const index = lowerBound(cuts, value, 0, cuts.length);
    return 2 * index + (cuts[index] === value ? 1 : 0);
  };
}
