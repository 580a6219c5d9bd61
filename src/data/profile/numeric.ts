import { ChurnkitError } from "../../base/errors.js";
import { cellFinder, cutPointsOf, quantileOfSorted } from "./cuts.js";
import { EXACT_BLOCK, addExactly, exactSumOf, formatExact } from "./exact-sum.js";
import { profileLimits, type NumericProfile } from "./profile.js";
import { sortedValues } from "./sort.js";

/** How finely a reference is cut. */
export interface CutOptions {
  /**
   * Cut points per numeric column, 2 to 65,536; 1,024 by default. The error of KS's D between two profiles is about
   * one over their number; a profile costs about 20 bytes of JSON for each.
   */
  readonly cutPoints?: number | undefined;
}

/** A deviation from the origin beyond this counts as this much, so that squares and their sums stay finite. */
const LARGEST_DEVIATION = 1e150;

/**
 * Profiles one numeric column as a reference: freezes its cut points and counts its values between them.
 *
 * @param values NaN is missing; infinite values count in the outermost cells.
 * @throws ChurnkitError OPTION_INVALID for a number of cut points out of range.
 *
 * @example
 * ```ts
 * import { profileOf } from "churnkit/data";
 *
 * const predictions = profileOf(Float64Array.of(0.1, 0.4, 0.4, 0.9), "prediction");
 * console.assert(predictions.max === 0.9 && predictions.missing === 0);
 * ```
 */
export function profileOf(
  values: Float64Array,
  name: string,
  options: CutOptions & { readonly kind?: NumericProfile["kind"] } = {},
): NumericProfile {
  return profileOfSorted(sortedValues(values), values, name, options);
}

/** {@link profileOf} for a caller that has already sorted the values that are not missing. */
export function profileOfSorted(
  sorted: Float64Array,
  values: Float64Array,
  name: string,
  { cutPoints = 1024, kind = "number" }: CutOptions & { readonly kind?: NumericProfile["kind"] } = {},
): NumericProfile {
  if (!Number.isInteger(cutPoints) || cutPoints < 2 || cutPoints > profileLimits.cutPoints) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `cutPoints is ${cutPoints}. Give a whole number from 2 to ${profileLimits.cutPoints}.`,
      { where: { value: cutPoints } },
    );
  }
  const { cuts, deciles } = cutPointsOf(sorted, cutPoints);
  const median = sorted.length === 0 ? 0 : quantileOfSorted(sorted, 0.5);
  const origin = Number.isFinite(median) ? median + 0 : 0;
  return { name, kind, cuts: [...cuts], deciles: [...deciles], ...count(values, cuts, origin) };
}

/** Counts later values between a reference's cut points; NaN is missing. */
export function numericAgainst(reference: NumericProfile, values: Float64Array): NumericProfile {
  const { name, kind, cuts, deciles, moments } = reference;
  return { name, kind, cuts, deciles, ...count(values, Float64Array.from(cuts), moments.origin) };
}

type Counted = Pick<NumericProfile, "missing" | "counts" | "min" | "max" | "moments">;

function count(values: Float64Array, cuts: Float64Array, origin: number): Counted {
  const cellOf = cellFinder(cuts);
  const counts = new Float64Array(2 * cuts.length + 1);
  const deviations = new Float64Array(EXACT_BLOCK);
  const squared = new Float64Array(EXACT_BLOCK);
  let missing = 0;
  let min = Infinity;
  let max = -Infinity;
  let sum = 0n;
  let squares = 0n;
  for (let from = 0; from < values.length; from += EXACT_BLOCK) {
    const to = Math.min(from + EXACT_BLOCK, values.length);
    let filled = 0;
    for (let i = from; i < to; i++) {
      const value = values[i] as number;
      if (Number.isNaN(value)) {
        missing++;
        continue;
      }
      const cell = cellOf(value);
      counts[cell] = (counts[cell] as number) + 1;
      if (value < min) min = value;
      if (value > max) max = value;
      const deviation = Math.max(-LARGEST_DEVIATION, Math.min(LARGEST_DEVIATION, value - origin));
      deviations[filled] = deviation;
      squared[filled++] = deviation * deviation;
    }
    sum = addExactly(sum, deviations, filled);
    squares = addExactly(squares, squared, filled);
  }
  const empty = missing === values.length;
  return {
    missing,
    counts: [...counts],
    min: empty ? null : finite(min),
    max: empty ? null : finite(max),
    moments: { origin, sum: formatExact(sum), squares: formatExact(squares) },
  };
}

const finite = (value: number): number => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value)) + 0;

/** Adds two profiles of the same cut points. */
export function mergeNumeric(a: NumericProfile, b: NumericProfile): NumericProfile {
  const least = (x: number | null, y: number | null, pick: (x: number, y: number) => number): number | null =>
    x === null ? y : y === null ? x : pick(x, y);
  return {
    ...a,
    missing: a.missing + b.missing,
    counts: a.counts.map((value, i) => value + (b.counts[i] ?? 0)),
    min: least(a.min, b.min, Math.min),
    max: least(a.max, b.max, Math.max),
    moments: {
      origin: a.moments.origin,
      sum: formatExact(exactSumOf(a.moments.sum) + exactSumOf(b.moments.sum)),
      squares: formatExact(exactSumOf(a.moments.squares) + exactSumOf(b.moments.squares)),
    },
  };
}
