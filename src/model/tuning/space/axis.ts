import { exp, log } from "../../../base/elementary.js";
import type { SearchRange } from "./search-space.js";

/** A value of an option. */
export type OptionValue = string | number | boolean;

type NumberRange = Exclude<SearchRange, { kind: "choice" }>;

/** From this ratio of its ends on, a range above 0 is searched by powers where its scale is `auto`. */
const wide = 100;
/** Digits of a drawn number: enough for any search, and short enough to type. */
const digits = 4;
/** Values of a range of numbers that a grid tries, unless it says how many. */
const usualSteps = 5;

/** How a scale stretches numbers: `warp` turns them so that the search is even, `unwarp` turns them back. */
function warpOf({ scale = "auto", min, max }: NumberRange): {
  readonly warp: (x: number) => number;
  readonly unwarp: (y: number) => number;
} {
  if (scale === "log" || (scale === "auto" && min > 0 && max / min >= wide)) return { warp: log, unwarp: exp };
  if (scale === "reverseLog") return { warp: (x) => -log(1 - x), unwarp: (y) => 1 - exp(-y) };
  return { warp: (x) => x, unwarp: (y) => y };
}

/** A whole number owns the half units around it, so that the ends are drawn as often as the others. */
const halfOf = ({ kind }: NumberRange): number => (kind === "integer" ? 0.5 : 0);

function between(range: NumberRange, u: number, half: number): number {
  const { warp, unwarp } = warpOf(range);
  const [low, high] = [warp(range.min - half), warp(range.max + half)];
  const raw = unwarp(low + u * (high - low));
  const value = range.kind === "integer" ? Math.round(raw) : Number(raw.toPrecision(digits));
  return Math.min(range.max, Math.max(range.min, value));
}

/** The value at a place in [0, 1). */
export function valueAt(range: SearchRange, u: number): OptionValue {
  if (range.kind !== "choice") return between(range, u, halfOf(range));
  return range.values[Math.min(range.values.length - 1, Math.floor(u * range.values.length))] as OptionValue;
}

/** The place in [0, 1] of a number of a range. */
export function placeOf(range: NumberRange, value: number): number {
  const { warp } = warpOf(range);
  const half = halfOf(range);
  const [low, high] = [warp(range.min - half), warp(range.max + half)];
  return (warp(value) - low) / (high - low);
}

/** The values that a grid tries: every choice; of numbers as many as `steps`, evenly, with both ends. */
export function gridOf(range: SearchRange): readonly OptionValue[] {
  if (range.kind === "choice") return range.values;
  const steps = Math.max(2, range.steps ?? usualSteps);
  return [...new Set(Array.from({ length: steps }, (_, i) => between(range, i / (steps - 1), 0)))];
}
