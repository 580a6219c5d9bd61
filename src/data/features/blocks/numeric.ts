import { log1p } from "../../../base/elementary.js";
import type { NumericBlock } from "../recipe.js";
import { blockLimits, bounded, largest, readIncreasing, readWithin, segmentOf, type BlockKind } from "./block.js";

/** Standardised values are brought into [-limit, limit]. */
const limit = 10;

/** sign(x) * log(1 + |x|). */
const signedLog = (x: number): number => (x < 0 ? -log1p(-x) : log1p(x));

/** Linear between knots, level outside. */
function interpolator(knots: Float64Array, scores: Float64Array): (x: number) => number {
  const last = knots.length - 1;
  return (x) => {
    const i = segmentOf(knots, x);
    if (i < 0) return scores[0] as number;
    if (i >= last) return scores[last] as number;
    const left = knots[i] as number;
    const share = (x - left) / ((knots[i + 1] as number) - left);
    const low = scores[i] as number;
    return low + share * ((scores[i + 1] as number) - low);
  };
}

/** The transform of a numeric block, before centring and scaling. */
export function transformOf(block: Pick<NumericBlock, "transform" | "knots" | "scores">): (x: number) => number {
  if (block.transform === "log") return signedLog;
  if (block.transform === "identity") return (x) => x;
  return interpolator(Float64Array.from(block.knots), Float64Array.from(block.scores));
}

export const numericKind: BlockKind<NumericBlock> = {
  takes: "numbers",
  fields: ["impute", "indicator", "transform", "knots", "scores", "center", "scale"],

  names(block) {
    const value = block.transform === "log" ? `log ${block.input}` : block.input;
    return block.indicator ? [value, `${block.input} (missing)`] : [value];
  },
  width: ({ indicator }) => (indicator ? 2 : 1),

  writer(block) {
    const { impute, indicator, center, scale } = block;
    const transform = transformOf(block);
    return (values, n, out, offset, stride) => {
      for (let i = 0, at = offset; i < n; i++, at += stride) {
        const raw = values[i] as number;
        const missing = raw !== raw;
        const scaled = (transform(missing ? impute : bounded(raw)) - center) * scale;
        out[at] = scaled > limit ? limit : scaled < -limit ? -limit : scaled;
        if (indicator) out[at + 1] = missing ? 1 : 0;
      }
    };
  },

  read(field) {
    const transform = field("transform").oneOf(["identity", "log", "quantile"]);
    const knots = readIncreasing(field("knots"), transform === "quantile" ? 1 : 0);
    const scores = field("scores").list(blockLimits.list, (item) => readWithin(item, limit));
    if (scores.length !== knots.length) field("scores").fail("must have as many numbers as knots");
    return {
      impute: readWithin(field("impute"), largest),
      indicator: field("indicator").boolean(),
      transform,
      knots,
      scores,
      center: readWithin(field("center"), largest),
      scale: readWithin(field("scale"), largest),
    };
  },
};
