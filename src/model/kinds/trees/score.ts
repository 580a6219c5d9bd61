import { count, number, object, oneOf, text } from "../../../base/json/index.js";
import type { TreesModel } from "../../artifact.js";
import type { Kernel } from "../network/kernel.js";
import type { ModelKind, ModelScorer, ModelWriter } from "../model-kind.js";
import { blockScorer, leastRows } from "./score-blocks.js";
import { rowScorer } from "./score-row.js";
import { splitsOf } from "./splits.js";
import { readTrees, treesFile, writeTrees } from "./format.js";
import { linked, walk } from "./walk.js";

/** More nodes take too much of the kernel's memory. */
const mostNodes = 2 ** 22;

/**
 * Scores the sum of the bias and of every tree's leaf, tree by tree in order, in float64.
 *
 * @param given the kernel, which scores faster than a walk from each root, with the same bits.
 */
export function treesScorer(model: TreesModel, given?: Kernel): ModelScorer {
  const { inputs, link, bias } = model;
  const kernel = model.features.length <= mostNodes ? given : undefined;
  // Made at their first use: a service of single records never needs blocks.
  const splits = once(() => splitsOf(model));
  const row = once(() => kernel && rowScorer(model, splits(), kernel));
  const blocks = once(() => kernel && blockScorer(model, splits(), kernel));
  const add = (x: Float32Array, rows: number, sums: Float64Array): void => {
    if (rows >= leastRows && blocks()) return blocks()?.(x, rows, sums);
    const one = row();
    if (one === undefined) return walk(model, x, rows, sums);
    for (let i = 0; i < rows; i++) sums[i] = one(x, i * inputs, sums[i] as number);
  };
  return {
    inputs,
    score(x, rows, out) {
      out.fill(bias, 0, rows);
      add(x, rows, out);
      linked(link, rows, out);
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

const description = object({
  folder: text(),
  inputs: count(0, 1_000_000),
  link: oneOf(["logistic", "identity"]),
  bias: number(),
  trees: count(),
  nodes: count(),
});

/** Trees, stored in their own folder as one file of numbers. */
export const treesKind: ModelKind<TreesModel> = {
  read(json, context) {
    const { folder, inputs, link, bias, trees, nodes } = description(json);
    const path = `${folder}/${treesFile}`;
    return { kind: "trees", inputs, link, bias, ...readTrees(path, context.file(path), { inputs, trees, nodes }) };
  },
  kernelUse: () => "faster",
  scorer: (model, { kernel }) => treesScorer(model, kernel),
};

export const writeTreesModel: ModelWriter<TreesModel> = (model, context) => ({
  inputs: model.inputs,
  link: model.link,
  bias: model.bias,
  trees: model.roots.length,
  nodes: model.features.length,
  folder: context.addFolder("trees", new Map([[treesFile, writeTrees(model)]])),
});
