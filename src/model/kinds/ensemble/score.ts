import { literal, number, type JsonValue } from "../../../base/json/index.js";
import type { EnsembleModel } from "../../artifact.js";
import { kernelUseOfAny, type ModelKind, type ModelWriter } from "../model-kind.js";
import { pooledScorer } from "./pooled-scorer.js";

const maxMembers = 1_000;
/** Largest difference of the sum of weights from 1: rounding. */
const rounding = 1e-9;

/** Several models whose probabilities or log odds are averaged. */
export const ensembleKind: ModelKind<EnsembleModel> = {
  read(json, context) {
    const members = json.get("members").items(maxMembers);
    if (members.length === 0) throw json.get("members").not("at least one member");
    const [weights, average] = [json.get("weights"), json.get("average")];
    return {
      kind: "ensemble",
      members: members.map((member) => context.read(member)),
      ...(weights.absent ? {} : { weights: readWeights(weights, members.length) }),
      ...(average.absent ? {} : { average: literal("logOdds")(average) }),
    };
  },
  kernelUse: ({ members }, useOf) => kernelUseOfAny(members.map(useOf)),
  scorer: (model, context) => {
    const scorers = model.members.map((member) => context.scorerOf(member));
    return pooledScorer(scorers, model);
  },
};

function readWeights(json: JsonValue, members: number): number[] {
  const weights = json.items(maxMembers).map(number(0, 1));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (weights.length !== members || Math.abs(sum - 1) > rounding)
    throw json.not(`${members} weights, one for each member, with the sum 1`);
  return weights;
}

export const writeEnsemble: ModelWriter<EnsembleModel> = ({ members, weights, average }, context) => ({
  members: members.map((member) => context.write(member)),
  ...(weights && { weights }),
  ...(average && { average }),
});
