import { cellGuide, placeCells, type CellGuide } from "./cell-guide.js";

/** This many evenly spaced values of a column cut it into buckets of a few dozen out of a million. */
const SAMPLE = 8192;
const BLOCK = 4096;

/** Cell of each value of a column, and the number of values in each. */
export interface PlacedValues {
  readonly guide: CellGuide;
  readonly values: Float64Array;
  /** Cell of each value among 2 * cuts + 1: below the first cut point, equal to it, and so on; -1 if missing. */
  readonly cells: Int32Array;
  /** Values in each cell. */
  readonly counts: Uint32Array;
  /** Values that are not missing. */
  readonly length: number;
}

/**
 * The values between cut points, bucket by bucket, each sorted only on demand: a few order statistics need few
 * buckets.
 */
export interface Buckets {
  readonly values: Float64Array;
  /** Start of each bucket in `values`, and the end of the last one. */
  readonly starts: Uint32Array;
  readonly sorted: Uint8Array;
}

/** The guide of buckets that suit a column; NaN and infinite values are skipped. */
export function bucketGuide(values: Float64Array): CellGuide {
  const step = Math.max(1, Math.floor(values.length / SAMPLE));
  const drawn: number[] = [];
  // Adding 0 turns -0 into 0.
  for (let i = 0; i < values.length; i += step) if (Number.isFinite(values[i])) drawn.push((values[i] as number) + 0);
  const cuts = Float64Array.from(drawn).sort();
  return cellGuide(cuts.filter((cut, i) => i === 0 || cut !== cuts[i - 1]));
}

/** Finds each value's cell; NaN is missing. */
export function placeValues(guide: CellGuide, values: Float64Array): PlacedValues {
  const cells = new Int32Array(values.length);
  const block = new Int32Array(BLOCK);
  // Cell -1, of the missing values, is counted in the first place.
  const counts = new Uint32Array(2 * guide.cuts.length);
  for (let from = 0; from < values.length; from += BLOCK) {
    const to = Math.min(from + BLOCK, values.length);
    placeCells(guide, values, from, to, block);
    for (let i = 0; i < to - from; i++) {
      const cell = block[i] as number;
      counts[cell + 1] = (counts[cell + 1] as number) + 1;
      cells[from + i] = cell;
    }
  }
  return { guide, values, cells, counts: counts.subarray(1), length: values.length - (counts[0] as number) };
}

/** Gathers the values of each bucket. */
export function bucketsOf({ values, cells, counts }: PlacedValues): Buckets {
  const buckets = (counts.length + 1) / 2;
  const starts = new Uint32Array(buckets + 1);
  for (let bucket = 0; bucket < buckets; bucket++) {
    starts[bucket + 1] = (starts[bucket] as number) + (counts[2 * bucket] as number);
  }
  const next = starts.slice();
  const between = new Float64Array(starts[buckets] as number);
  for (let i = 0; i < values.length; i++) {
    const cell = cells[i] as number;
    // Odd cells hold equal values, and -1 is odd too.
    if ((cell & 1) !== 0) continue;
    const place = next[cell >> 1] as number;
    next[cell >> 1] = place + 1;
    between[place] = values[i] as number;
  }
  return { values: between, starts, sorted: new Uint8Array(buckets) };
}

/** The values of a bucket, the cell 2 * bucket, in increasing order. */
export function sortedBucket({ values, starts, sorted }: Buckets, bucket: number): Float64Array {
  const found = values.subarray(starts[bucket], starts[bucket + 1]);
  if (sorted[bucket] === 0) found.sort();
  sorted[bucket] = 1;
  return found;
}
