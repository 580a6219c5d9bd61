import type { Condition, NumberNode } from "./node.js";

/** The numbers that a node is computed from, each as often as it is used. */
export function childrenOf(node: NumberNode): readonly NumberNode[] {
  switch (node.op) {
    case "where":
      return [...numbersIn(node.condition), ...node.args];
    case "trees":
      return [...node.features.values()];
    case "tree":
      return splitsOf(node);
    case "constant":
    case "nothing":
    case "column":
    case "lookup":
    case "code":
      return [];
    default:
      return node.args;
  }
}

function splitsOf({ model, root, features }: Extract<NumberNode, { readonly op: "tree" }>): NumberNode[] {
  const used: NumberNode[] = [];
  // A tree is in preorder, so it ends where no child is waiting.
  for (let node = root, waiting = 1; waiting > 0; node++) {
    const feature = features.get(model.features[node] as number);
    if (feature !== undefined) used.push(feature);
    waiting += feature === undefined ? -1 : 1;
  }
  return used;
}

/** The numbers that a condition compares. */
function numbersIn(condition: Condition): readonly NumberNode[] {
  switch (condition.op) {
    case "less":
    case "atMost":
    case "equal":
      return condition.args;
    case "and":
    case "or":
    case "not":
      return condition.args.flatMap(numbersIn);
    case "missing":
      return condition.of.kind === "number" ? [condition.of] : [];
    case "finite":
      return [condition.of];
    case "isOneOf":
      return [];
  }
}
