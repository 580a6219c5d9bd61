import { kFold } from "../../../data/split/index.js";
import type { LinearModel } from "../../artifact.js";
import type { HeldOut, LabeledMatrix, Learner } from "../learner.js";
import type { Budget, Cap } from "../budget.js";
import { checkRowWeights } from "../row-weights.js";
import { choosePenalty, type ChosenPenalty } from "./choose-penalty.js";
import { fitProblem } from "./fit-logistic.js";
import type { StoppingRule } from "./minimize.js";
import { margins } from "./objective.js";
import { curvatureAt } from "./preconditioner.js";
import { checkStrength, penalized } from "./penalty.js";
import { logisticProblem, type LogisticProblem } from "./problem.js";
import { linearScorer } from "./score.js";

/** Parameters of {@link logistic}. */
export interface LogisticOptions {
  /**
   * Penalty on the weights, as `l2 / 2 * |w|^2` against the summed loss: 1 is scikit-learn's default (C = 1 / l2). By
   * default 5-fold log loss chooses it from 0.01, 0.1, 1, 10, 100 and 1,000, and a separate one for bins and single
   * values of numbers.
   */
  readonly l2?: number | "cross-validated";
  /** Folds for the held-out probabilities. Default 5. */
  readonly folds?: number;
}

const logisticDefaults = { l2: "cross-validated", folds: 5 } as const;

/** Far below the noise of any sample, and a third of the steps that the last bits would take. */
const rule = { maxIterations: 200, tolerance: 1e-6 };

/**
 * Logistic regression as a learner: the baseline for every model, and often good enough.
 *
 * @throws ChurnkitError OPTION_INVALID for an l2 that is not a valid penalty.
 * @example
 * ```ts
 * import { logistic } from "churnkit/model";
 *
 * console.log(logistic({ l2: 10 }).parameters);
 * ```
 */
export function logistic(options: LogisticOptions = {}): Learner {
  const parameters = { ...logisticDefaults, ...options };
  checkStrength(parameters.l2);
  return {
    name: "logistic",
    parameters,
    options,
    folds: parameters.folds,
    fit(training, validation, { seed, budget }) {
      checkRowWeights(training, validation);
      const { matrix, width, labels, details, rowWeights } = training;
      const plain = logisticProblem(matrix, labels.length, width, labels, rowWeights && Float64Array.from(rowWeights));
      const { l2 } = parameters;
      const chosen = l2 === "cross-validated" ? choosePenalty(plain, details, seed, budget) : undefined;
      const penalty = chosen?.penalty ?? { l2: Number(l2), detailL2: Number(l2) };
      const problem = penalized(plain, penalty, details);
      const timed = { ...rule, budget };
      const model = fitProblem(problem, timed);
      const heldOut = validation
        ? scoreAll(model, validation)
        : outOfFold(problem, model, parameters.folds, seed, timed);
      return Promise.resolve({
        model,
        heldOut,
        history: [],
        found: chosen ? { ...penalty } : {},
        caps: capsOf(chosen, labels.length, budget),
      });
    },
  };
}

function capsOf(chosen: ChosenPenalty | undefined, rows: number, budget: Budget | undefined): Cap[] {
  const caps: Cap[] = [];
  if (budget?.spent) {
    const what = chosen?.ended ? "it kept the best penalty tried so far" : "it skipped its last steps";
    caps.push({ cap: "budget", message: `${budget.name} ended logistic regression: ${what}` });
  }
  if (chosen && chosen.rows < rows)
    caps.push({
      cap: "rows",
      message: `the penalty of logistic regression was chosen on ${chosen.rows} of ${rows} rows, drawn at random`,
    });
  return caps;
}

function scoreAll(model: LinearModel, { matrix, labels }: LabeledMatrix): HeldOut {
  const probabilities = new Float64Array(labels.length);
  linearScorer(model).score(matrix, labels.length, probabilities);
  return { rows: Uint32Array.from(labels.keys()), probabilities };
}

/**
 * Returns each row's probability under a model of the other folds; rows of the fold keep their places with weight 0.
 * The folds use the curvature of the model of all rows, but not its weights.
 */
function outOfFold(
  problem: LogisticProblem,
  model: LinearModel,
  folds: number,
  seed: number,
  timed: StoppingRule,
): HeldOut {
  const { matrix, width, labels, rows } = problem;
  const at = new Float64Array(rows);
  margins(problem, Float64Array.of(...model.weights, model.bias), at);
  const curvature = curvatureAt(problem, at);
  const all = new Float64Array(rows);
  const one = new Float64Array(1);
  for (const { train, test } of kFold(labels, folds, seed)) {
    const rowWeights = new Float64Array(rows);
    for (const row of train) rowWeights[row] = problem.rowWeights[row] as number;
    const totalWeight = rowWeights.reduce((sum, weight) => sum + weight, 0);
    const scorer = linearScorer(fitProblem({ ...problem, rowWeights, totalWeight }, timed, curvature));
    for (const row of test) {
      scorer.score(matrix.subarray(row * width, (row + 1) * width), 1, one);
      all[row] = one[0] as number;
    }
  }
  return { rows: Uint32Array.from(labels.keys()), probabilities: all };
}
