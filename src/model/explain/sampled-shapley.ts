import { logit } from "../../stats/logistic.js";
import { mix32, permutation, uniform } from "../../base/random.js";
import type { ModelScorer } from "../kinds/model-kind.js";
import type { AttributionTask, Attributor } from "../kinds/attributor.js";
import { combine } from "./control-variates.js";
import { rowHash } from "../kinds/row-hash.js";

/**
 * Shapley values of the groups for any model, by random orders (Castro, Gomez and Tejada 2009): a sample takes the
 * next background row and changes it into the explained row, group by group; each group gets the change in log odds
 * that it causes. Every second order is the previous one reversed, which halves the variance of pairwise
 * interactions. Log odds are those of probabilities kept 2^-52 from 0 and 1.
 */
export function sampledShapley(scorer: ModelScorer, task: AttributionTask): Attributor {
  const { background, backgroundRows, inputs, groupOf, groups, samples, seed } = task;
  const order = permutation(backgroundRows, seed);
  const backgroundOutputs = new Float64Array(backgroundRows);
  scorer.score(background, backgroundRows, backgroundOutputs);
  let base = 0;
  for (let b = 0; b < backgroundRows; b++) {
    backgroundOutputs[b] = logit(backgroundOutputs[b] as number);
    base += (backgroundOutputs[b] as number) / backgroundRows;
  }
  const members = membersOf(groupOf, groups);
  const used = Int32Array.from(members.keys()).filter((group) => (members[group]?.length ?? 0) > 0);

  const path = new Float32Array(Math.max(1, used.length) * inputs);
  const outputs = new Float64Array(Math.max(1, used.length));
  const contributions = new Float64Array(samples * groups);
  const expected = new Float64Array(samples);

  /** The log odds of the row itself. */
  function outputOf(x: Float32Array, at: number): number {
    path.set(x.subarray(at, at + inputs));
    scorer.score(path, 1, outputs);
    return logit(outputs[0] as number);
  }

  return {
    method: "sampledShapley",
    base,
    samples,
    attribute(x, at, values, errors) {
      const output = outputOf(x, at);
      const rowSeed = rowHash(x, at, inputs, seed);
      const start = Math.floor(uniform(rowSeed)() * backgroundRows);
      let turns = permutation(used.length, rowSeed);
      contributions.fill(0);
      for (let s = 0; s < samples; s++) {
        turns = s % 2 === 1 ? turns.reverse() : permutation(used.length, mix32(rowSeed + s));
        const b = order[(start + s) % backgroundRows] as number;
        let before = background.subarray(b * inputs, (b + 1) * inputs);
        for (let i = 0; i < used.length; i++) {
          const step = path.subarray(i * inputs, (i + 1) * inputs);
          step.set(before);
          for (const j of members[used[turns[i] as number] as number] ?? []) step[j] = x[at + j] as number;
          before = step;
        }
        scorer.score(path, used.length, outputs);
        let low = backgroundOutputs[b] as number;
        for (let i = 0; i < used.length; i++) {
          const high = logit(outputs[i] as number);
          contributions[s * groups + (used[turns[i] as number] as number)] = high - low;
          low = high;
        }
        expected[s] = output - (backgroundOutputs[b] as number);
      }
      combine({ samples, groups, contributions, expected }, output - base, values, errors);
      return output;
    },
  };
}

/** The matrix columns of each group. */
function membersOf(groupOf: Int32Array, groups: number): number[][] {
  const members = Array.from({ length: groups }, (): number[] => []);
  groupOf.forEach((group, j) => members[group]?.push(j));
  return members;
}
