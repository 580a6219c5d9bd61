import { count, number, object, oneOf, text } from "../../../base/json/index.js";
import { sigmoid } from "../../../stats/logistic.js";
import type { TreesModel } from "../../artifact.js";
import type { ModelKind, ModelScorer } from "../model-kind.js";
import { blockRows, blockScorer, type ScoreBlocks } from "./score-blocks.js";
import { readTrees, treesFile, writeTrees } from "./format.js";

/** Scores the sum of the bias and of every tree's leaf, tree by tree in order, in float64. */
export function treesScorer(model: TreesModel): ModelScorer {
  const { inputs, link, bias, roots, features, values, right } = model;
  let blocks: ScoreBlocks | undefined | null = null;
  return {
    inputs,
    score(x, rows, out) {
      out.fill(bias, 0, rows);
      // Made at the first large batch: a service that scores single records never needs it.
      if (rows >= blockRows && blocks === null) blocks = blockScorer(model);
      const done = rows >= blockRows && blocks ? blocks(x, rows, out) : 0;
      // Tree by tree: its nodes stay in the processor's cache for all rows.
      for (let tree = 0; tree < roots.length; tree++) {
        const root = roots[tree] as number;
        for (let row = done, at = done * inputs; row < rows; row++, at += inputs) {
          let node = root;
          for (let feature = features[node] as number; feature >= 0; feature = features[node] as number) {
            node = (x[at + feature] as number) <= (values[node] as number) ? node + 1 : (right[node] as number);
          }
          out[row] = (out[row] as number) + (values[node] as number);
        }
      }
      for (let row = 0; row < rows; row++) {
        const sum = out[row] as number;
        out[row] = link === "logistic" ? sigmoid(sum) : Math.min(Math.max(sum, 0), 1);
      }
    },
  };
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
  write: (model, context) => ({
    inputs: model.inputs,
    link: model.link,
    bias: model.bias,
    trees: model.roots.length,
    nodes: model.features.length,
    folder: context.addFolder("trees", new Map([[treesFile, writeTrees(model)]])),
  }),
  read(json, context) {
    const { folder, inputs, link, bias, trees, nodes } = description(json);
    const path = `${folder}/${treesFile}`;
    return { kind: "trees", inputs, link, bias, ...readTrees(path, context.file(path), { inputs, trees, nodes }) };
  },
  needsKernel: () => false,
  scorer: treesScorer,
};
