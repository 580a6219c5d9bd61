import { square } from "../../../base/elementary.js";
import { bounded } from "../blocks/block.js";

/** Summary of a number over the training rows. */
export interface NumberSummary {
  /** Values that are not missing, increasing. */
  readonly sorted: Float64Array;
  readonly missing: number;
  /** Different values, increasing, and the number of rows with each. */
  readonly distinct: Float64Array;
  readonly counts: Uint32Array;
}

/** Sorts a number's values and counts equal ones. */
export function summarize(values: Float64Array): NumberSummary {
  const sorted = values.filter((value) => value === value);
  for (let i = 0; i < sorted.length; i++) sorted[i] = bounded(sorted[i] as number) + 0; // + 0: -0 becomes 0
  sorted.sort();
  let different = 0;
  for (let i = 0; i < sorted.length; i++) if (sorted[i] !== sorted[i + 1]) different++;
  const distinct = new Float64Array(different);
  const counts = new Uint32Array(different);
  for (let i = 0, start = 0, at = 0; i < sorted.length; i++) {
    if (sorted[i] === sorted[i + 1]) continue;
    distinct[at] = sorted[i] as number;
    counts[at++] = i + 1 - start;
    start = i + 1;
  }
  return { sorted, missing: values.length - sorted.length, distinct, counts };
}

/** The value at a share of the way through sorted values, linear between neighbors (R's type 7). */
export function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (place - below) * (high - low);
}

/** Mean, standard deviation (over n), skewness and excess kurtosis. */
export interface Moments {
  readonly mean: number;
  readonly sd: number;
  readonly skewness: number;
  readonly kurtosis: number;
}

/** Moments in two passes; all 0 except the mean if the values hardly differ. */
export function moments(values: Float64Array, of: (x: number) => number = (x) => x): Moments {
  const n = values.length;
  let total = 0;
  for (let i = 0; i < n; i++) total += of(values[i] as number);
  const mean = total / n;
  let second = 0;
  for (let i = 0; i < n; i++) second += square(of(values[i] as number) - mean);
  const sd = Math.sqrt(second / n);
  // Below this the differences are rounding errors, and 1 / sd is not a number to multiply by.
  if (!(sd > 1e-90) || sd < 1e-14 * Math.abs(mean)) return { mean, sd: 0, skewness: 0, kurtosis: 0 };
  let third = 0;
  let fourth = 0;
  for (let i = 0; i < n; i++) {
    const z = (of(values[i] as number) - mean) / sd;
    third += z * z * z;
    fourth += z * z * z * z;
  }
  return { mean, sd, skewness: third / n, kurtosis: fourth / n - 3 };
}
