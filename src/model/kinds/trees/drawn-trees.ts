import { permutation } from "../../../base/random.js";
import { mean as meanOf } from "../../../stats/mean.js";
import type { TreesModel } from "../../artifact.js";
import type { AttributionTask } from "../attributor.js";
import { rowHash } from "../row-hash.js";
import { pairShap } from "./pair-shap.js";

/** Pairs of a tree and a background row for one sample: it takes about as long as one order of all columns. */
const pairsPerSample = 8;
/** Standard errors by which the sum of the values may miss its target, which corrects a value by no more of its own. */
const mostDeviations = 5;

/**
 * Explains a row by a part of the pairs of trees and background rows.
 *
 * @param target what the values sum to.
 * @returns false if the draw's sum is too far from the target for its own variance: it met too little of the background.
 */
type DrawnTrees = (x: Float32Array, at: number, target: number, values: Float64Array, errors: Float64Array) => boolean;

/**
 * Shapley values from a draw of the background for each tree. All background rows are drawn about equally often, so that
 * only the trees' own differences are left as errors; a tree's variance over its own draw tells how large those are.
 * As the sum of the values is known, each group is corrected by its regression on the sum, so they sum to it exactly.
 *
 * Undefined if the samples suffice for every pair.
 */
export function drawnTrees(model: TreesModel, task: AttributionTask): DrawnTrees | undefined {
  const { backgroundRows, inputs, groups, samples, seed } = task;
  const trees = model.roots.length;
  const draws = Math.max(2, Math.ceil((pairsPerSample * samples) / trees));
  if (draws >= backgroundRows) return undefined;
  const addPair = pairShap(model, task);
  const order = permutation(backgroundRows, seed);
  const step = Math.floor(backgroundRows / draws);
  const drawn = Array.from({ length: draws }, () => new Float64Array(groups));
  const sums = new Float64Array(draws);
  const covariances = new Float64Array(groups);
  /** Turns a sum of squares within trees into the variance of a mean, without replacement. */
  const scale = (1 - draws / backgroundRows) / (draws * (draws - 1));

  /** Draws for one tree: each one's values in `drawn`, their sum in `sums`. */
  function draw(tree: number, x: Float32Array, at: number, start: number): void {
    for (let s = 0; s < draws; s++) {
      const own = drawn[s] as Float64Array;
      own.fill(0);
      addPair(tree, x, at, order[(start + tree + s * step) % backgroundRows] as number, own);
      let sum = 0;
      for (let group = 0; group < groups; group++) sum += own[group] as number;
      sums[s] = sum;
    }
  }

  return (x, at, target, values, errors) => {
    const start = rowHash(x, at, inputs, seed) % backgroundRows;
    let missing = target;
    let variance = 0;
    values.fill(0);
    errors.fill(0);
    covariances.fill(0);
    for (let tree = 0; tree < trees; tree++) {
      draw(tree, x, at, start);
      const mean = meanOf(sums);
      missing -= mean;
      for (let s = 0; s < draws; s++) {
        sums[s] = (sums[s] as number) - mean;
        variance += scale * (sums[s] as number) * (sums[s] as number);
      }
      for (let group = 0; group < groups; group++) {
        let own = 0;
        for (let s = 0; s < draws; s++) own += ((drawn[s] as Float64Array)[group] as number) / draws;
        let [squares, products] = [0, 0];
        for (let s = 0; s < draws; s++) {
          const deviation = ((drawn[s] as Float64Array)[group] as number) - own;
          squares += deviation * deviation;
          products += deviation * (sums[s] as number);
        }
        values[group] = (values[group] as number) + own;
        errors[group] = (errors[group] as number) + scale * squares;
        covariances[group] = (covariances[group] as number) + scale * products;
      }
    }
    if (missing * missing > mostDeviations * mostDeviations * variance) return false;
    for (let group = 0; group < groups; group++) {
      const slope = variance === 0 ? 0 : (covariances[group] as number) / variance;
      values[group] = (values[group] as number) + slope * missing;
      errors[group] = Math.sqrt(Math.max(0, (errors[group] as number) - slope * (covariances[group] as number)));
    }
    return true;
  };
}
