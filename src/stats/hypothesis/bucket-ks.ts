import { sortedValues } from "../ranks/sort.js";
import type { KsStatistic } from "./kolmogorov-smirnov.js";

/** So few values are sorted. */
const FEW = 256;
/** Values for each bucket, up to a limit on the buckets. */
const PER_BUCKET = 32;
const MOST_BUCKETS = 8192;
/** One of this many values is sampled to choose the buckets, up to a limit. */
const LOOK_AT_EACH = 16;
const MOST_LOOKED_AT = 512;
const BLOCK = 4096;
/** Where nested buckets hardly separate the values, as with outliers of outliers, the values are sorted. */
const DEEP = 8;

/**
 * D of two large samples without sorting them. Buckets of equal width are counted: at their ends both distribution
 * functions are known, and inside one the distance stays within what its own rows can add. So only the few buckets
 * that could have a larger distance than the known one are examined, in the same way. The same whole number of steps
 * as from sorted samples.
 *
 * @param a in any order; NaN is missing and left out. So is `b`.
 * @returns undefined if a sample is empty.
 */
export function ksByBuckets(a: Float64Array, b: Float64Array): KsStatistic | undefined {
  const counted = countBoth(a, b);
  const [n, m] = [total(counted.inA), total(counted.inB)];
  if (n === 0 || m === 0) return undefined;
  const search = { n, m, steps: 0 };
  searchWithin(search, counted, 0, 0);
  return { statistic: search.steps / n / m, steps: search.steps, n, m };
}

/** The sizes of the samples, and the most steps found so far. */
interface Search {
  readonly n: number;
  readonly m: number;
  steps: number;
}

/** Both samples' values of an interval, in buckets. */
interface Counted {
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly lay: Lay;
  /** Number of each sample's values in each bucket. */
  readonly inA: Uint32Array;
  readonly inB: Uint32Array;
  /** Buckets with more than one value, as 1. */
  readonly mixed: Uint8Array;
}

function countBoth(a: Float64Array, b: Float64Array): Counted {
  const lay = layBuckets(a, b);
  const first = new Float64Array(lay.buckets).fill(Number.NaN);
  const mixed = new Uint8Array(lay.buckets);
  return { a, b, lay, inA: countIn(lay, a, first, mixed), inB: countIn(lay, b, first, mixed), mixed };
}

const total = (counts: Uint32Array): number => counts.reduce((sum, count) => sum + count, 0);

/** Finds the most steps among the values of an interval; `i` and `j` values of the samples are below it. */
function searchWithin(search: Search, counted: Counted, i: number, j: number, depth = 0): void {
  const { a, b, lay, inA, inB } = counted;
  noteEnds(search, inA, inB, i, j);
  const found = promising(search, counted, i, j);
  const [valuesA, valuesB] = [gather(lay, a, inA, found), gather(lay, b, inB, found)];
  found.forEach((bucket, k) => {
    // By now a larger number of steps may be known.
    if (reach(search, bucket) <= search.steps) return;
    const [x, y] = [valuesA[k], valuesB[k]];
    if (x === undefined || y === undefined) return;
    if (x.length + y.length <= FEW || depth === DEEP)
      walk(search, sortedValues(x), sortedValues(y), bucket.i, bucket.j);
    else searchWithin(search, countBoth(x, y), bucket.i, bucket.j, depth + 1);
  });
}

/** At a bucket's end both distribution functions are known. */
function noteEnds(search: Search, inA: Uint32Array, inB: Uint32Array, i: number, j: number): void {
  for (let bucket = 0; bucket < inA.length; bucket++) {
    i += inA[bucket] as number;
    j += inB[bucket] as number;
    note(search, i, j);
  }
}

function note(search: Search, i: number, j: number): void {
  const steps = Math.abs(i * search.m - j * search.n);
  if (steps > search.steps) search.steps = steps;
}

/** A bucket with `p` and `q` values of the samples, and `i` and `j` values below it. */
interface Bucket {
  readonly at: number;
  readonly i: number;
  readonly j: number;
  readonly p: number;
  readonly q: number;
}

/** The most steps within a bucket: all of one sample's rows first, then all of the other's. */
const reach = ({ n, m }: Search, { i, j, p, q }: Omit<Bucket, "at">): number =>
  Math.max(Math.abs((i + p) * m - j * n), Math.abs(i * m - (j + q) * n));

/**
 * The buckets that may have more steps than known. If one has a single value, or rows of one sample only, its ends
 * are enough.
 */
function promising(search: Search, { inA, inB, mixed }: Counted, i: number, j: number): Bucket[] {
  const found: Bucket[] = [];
  for (let at = 0; at < inA.length; at++) {
    const [p, q] = [inA[at] as number, inB[at] as number];
    if (mixed[at] === 1 && p > 0 && q > 0 && reach(search, { i, j, p, q }) > search.steps)
      found.push({ at, i, j, p, q });
    i += p;
    j += q;
  }
  return found;
}

