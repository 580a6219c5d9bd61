import { log } from "../../../base/elementary.js";
import { mix32, permutation } from "../../../base/random.js";
import type { LabeledMatrix } from "../learner.js";
import type { GrowRules, TreeGrower } from "./grow.js";
import { scaleOf, type Scales } from "./scales.js";
import type { Tree } from "./tree.js";

export interface BoostRules extends Omit<GrowRules, "shrinkage"> {
  readonly learningRate: number;
  /** Share of the rows, and of the features, that each tree uses. */
  readonly rowShare: number;
  readonly featureShare: number;
}

/** One boosted model while it grows. */
export interface Booster {
  /** Log-odds of every row before the first tree. */
  readonly bias: number;
  readonly trees: readonly Tree[];
  /** The log-odds of the held-out rows, in their order. */
  heldOutMargins(): Float64Array;
  /** Adds a tree. */
  step(): void;
}

/** Rows that a member is trained and judged on, as rows of the grower's matrix. */
export interface BoostRows {
  /** Of both classes. */
  readonly training: Uint32Array;
  /** Only scored. */
  readonly heldOut: Uint32Array;
}

/** The log-odds of some rows' share of positives. */
export function biasOf(
  { labels, rowWeights }: Pick<LabeledMatrix, "labels" | "rowWeights">,
  rows: Uint32Array,
): number {
  const sums = [0, 0];
  for (const row of rows) {
    const label = labels[row] as number;
    sums[label] = (sums[label] as number) + (rowWeights?.[row] ?? 1);
  }
  return Math.fround(log((sums[1] as number) / (sums[0] as number)));
}

/**
 * Gradient boosting by second-order steps on the log loss (Friedman 2001; Chen and Guestrin 2016): with p the current
 * probability, a row's derivatives are p - y and p (1 - p). They are rounded to whole numbers of about 30 bits for
 * all rows together, so that sums of them are exact.
 */
export function booster(
  grower: TreeGrower,
  data: Pick<LabeledMatrix, "labels" | "rowWeights">,
  { training, heldOut }: BoostRows,
  rules: BoostRules,
  seed: number,
): Booster {
  const { kernel, matrix, inside, outside } = grower;
  const { exports } = kernel;
  const { rows, columns } = matrix;
  const { labels, rowWeights } = data;
  const bias = biasOf(data, training);
  const own = kernel.allocate(4 * training.length);
  const margins = kernel.allocate(8 * rows);
  const classes = kernel.allocate(rows);
  const distances = kernel.allocate(8 * training.length + 8);
  const sums = kernel.allocate(16);
  const weights = rowWeights ? kernel.allocate(4 * rows) : 0;
  kernel.words(own, training.length).set(training);
  kernel.doubles(margins, rows).fill(bias);
  kernel.bytes(classes, rows).set(labels);
  if (rowWeights) kernel.floats(weights, rows).set(rowWeights);
  const trees: Tree[] = [];
  const features = Math.max(1, Math.ceil(rules.featureShare * columns.length));
  const growRules = { ...rules, shrinkage: rules.learningRate };

  /** Lists the rows of a tree, then the rows left out, then the held-out rows; returns how many it has. */
  const draw = (key: number): number => {
    const drawn =
      rules.rowShare < 1
        ? exports.drawRows(own, training.length, key, Math.floor(rules.rowShare * 2 ** 32), inside, outside)
        : training.length;
    if (drawn === training.length) kernel.words(inside, drawn).set(training);
    kernel.words(outside + 4 * (training.length - drawn), heldOut.length).set(heldOut);
    return drawn;
  };
  const derive = (drawn: number): Scales => {
    exports.measureDistances(inside, drawn, margins, classes, distances, sums);
    if (rowWeights) exports.sumWeighted(inside, drawn, distances, weights, sums);
    const [first, second] = kernel.doubles(sums, 2) as unknown as readonly [number, number];
    const scales = { first: scaleOf(first, drawn), second: scaleOf(second, drawn) };
    if (rowWeights) exports.packWeighted(inside, drawn, distances, weights, scales.first, scales.second, grower.packed);
    else exports.packDerivatives(inside, drawn, distances, scales.first, scales.second, grower.packed);
    return scales;
  };
  return {
    bias,
    trees,
    heldOutMargins() {
      const all = kernel.doubles(margins, rows);
      const own = new Float64Array(heldOut.length);
      for (let i = 0; i < own.length; i++) own[i] = all[heldOut[i] as number] as number;
      return own;
    },
    step() {
      const key = mix32(seed ^ mix32(trees.length + 1));
      const drawn = draw(key);
      const scales = derive(drawn);
      const chosen = permutation(columns.length, mix32(key + 1))
        .subarray(0, features)
        .sort();
      const { tree, leaves } = grower.grow(drawn, training.length - drawn + heldOut.length, chosen, growRules, scales);
      trees.push(tree);
      // A root without a split could only show that the sample differs from all rows; the bias is more exact.
      if (leaves.length === 1) tree.values[0] = 0;
      else for (const leaf of leaves) grower.addLeaf(leaf, margins, true);
    },
  };
}
