import type { ModelNode, TreesModel } from "../../artifact.js";
import { treePlaces } from "../../kinds/trees/splits.js";

/**
 * Nanoseconds of the operations of scoring, measured once (2.5 GHz, WebAssembly with SIMD). A table instead of a clock,
 * so that the same stack is chosen on every machine.
 */
const nanoseconds = {
  /** A model's own call. */
  model: 500,
  multiplyAdd: 0.1,
  /** A node of a tree of up to 32 leaves, whose splits are read one after the other. */
  listedNode: 0.15,
  /** A step from node to node in a larger tree. */
  step: 40,
};
const mostListedLeaves = 32;

/** Microseconds that a model takes for one record, by the number of its operations. */
export const scoringMicroseconds = (node: ModelNode): number => nanosecondsOf(node) / 1000;

function nanosecondsOf(node: ModelNode): number {
  switch (node.kind) {
    case "linear":
      return nanoseconds.model + nanoseconds.multiplyAdd * node.weights.length;
    case "network": {
      const { inputs, hidden, outputs } = node.spec;
      const sizes = [inputs, ...hidden.map(({ units }) => units), outputs];
      const products = sizes.reduce((sum, size, i) => sum + size * (sizes[i + 1] ?? 0), 0);
      return nanoseconds.model + nanoseconds.multiplyAdd * products;
    }
    case "trees":
      return nanoseconds.model + nanosecondsOfTrees(node);
    case "ensemble":
    case "classes":
      return node.members.reduce((sum, member) => sum + nanosecondsOf(member), 0);
  }
}

function nanosecondsOfTrees(model: TreesModel): number {
  const places = treePlaces(model);
  if (places.every(({ leaves }) => leaves <= mostListedLeaves)) return nanoseconds.listedNode * model.features.length;
  // A tree of n leaves is about log2 n deep, and a grown one is less balanced.
  return places.reduce((sum, { leaves }) => sum + nanoseconds.step * 1.3 * (32 - Math.clz32(leaves)), 0);
}
