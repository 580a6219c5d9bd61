import type { SortedScores } from "./sorted-scores.js";

/** One slice of the rows from the highest score to the lowest. */
export interface LiftBin {
  /** 1 for the highest scores. */
  readonly bin: number;
  readonly rows: number;
  readonly positives: number;
  /** Share of positives in this slice, in [0, 1]. */
  readonly rate: number;
  /** `rate` divided by the share of positives among all rows: 1 is chance. */
  readonly lift: number;
  /** Share of all positives found in this slice and those above it. */
  readonly cumulativeGain: number;
  /** Lift of this slice and those above it together. */
  readonly cumulativeLift: number;
}

/**
 * Lift and gains by equal slices of the ranking (deciles by default): place r of n falls into slice floor(r * bins /
 * n). With fewer rows than slices, some are left out. Null if no row is positive.
 */
export function liftTable({ labels, rows, positives }: SortedScores, bins = 10): LiftBin[] | null {
  if (positives === 0) return null;
  const baseRate = positives / rows;
  const table: LiftBin[] = [];
  let start = 0;
  let found = 0;
  for (let bin = 0; bin < bins; bin++) {
    const end = Math.ceil(((bin + 1) * rows) / bins);
    if (end === start) continue;
    let hits = 0;
    for (let i = start; i < end; i++) hits += labels[i] as number;
    found += hits;
    table.push({
      bin: bin + 1,
      rows: end - start,
      positives: hits,
      rate: hits / (end - start),
      lift: hits / (end - start) / baseRate,
      cumulativeGain: found / positives,
      cumulativeLift: found / end / baseRate,
    });
    start = end;
  }
  return table;
}
