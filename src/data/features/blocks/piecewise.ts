import { flag, literal, strictObject, text } from "../../../base/json/index.js";
import type { PiecewiseBlock } from "../recipe.js";
import { bounded, boundedNumber, knots, segmentOf, type BlockKind } from "./block.js";

export const piecewiseKind: BlockKind<PiecewiseBlock> = {
  takes: "number",

  width: (block) => block.knots.length - 1 + (block.indicator ? 1 : 0),

  writer(block) {
    const { impute, indicator } = block;
    const ends = Float64Array.from(block.knots);
    const bins = ends.length - 1;
    return (values, n, out, offset, stride) => {
      for (let i = 0, at = offset; i < n; i++, at += stride) {
        const raw = values[i] as number;
        const missing = raw !== raw;
        const x = missing ? impute : bounded(raw);
        const inside = segmentOf(ends, x);
        for (let bin = 0; bin < bins; bin++) out[at + bin] = bin < inside ? 1 : 0;
        if (inside >= 0 && inside < bins) {
          const left = ends[inside] as number;
          out[at + inside] = (x - left) / ((ends[inside + 1] as number) - left);
        }
        if (indicator) out[at + bins] = missing ? 1 : 0;
      }
    };
  },

  read: strictObject({
    kind: literal("piecewise"),
    input: text(),
    impute: boundedNumber,
    indicator: flag,
    knots: knots(2),
  }),
};
