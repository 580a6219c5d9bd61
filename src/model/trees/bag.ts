import { mix32, uniform } from "../../base/random.js";
import type { BinnedMatrix } from "./bins.js";
import type { GrowRules, TreeGrower } from "./grow.js";
import { onGrid } from "./histogram.js";
import { addTree, type Tree } from "./tree.js";

export interface BagRules extends GrowRules {
  /** Features that each node may choose from. */
  readonly featuresPerNode: number;
}

/** A forest while it grows. */
export interface Bag {
  readonly trees: readonly Tree[];
  /** For each row the sum of the values of the trees that did not see it, and how many those are. */
  readonly outOfBagSums: Float64Array;
  readonly outOfBagCounts: Uint32Array;
  /** Adds a tree. */
  step(): void;
}

/**
 * A random forest (Breiman 2001): each tree grows on a bootstrap sample of the rows and chooses at each node from a few
 * features drawn anew. A leaf's value is its share of positives less `prior`, so that the squared error it lowers is
 * Gini's impurity; `l2` draws small leaves to the prior.
 *
 * @param prior share of positives of all rows.
 */
export function bag(binned: BinnedMatrix, labels: Uint8Array, prior: number, rules: BagRules, grower: TreeGrower, seed: number): Bag {
  const { rows, columns } = binned;
  const { gradients } = grower;
  const drawn = new Uint32Array(rows);
  const inside = new Uint32Array(rows);
  const outside = new Uint32Array(rows);
  const trees: Tree[] = [];
  const outOfBagSums = new Float64Array(rows);
  const outOfBagCounts = new Uint32Array(rows);
  return {
    trees,
    outOfBagSums,
    outOfBagCounts,
    step() {
      const random = uniform(mix32(seed ^ mix32(trees.length + 1)));
      drawn.fill(0);
      for (let i = 0; i < rows; i++) {
        const row = Math.floor(random() * rows);
        drawn[row] = (drawn[row] as number) + 1;
      }
      let insiders = 0;
      let outsiders = 0;
      for (let row = 0; row < rows; row++) {
        const weight = drawn[row] as number;
        if (weight === 0) {
          outside[outsiders++] = row;
          outOfBagCounts[row] = (outOfBagCounts[row] as number) + 1;
        } else {
          inside[insiders++] = row;
          gradients.first[row] = onGrid(weight * (prior - (labels[row] as number)));
          gradients.second[row] = weight;
        }
      }
      const draw = drawing(columns.length, rules.featuresPerNode, random);
      const tree = grower.grow(inside.subarray(0, insiders), draw, rules);
      addTree(tree, binned, outside.subarray(0, outsiders), outOfBagSums);
      trees.push(tree);
    },
  };
}

/** Draws at each call so many different numbers below n (the first steps of a shuffle). */
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
