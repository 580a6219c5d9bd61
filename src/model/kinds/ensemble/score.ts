import type { EnsembleModel } from "../../artifact.js";
import type { ModelKind } from "../model-kind.js";

const maxMembers = 1_000;

/** Several models whose probabilities are averaged. */
export const ensembleKind: ModelKind<EnsembleModel> = {
  write: ({ members }, context) => ({ members: members.map((member) => context.write(member)) }),
  read(json, context) {
    const members = json.get("members").items(maxMembers);
    if (members.length === 0) throw json.get("members").not("at least one member");
    return { kind: "ensemble", members: members.map((member) => context.read(member)) };
  },
  kernelUse({ members }, useOf) {
    const uses = new Set(members.map(useOf));
    return uses.has("needed") ? "needed" : uses.has("faster") ? "faster" : "none";
  },
  scorer({ members }, context) {
    const scorers = members.map((member) => context.scorerOf(member));
    let one = new Float64Array(0);
    return {
      inputs: scorers[0]?.inputs ?? 0,
      score(x, rows, out) {
        if (one.length < rows) one = new Float64Array(rows);
        out.fill(0, 0, rows);
        for (const scorer of scorers) {
          scorer.score(x, rows, one);
          for (let row = 0; row < rows; row++) out[row] = (out[row] as number) + (one[row] as number);
        }
        for (let row = 0; row < rows; row++) out[row] = (out[row] as number) / scorers.length;
      },
    };
  },
};
