import { ChurnkitError } from "../../base/errors.js";
import { cellGuide, placeCells, quantileOf, orderOf } from "../../stats/ranks/index.js";
import { cutPointsOf } from "./cuts.js";
import { EXACT_BLOCK, exactSumOf, formatExact } from "./exact-sum.js";
import { MomentSums } from "./moment-sums.js";
import { profileLimits, type NumericProfile } from "./profile.js";

/** Resolution of a reference profile. */
export interface CutOptions {
  /**
   * Cut points per numeric column, 2 to 65,536; 1,024 by default. The error of KS's D between two profiles is about
   * one over their number; a profile costs about 20 bytes of JSON for each.
   */
  readonly cutPoints?: number | undefined;
}

/**
 * Profiles one numeric column as a reference: freezes its cut points and counts its values between them.
 *
 * @param values NaN is missing; infinite values count in the outermost cells.
 * @throws ChurnkitError OPTION_INVALID for a number of cut points out of range.
 */
export function profileOf(
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
  const order = orderOf(values);
  const { cuts, deciles } = cutPointsOf(order, cutPoints);
  const median = order.length === 0 ? 0 : quantileOf(order, 0.5);
  const origin = Number.isFinite(median) ? median + 0 : 0;
  return { name, kind, cuts: [...cuts], deciles: [...deciles], ...count(values, cuts, origin) };
}

/** Counts later values between a reference's cut points; NaN is missing. */
export function numericAgainst(reference: NumericProfile, values: Float64Array): NumericProfile {
  const { name, kind, of, unread, cuts, deciles, moments } = reference;
  const marks = { ...(of === undefined ? {} : { of }), ...(unread === undefined ? {} : { unread }) };
  return { name, kind, ...marks, cuts, deciles, ...count(values, Float64Array.from(cuts), moments.origin) };
}

type Counted = Pick<NumericProfile, "missing" | "counts" | "min" | "max" | "moments">;

function count(values: Float64Array, cuts: Float64Array, origin: number): Counted {
  const guide = cellGuide(cuts);
  // Cell -1, of the missing values, is counted first.
  const counts = new Uint32Array(2 * cuts.length + 2);
  const cells = new Int32Array(EXACT_BLOCK);
  const moments = new MomentSums(origin);
  const present = new Float64Array(EXACT_BLOCK);
  for (let from = 0; from < values.length; from += EXACT_BLOCK) {
    const length = Math.min(EXACT_BLOCK, values.length - from);
    placeCells(guide, values, from, from + length, cells);
    const missingBefore = counts[0] as number;
    for (let i = 0; i < length; i++) {
      const place = (cells[i] as number) + 1;
      counts[place] = (counts[place] as number) + 1;
    }
    if (counts[0] === missingBefore) moments.add(values, from, from + length);
    else moments.add(present, 0, withoutMissing(values, from, from + length, present));
  }
  const { min, max, sum, squares } = moments;
  const missing = counts[0] as number;
  const empty = missing === values.length;
  return {
    missing,
    counts: [...counts.subarray(1)],
    min: empty ? null : finite(min),
    max: empty ? null : finite(max),
    moments: { origin, sum: formatExact(sum), squares: formatExact(squares) },
  };
}

/** Copies values[from..to) that are not missing; returns how many. */
function withoutMissing(values: Float64Array, from: number, to: number, present: Float64Array): number {
  let filled = 0;
  for (let i = from; i < to; i++) {
    const value = values[i] as number;
    if (!Number.isNaN(value)) present[filled++] = value;
  }
  return filled;
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
