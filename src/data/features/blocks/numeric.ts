import { log1p } from "../../../base/elementary.js";
import { flag, list, literal, number, oneOf, strictObject, text } from "../../../base/json/index.js";
import type { NumericBlock } from "../recipe.js";
import { blockLimits, bounded, boundedNumber, knots, segmentOf, type BlockKind } from "./block.js";

/** Standardized values are clipped to [-limit, limit]. */
export const limit = 10;

/** sign(x) * log(1 + |x|). */
const signedLog = (x: number): number => (x < 0 ? -log1p(-x) : log1p(x));

/** Linear between knots, constant outside. */
function interpolator(points: Float64Array, scores: Float64Array): (x: number) => number {
  const last = points.length - 1;
  return (x) => {
    const i = segmentOf(points, x);
    if (i < 0) return scores[0] as number;
    if (i >= last) return scores[last] as number;
    const left = points[i] as number;
    const share = (x - left) / ((points[i + 1] as number) - left);
    const low = scores[i] as number;
    return low + share * ((scores[i + 1] as number) - low);
  };
}

/** The transform of a numeric block, before centering and scaling. */
export function transformOf(block: Pick<NumericBlock, "transform" | "knots" | "scores">): (x: number) => number {
  if (block.transform === "log") return signedLog;
  if (block.transform === "identity") return (x) => x;
  return interpolator(Float64Array.from(block.knots), Float64Array.from(block.scores));
}

const numericBlock = strictObject({
  kind: literal("numeric"),
  input: text(),
  impute: boundedNumber,
  indicator: flag,
  transform: oneOf(["identity", "log", "quantile"]),
  knots: knots(0),
  scores: list(number(-limit, limit), blockLimits.list),
  center: boundedNumber,
  scale: boundedNumber,
});

export const numericKind: BlockKind<NumericBlock> = {
  takes: "number",

  width: ({ indicator }) => (indicator ? 2 : 1),

  writer(block) {
    const { impute, indicator, center, scale } = block;
    // Most blocks have none, and a call by a variable costs as much as all the rest.
    const transform = block.transform === "identity" ? undefined : transformOf(block);
    return (values, n, out, offset, stride) => {
      for (let i = 0, at = offset; i < n; i++, at += stride) {
        const raw = values[i] as number;
        const missing = raw !== raw;
        const x = missing ? impute : bounded(raw);
        const scaled = ((transform === undefined ? x : transform(x)) - center) * scale;
        out[at] = scaled > limit ? limit : scaled < -limit ? -limit : scaled;
        if (indicator) out[at + 1] = missing ? 1 : 0;
      }
    };
  },

  read(json) {
    const block = numericBlock(json);
    if (block.transform === "quantile" && block.knots.length === 0) throw json.get("knots").not("at least one knot");
    if (block.scores.length !== block.knots.length) throw json.get("scores").not("as many numbers as knots");
    return block;
  },
};
