import { mix32, uniform } from "../../../base/random.js";
import type { LabeledMatrix } from "../learner.js";
import type { GrowRules, TreeGrower } from "./grow.js";
import { scaleOf } from "./scales.js";
import type { Tree } from "./tree.js";

export interface BagRules extends GrowRules {
  /** Features that each node may choose from. */
  readonly featuresPerNode: number;
}

/** Some trees of a forest. */
export interface Bag {
  readonly trees: readonly Tree[];
  /** For each row the sum of the values of the trees that did not see it, and how many those are. */
  readonly outOfBagSums: Float64Array;
  readonly outOfBagCounts: Uint32Array;
}

/**
 * A random forest (Breiman 2001): each tree grows on a bootstrap sample of the rows and at each node chooses from a
 * few randomly drawn features. A leaf's value is its share of positives minus `prior`, so that the squared error it
 * lowers is Gini's impurity; `l2` pulls small leaves to the prior.
 *
 * @param prior share of positives of all rows, by weight.
 * @returns a function that grows `count` trees of the forest, starting with number `first`.
 */
export function bagger(
  grower: TreeGrower,
  { labels, rowWeights }: Pick<LabeledMatrix, "labels" | "rowWeights">,
  prior: number,
  rules: BagRules,
  seed: number,
): (first: number, count: number) => Bag {
  const { kernel, matrix } = grower;
  const { rows, columns } = matrix;
  const drawn = new Uint32Array(rows);
  const sums = kernel.allocate(8 * rows);
  const rowAt = rowWeights ? byWeight(rowWeights) : (share: number) => Math.floor(share * rows);
  // Weights are whole numbers; the prior is rounded just finely enough for their sums to fit.
  const scales = { first: scaleOf(rows, rows), second: 1 };
  const [negative, positive] = [Math.round(prior * scales.first), Math.round((prior - 1) * scales.first)];

  /** Draws rows with replacement, lists those drawn and those not, and packs their derivatives; returns how many were drawn. */
  const sample = (random: () => number, outOfBagCounts: Uint32Array): number => {
    drawn.fill(0);
    for (let i = 0; i < rows; i++) {
      const row = rowAt(random());
      drawn[row] = (drawn[row] as number) + 1;
    }
    const [inside, outside] = [kernel.words(grower.inside, rows), kernel.words(grower.outside, rows)];
    const packed = kernel.integers(grower.packed, 2 * rows);
    let insiders = 0;
    for (let row = 0; row < rows; row++) {
      const weight = drawn[row] as number;
      if (weight === 0) {
        outside[row - insiders] = row;
        outOfBagCounts[row] = (outOfBagCounts[row] as number) + 1;
      } else {
        inside[insiders++] = row;
        packed[2 * row] = weight;
        packed[2 * row + 1] = weight * (labels[row] === 1 ? positive : negative);
      }
    }
    return insiders;
  };

  return (first, count) => {
    const trees: Tree[] = [];
    const outOfBagCounts = new Uint32Array(rows);
    kernel.doubles(sums, rows).fill(0);
    for (let number = first; number < first + count; number++) {
      const random = uniform(mix32(seed ^ mix32(number + 1)));
      const insiders = sample(random, outOfBagCounts);
      const { tree, leaves } = grower.grow(
        insiders,
        rows - insiders,
        drawing(columns.length, rules.featuresPerNode, random),
        rules,
        scales,
      );
      for (const leaf of leaves) grower.addLeaf(leaf, sums, false);
      trees.push(tree);
    }
    return { trees, outOfBagSums: kernel.doubles(sums, rows).slice(), outOfBagCounts };
  };
}

/** Returns the row at a share of all weights, in [0, 1). */
function byWeight(weights: Float32Array): (share: number) => number {
  const ends = new Float64Array(weights.length);
  let total = 0;
  weights.forEach((weight, row) => (ends[row] = total += weight));
  return (share) => {
    const wanted = share * total;
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (wanted < (ends[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Returns a function that draws `count` different numbers below n at each call (the first steps of a shuffle). */
function drawing(n: number, count: number, random: () => number): () => Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const some = Math.min(count, n);
  return () => {
    for (let i = 0; i < some; i++) {
      const j = i + Math.floor(random() * (n - i));
      const held = order[i] as number;
      order[i] = order[j] as number;
      order[j] = held;
    }
    return order.subarray(0, some);
  };
}
