import type { TreesModel } from "../../artifact.js";
import type { AttributionTask, Attributor } from "../attributor.js";

/** Side of a group along a path. */
const open = 0;
const rowSide = 1;
const backgroundSide = 2;

/** Weights are in the table for sides with fewer groups than this. */
const tableSize = 64;

/**
 * Shapley weight of a leaf for each group of its own side, when `own` groups of one side and `others` of the other
 * lead to it: (own - 1)! others! / (own + others)!, the share of orders in which that group is the last of its side
 * and none of the others came before it.
 */
function weightOf(own: number, others: number): number {
  let weight = 1 / own;
  for (let i = 1; i <= others; i++) weight *= i / (own + i);
  return weight;
}

const table = Float64Array.from({ length: tableSize * tableSize }, (_, i) =>
  i < tableSize ? 0 : weightOf(Math.floor(i / tableSize), i % tableSize),
);

const weightAt = (own: number, others: number): number =>
  own < tableSize && others < tableSize ? (table[own * tableSize + others] as number) : weightOf(own, others);

/**
 * Exact Shapley values of a sum of trees in log odds: for each background row, the leaves that mixtures of it and the
 * row can reach, each with the groups that must come from either (interventional TreeSHAP, Lundberg et al. 2020,
 * algorithm 3). A group of matrix columns moves together, so the players are groups. Undefined for trees whose sum is
 * a probability: then the log odds are not a sum over trees.
 */
export function exactTrees(model: TreesModel, task: AttributionTask): Attributor | undefined {
  if (model.link !== "logistic") return undefined;
  const { bias, roots, features, values: numbers, right } = model;
  const { background, backgroundRows, inputs, groupOf, groups } = task;
  const side = new Uint8Array(groups);
  const decided = new Int32Array(groups);

  const sumOf = (x: Float32Array, at: number): number => {
    let sum = bias;
    for (let tree = 0; tree < roots.length; tree++) {
      let node = roots[tree] as number;
      for (let feature = features[node] as number; feature >= 0; feature = features[node] as number) {
        node = (x[at + feature] as number) <= (numbers[node] as number) ? node + 1 : (right[node] as number);
      }
      sum += numbers[node] as number;
    }
    return sum;
  };
  let base = 0;
  for (let b = 0; b < backgroundRows; b++) base += sumOf(background, b * inputs) / backgroundRows;

  return {
    method: "treeShap",
    base,
    samples: 0,
    attribute(x, at, values, errors) {
      values.fill(0);
      errors.fill(0);

      /** Follows all paths from a node that mixtures can take; `mine` and `theirs` groups are decided so far. */
      const walk = (start: number, from: number, mine: number, theirs: number): void => {
        let node = start;
        for (let feature = features[node] as number; feature >= 0; feature = features[node] as number) {
          const threshold = numbers[node] as number;
          const left = node + 1;
          const own = (x[at + feature] as number) <= threshold ? left : (right[node] as number);
          const other = (background[from + feature] as number) <= threshold ? left : (right[node] as number);
          if (own === other) {
            node = own;
            continue;
          }
          const group = groupOf[feature] as number;
          const taken = side[group] as number;
          if (taken === open) {
            decided[mine + theirs] = group;
            side[group] = rowSide;
            walk(own, from, mine + 1, theirs);
            side[group] = backgroundSide;
            walk(other, from, mine, theirs + 1);
            side[group] = open;
            return;
          }
          node = taken === rowSide ? own : other;
        }
        const leaf = numbers[node] as number;
        const gain = mine === 0 ? 0 : leaf * weightAt(mine, theirs);
        const loss = theirs === 0 ? 0 : leaf * weightAt(theirs, mine);
        for (let i = 0; i < mine + theirs; i++) {
          const group = decided[i] as number;
          values[group] = (values[group] as number) + (side[group] === rowSide ? gain : -loss);
        }
      };

      for (let b = 0; b < backgroundRows; b++) {
        for (let tree = 0; tree < roots.length; tree++) walk(roots[tree] as number, b * inputs, 0, 0);
      }
      for (let c = 0; c < groups; c++) values[c] = (values[c] as number) / backgroundRows;
      return sumOf(x, at);
    },
  };
}
