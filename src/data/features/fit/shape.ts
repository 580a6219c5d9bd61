import { log1p } from "../../../base/elementary.js";
import type { NumericBlock } from "../recipe.js";
import { segmentOf } from "../blocks/block.js";
import { normalScore } from "./normal.js";
import { moments, quantile, type Moments, type NumberSummary } from "./fit-summary.js";

/** Limit on the reference values of a quantile transform. */
const maxKnots = 65;

/** A value with this share of the rows is a spike that distorts the scale of the others. */
const bigSpike = 0.2;

/** Limits for a standardized number: not severely skewed or heavy-tailed (West, Finch and Curran 1995). */
const tame = ({ skewness, kurtosis }: Moments): boolean => Math.abs(skewness) <= 2 && kurtosis <= 7;

/** Increasing different quantiles of the values at equal steps, from the smallest to the largest. */
export function quantileKnots(sorted: Float64Array, steps: number): number[] {
  const knots: number[] = [];
  for (let j = 0; j <= steps; j++) {
    const knot = quantile(sorted, j / steps);
    const last = knots.at(-1);
    if (last === undefined || knot > last) knots.push(knot);
  }
  return knots;
}

/** Normal scores of the mid-ranks of reference values: half of the equal values count as below. */
function scoresAt(knots: readonly number[], sorted: Float64Array): number[] {
  const n = sorted.length;
  return knots.map((knot) => {
    const upTo = segmentOf(sorted, knot) + 1;
    let below = upTo;
    while (below > 0 && sorted[below - 1] === knot) below--;
    const share = (below + upTo) / 2 / n;
    return normalScore(Math.min(Math.max(share, 0.5 / n), 1 - 0.5 / n));
  });
}

export type Transform = Pick<NumericBlock, "transform" | "knots" | "scores">;

/** The quantile transform of some values. */
export function quantileTransform(sorted: Float64Array): Transform {
  const knots = quantileKnots(sorted, maxKnots - 1);
  return { transform: "quantile", knots, scores: scoresAt(knots, sorted) };
}

export const plainTransform = (transform: "identity" | "log"): Transform => ({ transform, knots: [], scores: [] });

function withoutSpikes({ sorted }: NumberSummary, spikes: readonly number[]): Float64Array {
  return spikes.length === 0 ? sorted : sorted.filter((value) => !spikes.includes(value));
}

/**
 * Chooses the transform for a number's shape, without the values in `spikes` (which have their own columns). Where
 * |skewness| <= 2 and excess kurtosis <= 7: `identity`, or `quantile` where a spike has 20 % of the rows. Else `log`
 * where none is negative and their logarithms have such a shape. Else `quantile`.
 */
export function transformByShape(summary: NumberSummary, spikes: readonly number[]): Transform {
  const { sorted } = summary;
  const rest = withoutSpikes(summary, spikes);
  if (rest.length === 0) return plainTransform("identity");
  if (tame(moments(rest))) {
    const spiked = summary.counts.some((count) => count >= bigSpike * sorted.length);
    return spiked ? quantileTransform(sorted) : plainTransform("identity");
  }
  const positive = (sorted[0] as number) >= 0;
  if (positive && tame(moments(rest, log1p))) return plainTransform("log");
  return quantileTransform(sorted);
}
