/** Cut points of a reference, and its deciles among them. */
export interface CutPoints {
  readonly cuts: Float64Array;
  readonly deciles: Float64Array;
}

/** The q-quantile of sorted values, linear between neighbours (type 7 of Hyndman and Fan, as numpy's default). */
export function quantileOfSorted(sorted: Float64Array, q: number): number {
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  const t = place - below;
  if (t === 0 || low === high) return low;
  // numpy's rounding: from the nearer end.
  return t >= 0.5 ? high - (high - low) * (1 - t) : low + (high - low) * t;
}

/** Sorts numbers and drops repeats; -0 becomes 0, infinite values are left out because JSON has none. */
function distinct(values: readonly number[]): Float64Array {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return Float64Array.from(
    sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]),
    (value) => value + 0,
  );
}

function distinctUpTo(sorted: Float64Array, limit: number): number[] | undefined {
  const found: number[] = [];
  for (let i = 0; i < sorted.length; i++) {
    const value = sorted[i] as number;
    if (i > 0 && value === sorted[i - 1]) continue;
    if (found.length === limit) return undefined;
    found.push(value);
  }
  return found;
}

/**
 * Freezes cut points: every distinct value where there are at most `cutPoints` of them, else the values at equal steps
 * of rank with both extremes, so that no open cell between two cut points holds more than 1 / (cutPoints - 1) of the
 * rows. The deciles are added, so that ten-bin statistics are exact.
 *
 * @param sorted increasing, without NaN.
 */
export function cutPointsOf(sorted: Float64Array, cutPoints: number): CutPoints {
  if (sorted.length === 0) return { cuts: new Float64Array(), deciles: new Float64Array() };
  const deciles = distinct(Array.from({ length: 9 }, (_, i) => quantileOfSorted(sorted, (i + 1) / 10)));
  const last = sorted.length - 1;
  const steps =
    distinctUpTo(sorted, cutPoints) ??
    Array.from({ length: cutPoints }, (_, i) => sorted[Math.round((i * last) / (cutPoints - 1))] as number);
  return { cuts: distinct([...steps, ...deciles]), deciles };
}

/** Finds the cell of a value among 2 * cuts.length + 1, by halving. `countCells` counts very many values faster. */
export function cellFinder(cuts: Float64Array): (value: number) => number {
  return (value) => {
    const index = lowerBound(cuts, value, 0, cuts.length);
    return 2 * index + (cuts[index] === value ? 1 : 0);
  };
}

/** The first index in [from, to) whose cut point is not below the value, else `to`. */
export function lowerBound(cuts: Float64Array, value: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cuts[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
