import { literal, numbers, strictObject, text, where } from "../../../base/json/index.js";
import type { ValuesBlock } from "../recipe.js";
import { blockLimits, bounded, type BlockKind } from "./block.js";

export const valuesKind: BlockKind<ValuesBlock> = {
  takes: "number",
  width: ({ values }) => values.length,

  writer(block) {
    const wanted = Float64Array.from(block.values);
    return (values, n, out, offset, stride) => {
      for (let i = 0, at = offset; i < n; i++, at += stride) {
        const x = bounded(values[i] as number);
        for (let j = 0; j < wanted.length; j++) out[at + j] = x === wanted[j] ? 1 : 0;
      }
    };
  },

  read: strictObject({
    kind: literal("values"),
    input: text(),
    values: where(numbers(blockLimits.list), (values) => values.length > 0, "at least one number"),
  }),
};
