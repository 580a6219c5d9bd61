import {
  quantileOfProfile,
  countOfValues,
  isNumericProfile,
  type ColumnProfile,
  type NumericProfile,
} from "../../data/profile/index.js";
import type { DistributionBin } from "../report.js";
import { filledCells, levelCells, valueCells, type Cells } from "./cells.js";
import { formatterOf } from "./words.js";

const BINS = 20;
/** With up to this many distinct values, each gets a bar. */
const BARS = 15;

/** Returns both samples' shares for a plot: by level, by value if there are few, else over bins of equal width. */
export function distributionOf(reference: ColumnProfile, current: ColumnProfile): DistributionBin[] {
  if (isNumericProfile(reference) && isNumericProfile(current)) {
    return filledCells(reference.counts, current.counts).length <= BARS
      ? shares(valueCells(reference, current, formatterOf(reference)))
      : histogram(reference, current);
  }
  return isNumericProfile(reference) || isNumericProfile(current) ? [] : shares(levelCells(reference, current));
}

function shares({ labels, reference, current }: Cells): DistributionBin[] {
  const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
  const n = total(reference);
  const m = total(current);
  return labels.map((label, i) => ({
    label,
    reference: n === 0 ? 0 : (reference[i] ?? 0) / n,
    current: m === 0 ? 0 : (current[i] ?? 0) / m,
  }));
}

/** Bins of equal width over the middle 99 % of both samples; the outermost two are open. */
function histogram(reference: NumericProfile, current: NumericProfile): DistributionBin[] {
  const format = formatterOf(reference);
  const ends = (q: number): number[] =>
    [reference, current].map((profile) => quantileOfProfile(profile, q)).filter((value) => value !== undefined);
  const grid = gridOver(reference, Math.min(...ends(0.005)), Math.max(...ends(0.995)));
  if (grid === undefined) return [];
  const before = spread(reference, grid);
  const after = spread(current, grid);
  return before.map((share, i) => {
    const from = grid.low + i * grid.width;
    const to = Math.min(Number.MAX_VALUE, from + grid.width);
    const label =
      i === 0
        ? `up to ${format(to)}`
        : i === grid.bins - 1
          ? `${format(from)} and above`
          : `${format(from)} to ${format(to)}`;
    return { label, low: from, high: to, reference: share, current: after[i] ?? 0 };
  });
}

interface Grid {
  readonly low: number;
  readonly width: number;
  readonly bins: number;
}

/** Whole numbers get bins of a whole width; otherwise some bins would have more values than others. */
function gridOver(reference: NumericProfile, low: number, high: number): Grid | undefined {
  const width = (high - low) / BINS;
  if (!Number.isFinite(width) || !(width > 0)) return undefined;
  const whole =
    reference.kind === "number" &&
    reference.cuts.every((cut, i) => Number.isInteger(cut) || reference.counts[2 * i + 1] === 0);
  if (!whole) return { low, width, bins: BINS };
  const step = Math.ceil(width);
  return { low: Math.floor(low), width: step, bins: Math.floor((high - Math.floor(low)) / step) + 1 };
}

/** Shares by bin; the rows of an open cell are spread evenly between its cut points. */
function spread(profile: NumericProfile, { low, width, bins: count }: Grid): number[] {
  const { cuts, counts, min, max } = profile;
  const n = countOfValues(profile);
  const bins = new Array<number>(count).fill(0);
  if (n === 0) return bins;
  const place = (value: number): number => Math.max(0, Math.min(count - 1e-9, (value - low) / width));
  const add = (bin: number, rows: number): void => {
    bins[bin] = (bins[bin] ?? 0) + rows / n;
  };
  counts.forEach((rows, cell) => {
    if (rows === 0) return;
    const at = cell % 2 === 1 ? cuts[(cell - 1) / 2] : undefined;
    const from = place(at ?? cuts[cell / 2 - 1] ?? min ?? low);
    const to = place(at ?? cuts[cell / 2] ?? max ?? low);
    if (Math.floor(from) === Math.floor(to)) return add(Math.floor(from), rows);
    for (let bin = Math.floor(from); bin <= Math.floor(to); bin++) {
      const overlap = Math.min(to, bin + 1) - Math.max(from, bin);
      add(bin, (rows * overlap) / (to - from));
    }
  });
  return bins;
}
