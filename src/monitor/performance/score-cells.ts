/**
 * Rows grouped by probability, from the lowest to the highest: the input of every estimate. Exact if a cell has one
 * value; otherwise its rows are anywhere between its ends, around its mean.
 */
export interface ScoreCells {
  readonly rows: number;
  /** By cell: rows and their mean probability. */
  readonly counts: Float64Array;
  readonly means: Float64Array;
  /** By cell: the ends, undefined if each cell is one value. */
  readonly ends?:
    | { readonly low: Float64Array; readonly high: Float64Array; readonly rounding: Float64Array }
    | undefined;
  /** The first cell at or above the threshold. */
  readonly called: number;
}

/** One cell for each distinct value. O(n log n). @param probabilities checked, in [0, 1]. */
export function exactCells(probabilities: Float64Array, threshold: number): ScoreCells {
  const sorted = probabilities.slice().sort();
  const counts = new Float64Array(sorted.length);
  const means = new Float64Array(sorted.length);
  let cells = 0;
  let called = 0;
  for (let i = 0; i < sorted.length; i++) {
    const p = sorted[i] as number;
    if (i === 0 || p !== sorted[i - 1]) {
      means[cells++] = p;
      if (p < threshold) called = cells;
    }
    counts[cells - 1] = (counts[cells - 1] as number) + 1;
  }
  return { rows: sorted.length, counts: counts.subarray(0, cells), means: means.subarray(0, cells), called };
}
