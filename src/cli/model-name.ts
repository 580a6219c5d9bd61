import type { ModelNode } from "../model/artifact.js";

/** How many networks a model averages; 0 for other models. */
export function networkCount(model: ModelNode): number {
  if (model.kind === "ensemble" || model.kind === "classes")
    return model.members.reduce((sum, member) => sum + networkCount(member), 0);
  return model.kind === "network" ? 1 : 0;
}

/** Returns the name of the measured model for people: one network, an ensemble or stack, or another learner. */
export function modelName(learner: string, model: ModelNode): string {
  if (model.kind === "classes") return `${learner}, a model for each of ${model.members.length} classes`;
  if (learner === "stack" && model.kind === "ensemble") return `a stack of ${model.members.length}`;
  const networks = networkCount(model);
  if (networks === 0) return learner;
  return networks === 1 ? "one network" : `${networks} networks`;
}
