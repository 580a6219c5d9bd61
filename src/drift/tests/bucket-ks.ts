import { bucketGuide, bucketsOf, placeValues, sortedBucket, type PlacedValues } from "../../data/profile/buckets.js";
import type { KsStatistic } from "./kolmogorov-smirnov.js";

/**
 * D of two large samples without sorting them. Both distribution functions are known at the ends of buckets, and inside one
 * the distance stays within what its own rows can add; so only the few buckets that could hold a larger distance than is
 * known already are sorted and looked into. The same whole number of steps as from sorted samples.
 *
 * @param a in any order; NaN is missing and left out. So is `b`.
 * @returns undefined where a sample is empty.
 */
export function ksByBuckets(a: Float64Array, b: Float64Array): KsStatistic | undefined {
  const guide = bucketGuide(a, b);
  const x = placeValues(guide, a);
  const y = placeValues(guide, b);
  const [n, m] = [x.length, y.length];
  if (n === 0 || m === 0) return undefined;
  const ends = stepsAtEnds(x, y);
  const wanted = Uint8Array.from(ends.reach, (reach) => (reach > ends.steps ? 1 : 0));
  const [below, above] = [bucketsOf(x, wanted), bucketsOf(y, wanted)];
  let { steps } = ends;
  wanted.forEach((want, bucket) => {
    if (want === 0) return;
    const start = { i: ends.before[2 * bucket] as number, j: ends.before[2 * bucket + 1] as number, n, m };
    steps = Math.max(steps, stepsWithin(sortedBucket(below, bucket), sortedBucket(above, bucket), start));
  });
  return { statistic: steps / n / m, steps, n, m };
}

/** The most steps at the ends of cells, how many each bucket could reach, and the values of both samples below it. */
function stepsAtEnds(x: PlacedValues, y: PlacedValues): { steps: number; reach: Float64Array; before: Float64Array } {
  const [n, m] = [x.length, y.length];
  const buckets = (x.counts.length + 1) / 2;
  const reach = new Float64Array(buckets);
  const before = new Float64Array(2 * buckets);
  let steps = 0;
  let [i, j] = [0, 0];
  for (let cell = 0; cell < x.counts.length; cell++) {
    const p = x.counts[cell] as number;
    const q = y.counts[cell] as number;
    if (cell % 2 === 0) {
      before[cell] = i;
      before[cell + 1] = j;
      // All of one sample's rows first, then all of the other's; with rows of one sample only the ends tell all.
      if (p > 0 && q > 0) reach[cell / 2] = Math.max(Math.abs((i + p) * m - j * n), Math.abs(i * m - (j + q) * n));
    }
    i += p;
    j += q;
    steps = Math.max(steps, Math.abs(i * m - j * n));
  }
  return { steps, reach, before };
}

/** How many values of each sample lie below a bucket, and how many there are. */
interface Position {
  readonly i: number;
  readonly j: number;
  readonly n: number;
  readonly m: number;
}

function stepsWithin(a: Float64Array, b: Float64Array, start: Position): number {
  let [i, j] = [0, 0];
  let steps = 0;
  while (i < a.length && j < b.length) {
    const [next, other] = [a[i] as number, b[j] as number];
    const value = next < other ? next : other;
    while (i < a.length && (a[i] as number) === value) i++;
    while (j < b.length && (b[j] as number) === value) j++;
    steps = Math.max(steps, Math.abs((start.i + i) * start.m - (start.j + j) * start.n));
  }
  return steps;
}
