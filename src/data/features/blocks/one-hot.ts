import { list, literal, number, oneOf, strictObject, text, texts } from "../../../base/json/index.js";
import type { OneHotBlock } from "../recipe.js";
import type { LevelIndex } from "../expressions/levels.js";
import { blockLimits, type BlockKind } from "./block.js";

/** Instead of a column: all columns are 0. */
const silent = -1;
/** Instead of a column: the averages are written. */
const average = -2;

/** Maps each code of the input to its column; a label that the block does not name is unknown. */
function columnsOfCodes(block: OneHotBlock, levels: LevelIndex, unknown: number): Int32Array {
  const named = [
    ...block.levels.map((label, column) => [levels.add(label), column] as const),
    ...block.rare.map((label) => [levels.add(label), block.levels.length] as const),
    ...block.silent.map((label) => [levels.add(label), silent] as const),
  ];
  const columns = new Int32Array(levels.labels.length).fill(unknown);
  for (const [code, column] of named) columns[code] = column;
  return columns;
}

const labels = texts(blockLimits.list);
const oneHotBlock = strictObject({
  kind: literal("oneHot"),
  input: text(),
  levels: labels,
  rare: labels,
  silent: labels,
  missing: oneOf(["column", "silent", "average"]),
  average: list(number(0, 1), blockLimits.list),
});

export const oneHotKind: BlockKind<OneHotBlock> = {
  takes: "category",

  width: ({ levels, rare, missing }) => levels.length + (rare.length > 0 ? 1 : 0) + (missing === "column" ? 1 : 0),

  writer(block, levels) {
    const averages = Float32Array.from(block.average);
    const width = averages.length;
    const unknown = block.rare.length > 0 ? block.levels.length : average;
    const missing = block.missing === "column" ? width - 1 : block.missing === "silent" ? silent : average;
    const columns = columnsOfCodes(block, levels, unknown);
    return (values, n, out, offset, stride) => {
      for (let i = 0, at = offset; i < n; i++, at += stride) {
        const code = values[i] as number;
        const known = code >= 0 && code < columns.length;
        const column = code !== code ? missing : known ? (columns[code] as number) : unknown;
        if (column === average) {
          for (let j = 0; j < width; j++) out[at + j] = averages[j] as number;
        } else {
          for (let j = 0; j < width; j++) out[at + j] = 0;
          if (column >= 0) out[at + column] = 1;
        }
      }
    };
  },

  read(json) {
    const block = oneHotBlock(json);
    const width = oneHotKind.width(block);
    if (width === 0 || block.average.length !== width) throw json.get("average").not(`${width} numbers, at least one,`);
    return block;
  },
};
