import { sigmoid } from "../../../stats/logistic.js";
import type { TreesModel } from "../../artifact.js";
import type { ModelScorer } from "../model-kind.js";

/** Adds leaves tree by tree: a tree's nodes stay in the processor's cache for all rows. */
export function walk(
  { inputs, roots, features, values, right }: TreesModel,
  x: Float32Array,
  rows: number,
  sums: Float64Array,
): void {
  for (const root of roots) {
    for (let row = 0, at = 0; row < rows; row++, at += inputs) {
      let node = root;
      for (let feature = features[node] as number; feature >= 0; feature = features[node] as number) {
        node = (x[at + feature] as number) <= (values[node] as number) ? node + 1 : (right[node] as number);
      }
      sums[row] = (sums[row] as number) + (values[node] as number);
    }
  }
}

/** Turns the sums of bias and leaves into probabilities. */
export function linked(link: TreesModel["link"], rows: number, out: Float64Array): void {
  for (let row = 0; row < rows; row++) {
    const sum = out[row] as number;
    out[row] = link === "logistic" ? sigmoid(sum) : Math.min(Math.max(sum, 0), 1);
  }
}

/** Scores trees without the kernel, to its bits. */
export function walkingScorer(model: TreesModel): ModelScorer {
  return {
    inputs: model.inputs,
    score(x, rows, out) {
      out.fill(model.bias, 0, rows);
      walk(model, x, rows, out);
      linked(model.link, rows, out);
    },
  };
}
