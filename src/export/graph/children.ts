import type { Condition, NumberNode } from "./node.js";

/** The numbers that a node is computed from, each as often as it is used. */
export function childrenOf(node: NumberNode): readonly NumberNode[] {
  switch (node.op) {
    case "where":
      return [...numbersIn(node.condition), ...node.args];
    case "trees":
      return Array.from(node.model.features, (place) => node.features.get(place) ?? []).flat();
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
