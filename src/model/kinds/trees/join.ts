import type { TreesModel } from "../../artifact.js";
import type { BinnedMatrix } from "./bins.js";
import type { Tree } from "./tree.js";

/**
 * Joins trees in the model's format: features are columns of the matrix, thresholds its numbers.
 *
 * @param scale factor of the leaves' values.
 */
export function joinTrees(
  trees: readonly Tree[],
  { columns, cuts }: Pick<BinnedMatrix, "columns" | "cuts">,
  scale: number,
): Pick<TreesModel, "roots" | "features" | "values" | "right"> {
  const nodes = trees.reduce((sum, tree) => sum + tree.features.length, 0);
  const roots = new Uint32Array(trees.length);
  const features = new Int32Array(nodes);
  const values = new Float32Array(nodes);
  const right = new Uint32Array(nodes);
  let at = 0;
  trees.forEach((tree, i) => {
    const root = at;
    roots[i] = root;
    tree.features.forEach((feature, node) => {
      const leaf = feature < 0;
      features[at] = leaf ? -1 : (columns[feature] as number);
      values[at] = leaf
        ? scale * (tree.values[node] as number)
        : (cuts[feature]?.[tree.bins[node] as number] as number);
      right[at] = leaf ? 0 : root + (tree.right[node] as number);
      at++;
    });
  });
  return { roots, features, values, right };
}
