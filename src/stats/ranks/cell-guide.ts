import { lowerBound } from "./lower-bound.js";

/**
 * Index for finding a value's position among sorted cut points: steps of equal width that lead to the first cut point
 * of the step, and where cut points crowd, to a finer guide of that step. So most values take one or two comparisons
 * however skewed the column is.
 */
export interface CellGuide {
  /** The cut points, followed by NaN, which no value reaches. */
  readonly cuts: Float64Array;
  /** For each guide: its smallest and largest cut point, and its steps per unit. */
  readonly lows: Float64Array;
  readonly highs: Float64Array;
  readonly scales: Float64Array;
  /** For each guide: the index of its first cut point, and of the one after its last. */
  readonly froms: Int32Array;
  readonly tos: Int32Array;
  /** For each guide: the start of its steps in `steps`. */
  readonly firsts: Int32Array;
  /** The number of cut points before a step or, below 0, the complement of the next guide's number. */
  readonly steps: Int32Array;
}

/** Steps for each cut point of a guide. */
const STEPS_PER_CUT = 8;
/** A step with more cut points than this gets its own guide, as long as there is room. */
const CROWD = 4;
/** Guides and steps are limited, so that a guide costs no more than its column's counts. */
const MOST_GUIDES = 1024;
/** Cut points compared one by one before bisection. */
const SCAN = 8;

/** Makes the guide of increasing, finite cut points. */
export function cellGuide(cuts: Float64Array): CellGuide {
  const guides: { low: number; high: number; scale: number; from: number; to: number; first: number }[] = [];
  const steps: number[] = [];
  const open = [{ from: 0, to: cuts.length, at: -1 }];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const { from, to, at } = next;
    const low = cuts[from] ?? 0;
    const high = cuts[to - 1] ?? 0;
    const count = Math.min(65_536, STEPS_PER_CUT * (to - from));
    const exact = count / (high - low);
    const scale = Number.isFinite(exact) && exact > 0 ? exact : 0;
    const first = steps.length;
    if (at >= 0) steps[at] = ~guides.length;
    guides.push({ low, high, scale, from, to, first });
    let cut = from;
    for (let step = 0; step <= (scale === 0 ? 0 : count); step++) {
      const before = cut;
      while (cut < to && Math.floor(((cuts[cut] as number) - low) * scale) <= step) cut++;
      steps.push(before);
      const crowded = cut - before > CROWD && cut - before < to - from;
      if (crowded && guides.length + open.length < MOST_GUIDES) open.push({ from: before, to: cut, at: first + step });
    }
  }
  const column = (of: (guide: (typeof guides)[number]) => number): number[] => guides.map(of);
  const padded = new Float64Array(cuts.length + 1).fill(Number.NaN);
  padded.set(cuts);
  return {
    cuts: padded,
    lows: Float64Array.from(column(({ low }) => low)),
    highs: Float64Array.from(column(({ high }) => high)),
    scales: Float64Array.from(column(({ scale }) => scale)),
    froms: Int32Array.from(column(({ from }) => from)),
    tos: Int32Array.from(column(({ to }) => to)),
    firsts: Int32Array.from(column(({ first }) => first)),
    steps: Int32Array.from(steps),
  };
}

/**
 * Finds the cells of values[from..to) among 2 * cuts + 1: below the first cut point, equal to it, between it and the
 * second, and so on; -1 for NaN.
 *
 * @param cells filled from its start.
 */
export function placeCells(guide: CellGuide, values: Float64Array, from: number, to: number, cells: Int32Array): void {
  const { cuts, lows, highs, scales, froms, tos, firsts, steps } = guide;
  const rootLow = lows[0] as number;
  const rootHigh = highs[0] as number;
  const rootScale = scales[0] as number;
  const last = cuts.length - 1;
  for (let i = from; i < to; i++) {
    const value = values[i] as number;
    if (value >= rootLow && value <= rootHigh) {
      let index = steps[((value - rootLow) * rootScale) | 0] as number;
      while (index < 0) {
        const node = ~index;
        const low = lows[node] as number;
        if (value < low) index = froms[node] as number;
        else if (value > (highs[node] as number)) index = tos[node] as number;
        else index = steps[(firsts[node] as number) + (((value - low) * (scales[node] as number)) | 0)] as number;
      }
      const patience = index + SCAN;
      while ((cuts[index] as number) < value) if (++index === patience) index = lowerBound(cuts, value, index, last);
      cells[i - from] = 2 * index + (cuts[index] === value ? 1 : 0);
    } else cells[i - from] = value < rootLow ? 0 : value > rootHigh ? 2 * last : -1;
  }
}
