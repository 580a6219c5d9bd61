import { log } from "../../base/elementary.js";
import { sigmoid } from "../../base/logistic.js";
import { mix32, permutation, uniform } from "../../base/random.js";
import type { BinnedMatrix } from "./bins.js";
import type { TreeGrower } from "./grow.js";
import { onGrid } from "./histogram.js";
import { addTree, type Tree } from "./tree.js";

export interface BoostRules {
  readonly learningRate: number;
  readonly leaves: number;
  readonly depth: number;
  readonly l2: number;
  readonly leastWeight: number;
  /** Share of the rows, and of the features, that each tree sees. */
  readonly rowShare: number;
  readonly featureShare: number;
}

/** One boosted model while it grows. */
export interface Booster {
  /** Log-odds of every row before the first tree. */
  readonly bias: number;
  readonly trees: readonly Tree[];
  /** Log-odds of every row of the matrix. */
  readonly margins: Float64Array;
  /** Adds a tree. */
  step(): void;
}

/**
 * Gradient boosting by second-order steps on the log loss (Friedman 2001; Chen and Guestrin 2016): with p the present
 * probability, a row's derivatives are p - y and p (1 - p).
 *
 * @param training rows to train on, of both classes; the other rows of the matrix are only scored.
 */
export function booster(binned: BinnedMatrix, labels: Uint8Array, training: Uint32Array, rules: BoostRules, grower: TreeGrower, seed: number): Booster {
  const { rows, columns } = binned;
  const all = Uint32Array.from({ length: rows }, (_, row) => row);
  const positives = training.reduce((sum, row) => sum + (labels[row] as number), 0);
  const bias = Math.fround(log(positives / (training.length - positives)));
  const margins = new Float64Array(rows).fill(bias);
  const { gradients } = grower;
  const trees: Tree[] = [];
  const features = Math.max(1, Math.ceil(rules.featureShare * columns.length));
  const growRules = { ...rules, shrinkage: rules.learningRate };
  return {
    bias,
    trees,
    margins,
    step() {
      const own = mix32(seed ^ mix32(trees.length + 1));
      const random = uniform(own);
      const sampled = rules.rowShare < 1 ? training.filter(() => random() < rules.rowShare) : training;
      for (let i = 0; i < sampled.length; i++) {
        const row = sampled[i] as number;
        const p = sigmoid(margins[row] as number);
        gradients.first[row] = onGrid(p - (labels[row] as number));
        gradients.second[row] = onGrid(p * (1 - p));
      }
      const chosen = permutation(columns.length, mix32(own + 1)).subarray(0, features).sort();
      const tree = grower.grow(sampled, chosen, growRules);
      // A root without a split could only say that the rows drawn are not all rows; the bias knows better.
      if (tree.features.length === 1) tree.values[0] = 0;
      addTree(tree, binned, all, margins);
      trees.push(tree);
    },
  };
}