/** Both samples in increasing order, all equal values at once. */
function walk(search: Search, a: Float64Array, b: Float64Array, i: number, j: number): void {
  let [x, y] = [0, 0];
  while (x < a.length && y < b.length) {
    const [next, other] = [a[x] as number, b[y] as number];
    const value = next < other ? next : other;
    while (x < a.length && (a[x] as number) === value) x++;
    while (y < b.length && (b[y] as number) === value) y++;
    note(search, i + x, j + y);
  }
}

/** Buckets: everything below `low`, then equal widths from `low` to `high`, then everything above. */
interface Lay {
  readonly low: number;
  readonly high: number;
  /** Buckets for each unit, 0 if all from `low` to `high` is one bucket. */
  readonly scale: number;
  readonly buckets: number;
}

/** Leaves out a hundredth at either end, where outliers would make the buckets too wide. */
function layBuckets(a: Float64Array, b: Float64Array): Lay {
  const seen = Float64Array.from([...someOf(a), ...someOf(b)]).sort();
  const outer = Math.floor(seen.length / 100);
  const [low = 0, high = 0] = [seen[outer], seen[seen.length - 1 - outer]];
  const widths = Math.min(MOST_BUCKETS, Math.ceil((a.length + b.length) / PER_BUCKET));
  const scale = widths / (high - low);
  if (scale > 0 && scale < Infinity) return { low, high, scale, buckets: widths + 3 };
  // One value, or a distance too large for a double.
  const middle = seen[seen.length >> 1] ?? 0;
  return { low: middle, high: middle, scale: 0, buckets: 3 };
}

function someOf(values: Float64Array): number[] {
  const step = Math.max(LOOK_AT_EACH, Math.floor(values.length / MOST_LOOKED_AT));
  const some: number[] = [];
  for (let i = 0; i < values.length; i += step) if (Number.isFinite(values[i])) some.push(values[i] as number);
  return some;
}

/** The bucket of a value, which never falls when the value rises; -1 for NaN. */
function bucketOf({ low, high, scale, buckets }: Lay, value: number): number {
  if (value >= low && value <= high) return 1 + (((value - low) * scale) | 0);
  return value < low ? 0 : value > high ? buckets - 1 : -1;
}

/** Runs a loop over all rows in blocks, so that it is compiled after a few of them, and nothing else with it. */
function inBlocks(rows: number, loop: (from: number, to: number) => void): void {
  for (let from = 0; from < rows; from += BLOCK) loop(from, Math.min(from + BLOCK, rows));
}

/** Counts the values in each bucket, and records its first value and whether there is another. */
function countIn(lay: Lay, values: Float64Array, first: Float64Array, mixed: Uint8Array): Uint32Array {
  const counts = new Uint32Array(lay.buckets);
  inBlocks(values.length, (from, to) => countBlock(lay, values, from, to, counts, first, mixed));
  return counts;
}

function countBlock(
  lay: Lay,
  values: Float64Array,
  from: number,
  to: number,
  counts: Uint32Array,
  first: Float64Array,
  mixed: Uint8Array,
): void {
  for (let i = from; i < to; i++) {
    const value = values[i] as number;
    const at = bucketOf(lay, value);
    if (at < 0) continue;
    counts[at] = (counts[at] as number) + 1;
    const seen = first[at] as number;
    if (seen === value) continue;
    if (Number.isNaN(seen)) first[at] = value;
    else mixed[at] = 1;
  }
}

/** The values of some buckets. */
function gather(lay: Lay, values: Float64Array, counts: Uint32Array, buckets: readonly Bucket[]): Float64Array[] {
  // Position of the next value of a bucket, 0 for a bucket that is not needed.
  const next = new Uint32Array(lay.buckets);
  let size = 1;
  for (const { at } of buckets) {
    next[at] = size;
    size += counts[at] as number;
  }
  const gathered = new Float64Array(size);
  inBlocks(values.length, (from, to) => gatherBlock(lay, values, from, to, next, gathered));
  return buckets.map(({ at }) => {
    const end = next[at] as number;
    return gathered.subarray(end - (counts[at] as number), end);
  });
}

function gatherBlock(
  lay: Lay,
  values: Float64Array,
  from: number,
  to: number,
  next: Uint32Array,
  gathered: Float64Array,
): void {
  for (let i = from; i < to; i++) {
    const value = values[i] as number;
    const at = bucketOf(lay, value);
    const place = at < 0 ? 0 : (next[at] as number);
    if (place === 0) continue;
    next[at] = place + 1;
    gathered[place] = value;
  }
}
