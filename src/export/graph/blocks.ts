import { ChurnkitError } from "../../base/errors.js";
import type { FeatureBlock } from "../../data/features/index.js";
import {
  add,
  constant,
  divide,
  equal,
  flag,
  less,
  logOnePlus,
  missing,
  multiply,
  nothing,
  subtract,
  unary,
  where,
  type NumberNode,
} from "./node.js";
import type { InputNode } from "./operators.js";

type Block<Kind extends FeatureBlock["kind"]> = Extract<FeatureBlock, { readonly kind: Kind }>;

/** The matrix columns of a block as nodes: `data/features/blocks` says what each means. All are rounded to float32. */
export function blockNodes(block: FeatureBlock, input: InputNode): NumberNode[] {
  switch (block.kind) {
    case "numeric":
      return [numeric(block, input.value), ...indicator(block, input.value)];
    case "piecewise":
      return [...piecewise(block, input.value), ...indicator(block, input.value)];
    case "values": {
      const x = bounded(input.value);
      return block.values.map((wanted) => flag(equal(x, constant(wanted))));
    }
    case "oneHot":
      return oneHot(block, input);
    case "target":
    case "frequency": {
      const { levels, values, otherwise, missing: absent } = block;
      const byLabel = new Map(levels.map((label, i) => [label, values[i] ?? otherwise]));
      const found = tableOf(input, (label) => byLabel.get(label) ?? otherwise, otherwise);
      return [where(missing(input.value), constant(Math.fround(absent)), found)];
    }
    case "text":
      throw new ChurnkitError(
        "OPTION_INVALID",
        `The column "${block.input}" is free text, which has no words in SQL or ONNX. Export JavaScript, or train without it.`,
        { where: { column: block.input } },
      );
  }
}

const largest = 1e100;
const limit = 10;

function bounded(x: NumberNode): NumberNode {
  return where(
    less(constant(largest), x),
    constant(largest),
    where(less(x, constant(-largest)), constant(-largest), x),
  );
}

const indicator = (block: { readonly indicator: boolean }, x: NumberNode): NumberNode[] =>
  block.indicator ? [flag(missing(x))] : [];

/** A block's number, in its place where it is missing. */
const imputed = (block: { readonly impute: number }, x: NumberNode): NumberNode =>
  where(missing(x), constant(block.impute), bounded(x));

function numeric(block: Block<"numeric">, value: NumberNode): NumberNode {
  const transformed = transform(block, imputed(block, value));
  const scaled = multiply(subtract(transformed, constant(block.center)), constant(block.scale));
  const clipped = where(
    less(constant(limit), scaled),
    constant(limit),
    where(less(scaled, constant(-limit)), constant(-limit), scaled),
  );
  return unary("single", clipped);
}

function transform({ transform: kind, knots, scores }: Block<"numeric">, x: NumberNode): NumberNode {
  if (kind === "identity") return x;
  if (kind === "log") {
    const size = logOnePlus(unary("abs", x));
    return where(less(x, constant(0)), subtract(constant(0), size), size);
  }
  // Linear between knots, constant outside: the first knot above x ends its line.
  const lines = knots.map((knot, i): NumberNode => {
    const [left, low, score] = [knots[i - 1], scores[i - 1], scores[i] ?? 0];
    if (left === undefined || low === undefined) return constant(score);
    const share = shareOf(x, left, knot);
    return add(constant(low), multiply(share, constant(score - low)));
  });
  return firstAbove(x, knots, lines, constant(scores.at(-1) ?? 0));
}

/** The node of the first knot above x, or the last one. */
const firstAbove = (
  x: NumberNode,
  knots: readonly number[],
  nodes: readonly NumberNode[],
  last: NumberNode,
): NumberNode =>
  knots.reduceRight<NumberNode>((above, knot, i) => where(less(x, constant(knot)), nodes[i] ?? nothing, above), last);

function piecewise(block: Block<"piecewise">, value: NumberNode): NumberNode[] {
  const x = imputed(block, value);
  return block.knots.slice(1).map((right, i) => {
    const left = block.knots[i] ?? right;
    const inside = where(less(x, constant(right)), shareOf(x, left, right), constant(1));
    return unary("single", where(less(x, constant(left)), constant(0), inside));
  });
}

/** How far x is from left to right. */
const shareOf = (x: NumberNode, left: number, right: number): NumberNode =>
  divide(subtract(x, constant(left)), constant(right - left));

/** The number of each label of an input, of unknown ones `unknown`; rounded to float32. */
const tableOf = ({ value, levels }: InputNode, of: (label: string) => number, unknown: number): NumberNode => ({
  ...{ kind: "number", op: "table", args: [value], otherwise: Math.fround(unknown) },
  values: () => (levels?.labels ?? []).map((label) => Math.fround(of(label))),
});

/** Instead of a column: all columns are 0, or the averages. */
const [silent, average] = [-1, -2];

function oneHot(block: Block<"oneHot">, input: InputNode): NumberNode[] {
  const { levels, rare, missing: absent } = block;
  const width = block.average.length;
  const pool = levels.length;
  const columns = new Map([
    ...levels.map((label, column) => [label, column] as const),
    ...rare.map((label) => [label, pool] as const),
    ...block.silent.map((label) => [label, silent] as const),
  ]);
  const unknown = rare.length > 0 ? pool : average;
  const ofMissing = absent === "column" ? width - 1 : absent === "silent" ? silent : average;
  const ofLabel = tableOf(input, (label) => columns.get(label) ?? unknown, unknown);
  const column = where(missing(input.value), constant(ofMissing), ofLabel);
  const isAverage = equal(column, constant(average));
  return block.average.map((mean, j) => {
    const bit = flag(equal(column, constant(j)));
    return unknown === average || ofMissing === average ? where(isAverage, constant(Math.fround(mean)), bit) : bit;
  });
}
