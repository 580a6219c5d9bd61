import { list, literal, number, optional, strictObject, text, texts, type Decoder } from "../../../base/json/index.js";
import type { FrequencyBlock, TargetBlock } from "../recipe.js";
import { blockLimits, type BlockKind } from "./block.js";

const within = number(-1e6, 1e6);
const lookup = {
  input: text(),
  levels: texts(blockLimits.list),
  values: list(within, blockLimits.list),
  otherwise: within,
  missing: within,
};

/** A kind of block with one number for each level. */
function lookupKind<Block extends TargetBlock | FrequencyBlock>(decoder: Decoder<Block>): BlockKind<Block> {
  return {
    takes: "category",
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

    read(json) {
      const block = decoder(json);
      if (block.values.length !== block.levels.length) throw json.get("values").not("as many numbers as levels");
      return block;
    },
  };
}

export const targetKind = lookupKind<TargetBlock>(
  strictObject({ kind: literal("target"), ...lookup, of: optional(text()) }),
);
export const frequencyKind = lookupKind<FrequencyBlock>(strictObject({ kind: literal("frequency"), ...lookup }));
