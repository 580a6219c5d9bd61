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
    const inputs = scorers[0]?.inputs ?? 0;
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
            for (let row = 0; row < count; row++)
              out[first + row] = (out[first + row] as number) + (one[row] as number);
          });
        }
        for (let row = 0; row < rows; row++) out[row] = (out[row] as number) / scorers.length;
      },
    };
  },
};
