import type { ClassesModel, EnsembleModel, LinearModel, ModelNode, TreesModel } from "../artifact.js";
import { classesScorer } from "../kinds/classes/classes-scorer.js";
import { pooledScorer } from "../kinds/ensemble/pooled-scorer.js";
import { linearScorer } from "../kinds/linear/score.js";
import type { ModelScorer } from "../kinds/model-kind.js";
import { plainNetworkScorer, type FoldedLayer } from "../kinds/network/plain-scorer.js";
import { foldBatchNorm } from "../kinds/network/wasm/fold.js";
import { walkingScorer } from "../kinds/trees/walk.js";

/** A network whose batch normalization is folded into its layers. */
export interface FoldedNetwork {
  readonly kind: "folded";
  readonly inputs: number;
  /** The hidden layers, then the output. */
  readonly layers: readonly FoldedLayer[];
}

/** A model that needs no kernel. */
export type PlainModel = FoldedNetwork | LinearModel | TreesModel | PlainEnsemble | PlainClasses;

/** An ensemble of such models. */
interface PlainEnsemble extends Omit<EnsembleModel, "members"> {
  readonly members: readonly PlainModel[];
}

/** A model of more than two classes of such models. */
export interface PlainClasses extends Omit<ClassesModel, "members"> {
  readonly members: readonly PlainModel[];
}

/** Makes the scorer of a model, in JavaScript alone, to the bits of `compile`. */
export function plainScorer(model: PlainModel): ModelScorer {
  switch (model.kind) {
    case "folded":
      return plainNetworkScorer(model.inputs, model.layers);
    case "linear":
      return linearScorer(model);
    case "trees":
      return walkingScorer(model);
    case "ensemble":
      return pooledScorer(model.members.map(plainScorer), model);
    case "classes":
      return classesScorer(model.members.map(plainScorer), model);
  }
}

/** The same model with its networks folded. */
export function plainModel(node: ModelNode): PlainModel {
  if (node.kind === "ensemble" || node.kind === "classes") return { ...node, members: node.members.map(plainModel) };
  if (node.kind !== "network") return node;
  const tensors = foldBatchNorm(node.spec, node.weights);
  const layers = [...node.spec.hidden, undefined].map((_, i) => ({
    kernel: tensors[2 * i] as Float32Array,
    bias: tensors[2 * i + 1] as Float32Array,
  }));
  return { kind: "folded", inputs: node.spec.inputs, layers };
}
