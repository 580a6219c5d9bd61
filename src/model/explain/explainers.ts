import type { ModelNode } from "../artifact.js";
import type { Kernel } from "../kinds/network/kernel.js";
import type { AttributionTask, Attributor } from "../kinds/attributor.js";
import type { Differentiable } from "../kinds/differentiable.js";
import { differentiableEnsemble } from "../kinds/ensemble/gradient.js";
import { differentiableLinear } from "../kinds/linear/gradient.js";
import { differentiableNetwork } from "../kinds/network/gradient.js";
import { exactLinear } from "../kinds/linear/explain.js";
import { treeShap } from "../kinds/trees/explain.js";

/** Context for making a function with a gradient. */
interface DifferentiableContext {
  /** The kernel, loaded if some part of the model is a network. */
  readonly kernel: Kernel | undefined;
  /** A member as a function with a gradient, if it has one. */
  of(member: ModelNode): Differentiable | undefined;
}

/** Explainers of one kind of model; each may be absent. */
interface ExplainerKind<Node extends ModelNode> {
  /** A closed form for a whole model of this kind, or undefined if it has none. */
  readonly exact?: (node: Node, task: AttributionTask) => Attributor | undefined;
  /** The model as a function with a gradient, or undefined if some member has none. */
  readonly differentiable?: (node: Node, context: DifferentiableContext) => Differentiable | undefined;
}

/**
 * Explainers of each kind of model. A closed form wins, then expected gradients; a kind that is not here, or an
 * ensemble of probabilities with such a member, is explained by sampled Shapley values.
 */
export const explainerKinds: {
  readonly [Kind in ModelNode["kind"]]?: ExplainerKind<Extract<ModelNode, { kind: Kind }>>;
} = {
  linear: { exact: exactLinear, differentiable: (node) => differentiableLinear(node) },
  trees: { exact: treeShap },
  network: {
    differentiable: (node, { kernel }) => (kernel === undefined ? undefined : differentiableNetwork(node, kernel)),
  },
  ensemble: {
    differentiable(node, context) {
      const parts = node.members.map((member) => context.of(member)).filter((part) => part !== undefined);
      return parts.length === node.members.length ? differentiableEnsemble(parts, node) : undefined;
    },
  },
};

/** The entry of a node's kind, for use with that node only. */
export const explainerKindOf = (node: ModelNode): ExplainerKind<ModelNode> | undefined =>
  explainerKinds[node.kind] as ExplainerKind<ModelNode> | undefined;

/** The model as a function with a gradient, if it has one. */
export function differentiableOf(node: ModelNode, kernel: Kernel | undefined): Differentiable | undefined {
  const context: DifferentiableContext = {
    kernel,
    of: (member) => explainerKindOf(member)?.differentiable?.(member, context),
  };
  return context.of(node);
}

/** Whether the attributions of a model are the Shapley values of its log odds, without sampling. */
export function isExact(node: ModelNode): boolean {
  if (node.kind === "ensemble") return node.average === "logOdds" && node.members.every(isExact);
  return node.kind === "linear" || (node.kind === "trees" && node.link === "logistic");
}
