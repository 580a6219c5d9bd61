import { weightsIn } from "./text.js";
import type { FeatureBlock, NumericBlock, OneHotBlock, PiecewiseBlock, TextBlock, ValuesBlock } from "../recipe.js";

/** A number with at most six significant digits. */
const short = (x: number): string => String(Number(x.toPrecision(6)));

const withMissing = (names: string[], { input, indicator }: { input: string; indicator: boolean }): string[] =>
  indicator ? [...names, `${input} (missing)`] : names;

export const numericNames = (block: NumericBlock): string[] =>
  withMissing([block.transform === "log" ? `log ${block.input}` : block.input], block);

export function piecewiseNames(block: PiecewiseBlock): string[] {
  const { input, knots } = block;
  const bins = knots.slice(1).map((knot, i) => `${input} ${short(knots[i] ?? 0)}..${short(knot)}`);
  return withMissing(bins, block);
}

export const valuesNames = ({ input, values }: ValuesBlock): string[] =>
  values.map((value) => `${input}=${short(value)}`);

export const oneHotNames = ({ input, levels, rare, missing }: OneHotBlock): string[] => [
  ...levels.map((level) => `${input}=${level}`),
  ...(rare.length > 0 ? [`${input} (other)`] : []),
  ...(missing === "column" ? [`${input} (missing)`] : []),
];

function textNames(block: TextBlock): string[] {
  const { input, phrases, pieces } = block;
  const columns = weightsIn(block);
  if (columns.length > 0)
    return withMissing(
      columns.map(({ of }) => (of === undefined ? `${input} (words)` : `${input} (words of ${of})`)),
      block,
    );
  return withMissing(
    [...phrases.terms, ...pieces.terms].map((term) => `${input}: ${term}`),
    block,
  );
}

/** Readable names of a block's matrix columns. They are apart from the blocks' kinds, because scoring needs none. */
export function blockNames(block: FeatureBlock): string[] {
  switch (block.kind) {
    case "numeric":
      return numericNames(block);
    case "piecewise":
      return piecewiseNames(block);
    case "values":
      return valuesNames(block);
    case "oneHot":
      return oneHotNames(block);
    case "target":
      return [block.of === undefined ? `${block.input} (target rate)` : `${block.input} (rate of ${block.of})`];
    case "frequency":
      return [`${block.input} (frequency)`];
    case "text":
      return textNames(block);
  }
}
