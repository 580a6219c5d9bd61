import type { TreesModel } from "../../model/artifact.js";
import type { Attribute } from "./model-proto.js";

/**
 * Trees as attributes of ONNX's TreeEnsembleRegressor, which adds up leaves.
 *
 * @param columns the column of its input for each feature.
 */
export function treeAttributes(
  { roots, features, values, right }: TreesModel,
  columns: ReadonlyMap<number, number>,
): Readonly<Record<string, Attribute>> {
  const nodes = { trees: [], ids: [], features: [], modes: [], values: [], below: [], above: [] } as {
    [Key in "trees" | "ids" | "features" | "values" | "below" | "above"]: number[];
  } & { modes: string[] };
  const leaves = { trees: [] as number[], ids: [] as number[], weights: [] as number[] };
  roots.forEach((root, tree) => {
    const end = roots[tree + 1] ?? features.length;
    for (let node = root; node < end; node++) {
      const id = node - root;
      const feature = features[node] as number;
      const value = values[node] as number;
      const isLeaf = feature < 0;
      nodes.trees.push(tree);
      nodes.ids.push(id);
      nodes.features.push(columns.get(feature) ?? 0);
      nodes.modes.push(isLeaf ? "LEAF" : "BRANCH_LEQ");
      nodes.values.push(isLeaf ? 0 : value);
      nodes.below.push(isLeaf ? 0 : id + 1);
      nodes.above.push(isLeaf ? 0 : (right[node] as number) - root);
      if (!isLeaf) continue;
      leaves.trees.push(tree);
      leaves.ids.push(id);
      leaves.weights.push(value);
    }
  });
  return {
    n_targets: { int: 1 },
    nodes_treeids: { ints: nodes.trees },
    nodes_nodeids: { ints: nodes.ids },
    nodes_featureids: { ints: nodes.features },
    nodes_modes: { texts: nodes.modes },
    nodes_values: { floats: nodes.values },
    nodes_truenodeids: { ints: nodes.below },
    nodes_falsenodeids: { ints: nodes.above },
    target_treeids: { ints: leaves.trees },
    target_nodeids: { ints: leaves.ids },
    target_ids: { ints: leaves.ids.map(() => 0) },
    target_weights: { floats: leaves.weights },
  };
}
