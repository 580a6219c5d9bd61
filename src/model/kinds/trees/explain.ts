import { logit } from "../../../stats/logistic.js";
import type { TreesModel } from "../../artifact.js";
import type { AttributionTask, Attributor } from "../attributor.js";
import { allShap, type AddAll } from "./all-shap.js";
import { drawnTrees } from "./drawn-trees.js";

/**
 * Shapley values of trees in log odds, exact for each pair of a row and a background row.
 *
 * Where the sum is in log odds (boosting), every tree meets the whole background, and the values are exact.
 *
 * Where the sum is a probability (forests), the values are those of the probability, scaled to log odds by the slope of
 * the line from the base to the row, as calibration scales them. Its trees are many and deep, so each meets a draw of the
 * background, another one than its neighbors: their errors average out. Exact if the samples suffice for all.
 */
export function treeShap(model: TreesModel, task: AttributionTask): Attributor {
  const { background, backgroundRows, inputs } = task;
  const drawn = model.link === "logistic" ? undefined : drawnTrees(model, task);
  let base = 0;
  for (let b = 0; b < backgroundRows; b++) base += sumOf(model, background, b * inputs) / backgroundRows;

  let addAll: AddAll | undefined;
  function exact(x: Float32Array, at: number, values: Float64Array, errors: Float64Array): void {
    values.fill(0);
    errors.fill(0);
    // Made at its first use, because a forest rarely needs it.
    addAll ??= allShap(model, task);
    addAll(x, at, values);
    for (let group = 0; group < values.length; group++) values[group] = (values[group] as number) / backgroundRows;
  }

  return {
    method: "treeShap",
    base: model.link === "logistic" ? base : logit(base),
    samples: drawn === undefined ? 0 : task.samples,
    attribute(x, at, values, errors) {
      const sum = sumOf(model, x, at);
      if (drawn?.(x, at, sum - base, values, errors) !== true) exact(x, at, values, errors);
      if (model.link === "logistic") return sum;
      const slope = logOddsSlope(base, sum);
      for (let group = 0; group < values.length; group++) {
        values[group] = slope * (values[group] as number);
        errors[group] = slope * (errors[group] as number);
      }
      return logit(sum);
    },
  };
}

/** The bias and every tree's leaf, added up. */
function sumOf({ bias, roots, features, values, right }: TreesModel, x: Float32Array, at: number): number {
  let sum = bias;
  for (let tree = 0; tree < roots.length; tree++) {
    let node = roots[tree] as number;
    for (let feature = features[node] as number; feature >= 0; feature = features[node] as number) {
      node = (x[at + feature] as number) <= (values[node] as number) ? node + 1 : (right[node] as number);
    }
    sum += values[node] as number;
  }
  return sum;
}

/** Differences of probabilities below this, relative to p (1 - p), are rounding. */
const rounding = 1e-9;
const leastVariance = 1e-6;

/** The slope of the line between two points of the log odds: of the curve itself where they are one. */
function logOddsSlope(from: number, to: number): number {
  const p = Math.min(Math.max(to, 0), 1);
  const variance = p * (1 - p);
  return Math.abs(to - from) > rounding * variance
    ? (logit(to) - logit(from)) / (to - from)
    : 1 / Math.max(variance, leastVariance);
}
