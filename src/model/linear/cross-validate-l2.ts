import { logOnePlusExp } from "../../base/logistic.js";
import { permutation } from "../../base/random.js";
import { minimise, type StoppingRule } from "./minimise.js";
import { margins } from "./objective.js";
import { startOf, type LogisticProblem } from "./problem.js";

/** Strongest first: each fit starts from the one before, and of equally good strengths the strongest is taken. */
const path = [1000, 100, 10, 1, 0.1, 0.01] as const;
const folds = 5;

/**
 * The penalty of the path with the least log loss over five stratified folds. A row that is held out keeps its place
 * with weight 0, so that nothing is copied.
 *
 * @throws ChurnkitError TARGET_INVALID where a fold leaves one class only.
 */
export function crossValidateL2(problem: LogisticProblem, rule: StoppingRule, seed: number): number {
  const { rows, labels, rowWeights } = problem;
  const foldOf = stratifiedFolds(labels, seed);
  const losses = new Float64Array(path.length);
  const at = new Float64Array(rows);
  for (let fold = 0; fold < folds; fold++) {
    const kept = rowWeights.map((weight, row) => (foldOf[row] === fold ? 0 : weight));
    const part = { ...problem, rowWeights: kept, totalWeight: kept.reduce((sum, weight) => sum + weight, 0) };
    const parameters = startOf(part);
    for (const [k, l2] of path.entries()) {
      minimise({ ...part, l2 }, parameters, rule);
      margins(problem, parameters, at);
      for (let row = 0; row < rows; row++) {
        if (foldOf[row] !== fold) continue;
        const margin = at[row] as number;
        const loss = logOnePlusExp(margin) - (labels[row] as number) * margin;
        losses[k] = (losses[k] as number) + (rowWeights[row] as number) * loss;
      }
    }
  }
  let best = 0;
  for (let k = 1; k < path.length; k++) if ((losses[k] as number) < (losses[best] as number)) best = k;
  return path[best] ?? 1;
}

/** The fold of each row: the classes are dealt out in turn, in a seeded order. */
function stratifiedFolds(labels: Uint8Array, seed: number): Uint8Array {
  const foldOf = new Uint8Array(labels.length);
  const dealt = [0, 0];
  for (const row of permutation(labels.length, seed)) {
    const label = labels[row] === 1 ? 1 : 0;
    const turn = dealt[label] ?? 0;
    foldOf[row] = turn % folds;
    dealt[label] = turn + 1;
  }
  return foldOf;
}
