import { literal, number, type JsonValue } from "../../../base/json/index.js";
import { logit, sigmoid } from "../../../stats/logistic.js";
import type { EnsembleModel } from "../../artifact.js";
import type { ModelKind } from "../model-kind.js";

const maxMembers = 1_000;
/** Largest difference of the sum of weights from 1: rounding. */
const rounding = 1e-9;

/** Several models whose probabilities or log odds are averaged. */
export const ensembleKind: ModelKind<EnsembleModel> = {
  write: ({ members, weights, average }, context) => ({
    members: members.map((member) => context.write(member)),
    ...(weights && { weights }),
    ...(average && { average }),
  }),
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
  kernelUse({ members }, useOf) {
    const uses = new Set(members.map(useOf));
    return uses.has("needed") ? "needed" : uses.has("faster") ? "faster" : "none";
  },
  scorer({ members, weights, average }, context) {
    const scorers = members.map((member) => context.scorerOf(member));
    const inputs = scorers[0]?.inputs ?? 0;
    const [scaled, probability] = average === "logOdds" ? [logit, sigmoid] : [same, same];
    // The sum over equal weights is divided once, at the end.
    const shares = weights ?? scorers.map(() => 1);
    const total = weights ? 1 : scorers.length;
    // Networks share what they do with the same rows, if all score some before the first one goes on.
    const shared = scorers.every(({ again }) => again !== undefined);
    const atOnce = (shared ? scorers[0]?.again?.atOnce : undefined) ?? Infinity;
    let one = new Float64Array(0);
    return {
      inputs,
      score(x, rows, out) {
        out.fill(0, 0, rows);
        for (let first = 0; first < rows; first += atOnce) {
          const count = Math.min(atOnce, rows - first);
          if (one.length < count) one = new Float64Array(count);
          const part = first === 0 ? x : x.subarray(first * inputs);
          scorers.forEach((scorer, member) => {
            if (member > 0 && shared) scorer.again?.score(count, one);
            else scorer.score(part, count, one);
            const share = shares[member] as number;
            for (let row = 0; row < count; row++)
              out[first + row] = (out[first + row] as number) + share * scaled(one[row] as number);
          });
        }
        for (let row = 0; row < rows; row++) out[row] = probability((out[row] as number) / total);
      },
    };
  },
};

const same = (value: number): number => value;

function readWeights(json: JsonValue, members: number): number[] {
  const weights = json.items(maxMembers).map(number(0, 1));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (weights.length !== members || Math.abs(sum - 1) > rounding)
    throw json.not(`${members} weights, one for each member, with the sum 1`);
  return weights;
}
