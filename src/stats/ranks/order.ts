import { bucketGuide, bucketsOf, placeValues, sortedBucket } from "./buckets.js";
import { lowerBound } from "./lower-bound.js";
import { sortedValues } from "./sort.js";

/** The values of a sample by rank. */
export interface Order {
  /** Values that are not missing. */
  readonly length: number;
  /** The value of a rank from 0 to length - 1. */
  at(rank: number): number;
  /** All distinct values in increasing order, or undefined if there are more than `limit`. */
  distinctUpTo(limit: number): number[] | undefined;
}

/** From this many values on, a rough sort is faster than a full one. */
const LARGE = 50_000;

/** The order of a sample; NaN is missing and left out. */
export const orderOf = (values: Float64Array): Order =>
  values.length < LARGE ? orderOfSorted(sortedValues(values)) : orderByBuckets(values);

/** The order of sorted values, without NaN. */
export const orderOfSorted = (sorted: Float64Array): Order => ({
  length: sorted.length,
  at: (rank) => sorted[rank] as number,
  distinctUpTo(limit) {
    const found: number[] = [];
    for (let i = 0; i < sorted.length; i++) {
      if (!append(found, sorted[i] as number, limit)) return undefined;
    }
    return found;
  },
});

function orderByBuckets(values: Float64Array): Order {
  const placed = placeValues(bucketGuide(values), values);
  const { counts, guide, length } = placed;
  const buckets = bucketsOf(placed);
  /** Number of values below each cell and in it. */
  const upTo = new Float64Array(counts.length);
  let sum = 0;
  for (let cell = 0; cell < counts.length; cell++) upTo[cell] = sum += counts[cell] as number;
  return {
    length,
    at(rank) {
      const cell = lowerBound(upTo, rank + 1, 0, upTo.length);
      if (cell % 2 === 1) return guide.cuts[(cell - 1) / 2] as number;
      return sortedBucket(buckets, cell / 2)[rank - (cell === 0 ? 0 : (upTo[cell - 1] as number))] as number;
    },
    distinctUpTo(limit) {
      const found: number[] = [];
      // Every cut point is one of the values.
      if (guide.cuts.length - 1 > limit) return undefined;
      for (let cell = 0; cell < counts.length; cell++) {
        if (cell % 2 === 1) {
          if (!append(found, guide.cuts[(cell - 1) / 2] as number, limit)) return undefined;
          continue;
        }
        for (const value of sortedBucket(buckets, cell / 2)) if (!append(found, value, limit)) return undefined;
      }
      return found;
    },
  };
}

/** Adds a value unless it equals the last one; false if that would be one too many. */
function append(found: number[], value: number, limit: number): boolean {
  if (found.length > 0 && value === found[found.length - 1]) return true;
  if (found.length === limit) return false;
  found.push(value);
  return true;
}
