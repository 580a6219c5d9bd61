import { logit, sigmoid } from "../../../stats/logistic.js";
import type { EnsembleModel } from "../../artifact.js";
import type { ModelScorer } from "../model-kind.js";

const same = (value: number): number => value;

/** Averages the scores of an ensemble's members. */
export function pooledScorer(
  scorers: readonly ModelScorer[],
  { weights, average }: Pick<EnsembleModel, "weights" | "average">,
): ModelScorer {
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
}
