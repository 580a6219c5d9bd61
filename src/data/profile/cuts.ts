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

/**
 * Finds the cell of a value among 2 * cuts.length + 1: a guide table of equal steps between the extremes gives a narrow
 * range to search, so that a value takes about one step instead of log2(cuts).
 */
export function cellFinder(cuts: Float64Array): (value: number) => number {
  const last = cuts.length - 1;
  if (last < 0) return () => 0;
  const low = cuts[0] as number;
  const high = cuts[last] as number;
  const steps = Math.min(65_536, 4 * cuts.length);
  const scale = steps / (high - low);
  if (!Number.isFinite(scale) || scale <= 0) return (value) => searchCell(cuts, value, 0, cuts.length);

  /** For each step, the number of cut points before it: any value of the step has at least so many below it. */
  const guide = new Uint32Array(steps + 2);
  for (let i = 0; i <= last; i++) guide[stepOf(cuts[i] as number) + 1] = i + 1;
  for (let s = 1; s < guide.length; s++) guide[s] = Math.max(guide[s] as number, guide[s - 1] as number);

  function stepOf(value: number): number {
    return Math.min(steps, Math.floor((value - low) * scale));
  }

  return (value) => {
    if (value < low) return 0;
    if (value > high) return 2 * cuts.length;
    const step = stepOf(value);
    return searchCell(cuts, value, guide[step] as number, guide[step + 1] as number);
  };
}

/** Binary search in cuts[from..to), where all before `from` are below the value and all from `to` on are above it. */
function searchCell(cuts: Float64Array, value: number, from: number, to: number): number {
  let lo = from;
  let hi = to;
  while (lo < hi) {
    const middle = (lo + hi) >>> 1;
    const cut = cuts[middle] as number;
    if (cut < value) lo = middle + 1;
    else if (cut > value) hi = middle;
    else return 2 * middle + 1;
  }
  return 2 * lo;
}
