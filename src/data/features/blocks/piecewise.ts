import type { PiecewiseBlock } from "../recipe.js";
import { bounded, largest, readIncreasing, readWithin, segmentOf, type BlockKind } from "./block.js";

/** A number with at most six significant digits, for names. */
export const short = (x: number): string => String(Number(x.toPrecision(6)));

export const piecewiseKind: BlockKind<PiecewiseBlock> = {
  takes: "numbers",
  fields: ["impute", "indicator", "knots"],

  names(block) {
    const bins = block.knots.slice(1).map((knot, i) => `${block.input} ${short(block.knots[i] ?? 0)}..${short(knot)}`);
    return block.indicator ? [...bins, `${block.input} (missing)`] : bins;
  },
  width: ({ knots, indicator }) => knots.length - 1 + (indicator ? 1 : 0),

  writer(block) {
    const { impute, indicator } = block;
    const knots = Float64Array.from(block.knots);
    const bins = knots.length - 1;
    return (values, n, out, offset, stride) => {
      for (let i = 0, at = offset; i < n; i++, at += stride) {
        const raw = values[i] as number;
        const missing = raw !== raw;
        const x = missing ? impute : bounded(raw);
        const inside = segmentOf(knots, x);
        for (let bin = 0; bin < bins; bin++) out[at + bin] = bin < inside ? 1 : 0;
        if (inside >= 0 && inside < bins) {
          const left = knots[inside] as number;
          out[at + inside] = (x - left) / ((knots[inside + 1] as number) - left);
        }
        if (indicator) out[at + bins] = missing ? 1 : 0;
      }
    };
  },

  read: (field) => ({
    impute: readWithin(field("impute"), largest),
    indicator: field("indicator").boolean(),
    knots: readIncreasing(field("knots"), 2),
  }),
};
