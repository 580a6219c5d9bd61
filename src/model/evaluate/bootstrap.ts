import { ChurnkitError } from "../../base/errors.js";
import { uniform } from "../../base/random.js";

/** Number of resamples, and their seed. */
export interface BootstrapOptions {
  /**
   * 20 to 100,000, 1,000 by default; lowered for many rows: above 50 million drawn rows as many as fit, at least 100.
   */
  readonly resamples?: number | undefined;
  readonly seed?: number | undefined;
}

/** Limit on the rows drawn in all resamples together; above it fewer resamples are made. */
const drawBudget = 50_000_000;
const fewestResamples = 100;

/**
 * Returns the number of resamples: as many as requested, but above 50 million drawn rows only as many as fit, at
 * least 100. So 1,000 up to 50,000 rows and 100 from 500,000 rows on, where intervals are narrow anyway.
 *
 * @throws ChurnkitError OPTION_INVALID for a number outside 20 to 100,000.
 */
export function resamplesFor(rows: number, requested = 1000): number {
  if (!(Number.isInteger(requested) && requested >= 20 && requested <= 100_000))
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The number of resamples is ${requested}. Give a whole number from 20 to 100,000, or bootstrap: false.`,
    );
  return Math.min(requested, Math.max(fewestResamples, Math.floor(drawBudget / rows)));
}

/**
 * Draws `rows` of `rows` rows with replacement, repeatedly, and passes on how often each was drawn. The array is
 * reused; the same seed gives the same draws.
 */
export function resample(rows: number, resamples: number, seed: number, use: (counts: Uint16Array) => void): void {
  const random = uniform(seed);
  const counts = new Uint16Array(rows);
  for (let r = 0; r < resamples; r++) {
    counts.fill(0);
    for (let i = 0; i < rows; i++) {
      const row = Math.floor(random() * rows);
      counts[row] = (counts[row] as number) + 1;
    }
    use(counts);
  }
}

/**
 * Draws groups of rows with replacement, as many as there are, and passes on how often each row was drawn. Where every row
 * is a group of its own, the draws are those of {@link resample}.
 *
 * @param groupOf the number of each row's group.
 */
export function resampleGroups(
  groupOf: ArrayLike<number>,
  resamples: number,
  seed: number,
  use: (counts: Uint16Array) => void,
): void {
  const places = new Map<number, number>();
  const placeOf = Uint32Array.from(groupOf, (group) => {
    const place = places.get(group) ?? places.size;
    places.set(group, place);
    return place;
  });
  const counts = new Uint16Array(placeOf.length);
  resample(places.size, resamples, seed, (drawn) => {
    for (let row = 0; row < counts.length; row++) counts[row] = drawn[placeOf[row] as number] as number;
    use(counts);
  });
}

/**
 * The percentile interval with the middle 95 % of resampled values, linear between order statistics. Resamples
 * without a value are left out; null if half of them or more have none.
 */
export function percentileInterval(values: readonly (number | null)[]): { low: number; high: number } | null {
  const defined = Float64Array.from(values.filter((value) => value !== null)).sort();
  if (defined.length * 2 <= values.length) return null;
  return { low: quantile(defined, 0.025), high: quantile(defined, 0.975) };
}

/**
 * The percentile interval shifted so that the resamples' median falls on `value`, and clipped to [0, 1]. For a metric
 * of that range that noise can only raise, such as the calibration error: resampling adds noise again, so the plain
 * interval of a well calibrated model is above its value.
 */
export function centeredInterval(
  values: readonly (number | null)[],
  value: number,
): { low: number; high: number } | null {
  const plain = percentileInterval(values);
  if (plain === null) return null;
  const median = quantile(Float64Array.from(values.filter((each) => each !== null)).sort(), 0.5);
  const excess = median - value;
  return { low: Math.max(0, plain.low - excess), high: Math.min(1, plain.high - excess) };
}

function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (place - below) * (high - low);
}
