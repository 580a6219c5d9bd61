import type { TreesModel } from "../../artifact.js";
import type { AttributionTask } from "../attributor.js";
import { backgroundSide, leafWeight, open, rowSide } from "./leaf-weight.js";

/** Adds one tree's Shapley values for the row at `x[at]` against one background row. */
export type AddPair = (tree: number, x: Float32Array, at: number, backgroundRow: number, values: Float64Array) => void;

/**
 * Shapley values of single trees by the leaves that mixtures of a row and a background row can reach, each with the
 * groups that must come from either (interventional TreeSHAP, Lundberg et al. 2020, algorithm 3). A group of matrix
 * columns moves together, so the players are groups. A group's share is added where the two rows part, for all leaves
 * below at once.
 */
export function pairShap(
  { roots, features, values: numbers, right }: TreesModel,
  { background, inputs, groupOf, groups }: AttributionTask,
): AddPair {
  const side = new Uint8Array(groups);
  let x: Float32Array = background;
  let at = 0;
  let from = 0;
  let values: Float64Array = new Float64Array(0);
  /** The second result of a walk. */
  let lost = 0;

  /**
   * Follows all paths from a node that mixtures can take; `mine` groups are the row's so far and `theirs` the
   * background's.
   *
   * @returns what each of the `mine` groups gains from the leaves below; `lost` is what each of the `theirs` loses.
   */
  function walk(start: number, mine: number, theirs: number): number {
    let node = start;
    for (let feature = features[node] as number; feature >= 0; feature = features[node] as number) {
      const threshold = numbers[node] as number;
      const left = (x[at + feature] as number) <= threshold;
      const own = left ? node + 1 : (right[node] as number);
      if ((background[from + feature] as number) <= threshold === left) {
        node = own;
        continue;
      }
      const other = left ? (right[node] as number) : node + 1;
      const group = groupOf[feature] as number;
      const taken = side[group] as number;
      if (taken !== open) {
        node = taken === rowSide ? own : other;
        continue;
      }
      side[group] = rowSide;
      const gain = walk(own, mine + 1, theirs);
      const ownLost = lost;
      side[group] = backgroundSide;
      const gained = gain + walk(other, mine, theirs + 1);
      side[group] = open;
      values[group] = (values[group] as number) + gain - lost;
      lost += ownLost;
      return gained;
    }
    const leaf = numbers[node] as number;
    lost = leaf * leafWeight(theirs, mine);
    return leaf * leafWeight(mine, theirs);
  }

  return (tree, row, start, backgroundRow, into) => {
    x = row;
    at = start;
    from = backgroundRow * inputs;
    values = into;
    walk(roots[tree] as number, 0, 0);
  };
}
