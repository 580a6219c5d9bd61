import type { FrequencyBlock, TargetBlock } from "../recipe.js";
import { blockLimits, type BlockKind } from "./block.js";

/** A kind of block that has one number for each level. */
function lookupKind(what: string): BlockKind<TargetBlock | FrequencyBlock> {
  return {
    takes: "labels",
    fields: ["levels", "values", "otherwise", "missing"],
    names: (block) => [`${block.input} (${what})`],
    width: () => 1,

    writer(block, levels) {
      const codes = block.levels.map((label) => levels.add(label));
      const numbers = new Float32Array(levels.labels.length).fill(block.otherwise);
      codes.forEach((code, i) => {
        numbers[code] = block.values[i] ?? block.otherwise;
      });
      const { otherwise, missing } = block;
      return (values, n, out, offset, stride) => {
        for (let i = 0, at = offset; i < n; i++, at += stride) {
          const code = values[i] as number;
          if (code !== code) out[at] = missing;
          else out[at] = code >= 0 && code < numbers.length ? (numbers[code] as number) : otherwise;
        }
      };
    },

    read(field) {
      const levels = field("levels").texts(blockLimits.list);
      const values = field("values").numbers(blockLimits.list);
      if (values.length !== levels.length) field("values").fail("must have as many numbers as levels");
      const otherwise = field("otherwise").number();
      const missing = field("missing").number();
      if ([otherwise, missing, ...values].some((value) => Math.abs(value) > 1e6)) {
        field("values").fail("must be within -1e6 and 1e6");
      }
      return { levels, values, otherwise, missing };
    },
  };
}

export const targetKind = lookupKind("target rate");
export const frequencyKind = lookupKind("frequency");
