import { ChurnkitError } from "../../../base/errors.js";
import type { LinearModel } from "../../artifact.js";
import { choosePenalty } from "./choose-penalty.js";
import { minimize, type StoppingRule } from "./minimize.js";
import { checkStrength, penalized } from "./penalty.js";
import type { Curvature } from "./preconditioner.js";
import { logisticProblem, startOf, type LogisticProblem } from "./problem.js";

/** How to fit. */
export interface LogisticFitOptions {
  /**
   * Strength of the penalty l2 / 2 * |weights|^2 against the sum of losses, 1 by default (scikit-learn's C = 1); 0 or
   * more. `"cross-validated"` chooses the best of 0.01, 0.1, 1, 10, 100 and 1,000 by 5-fold log loss, climbing from
   * 1, or from 1,000 if there are fewer than 5 rows for each column.
   */
  readonly l2?: number | "cross-validated" | undefined;
  /** Weight of each row, finite and 0 or more; 1 by default. */
  readonly sampleWeights?: Float64Array | undefined;
  /** 200 by default. */
  readonly maxIterations?: number | undefined;
  /** Largest component of the gradient of the mean loss at which to stop, 1e-8 by default. */
  readonly tolerance?: number | undefined;
  /** Seed of the folds, only for `"cross-validated"`; 0 by default. */
  readonly seed?: number | undefined;
}

/**
 * Fits logistic regression: minimizes the weighted sum of log losses + l2 / 2 * |weights|^2, without a penalty on the
 * bias. Float64 inside, the same result for the same input. The penalty keeps separable, collinear and constant
 * columns harmless; with `l2: 0` and separable data the weights grow until `maxIterations`.
 *
 * @param matrix rows x width, row-major, finite; standardized columns make the penalty fair between them.
 * @param labels 1 for the positive class, 0 for the other, one for each row.
 * @throws ChurnkitError TARGET_INVALID if only one class occurs (among rows that count), TOO_FEW_ROWS without rows,
 * VALUE_INVALID for a value that is not finite or a label other than 0 and 1, naming row and column, OPTION_INVALID
 * for sizes that do not match or a bad option, TRAINING_DIVERGED if values are so large that sums overflow.
 */
export function fitLogistic(
  matrix: Float32Array,
  rows: number,
  width: number,
  labels: Uint8Array,
  options: LogisticFitOptions = {},
): LinearModel {
  const { l2 = 1, maxIterations = 200, tolerance = 1e-8, seed = 0 } = options;
  checkOptions(l2, maxIterations, tolerance);
  const problem = logisticProblem(matrix, rows, width, labels, options.sampleWeights);
  const rule: StoppingRule = { maxIterations, tolerance };
  const penalty = l2 === "cross-validated" ? choosePenalty(problem, undefined, seed).penalty : { l2, detailL2: l2 };
  return fitProblem(penalized(problem, penalty, undefined), rule);
}

/** Returns the linear model with the smallest loss and penalty; `curvature` as for `minimize`. */
export function fitProblem(problem: LogisticProblem, rule: StoppingRule, curvature?: Curvature): LinearModel {
  const { width } = problem;
  const parameters = startOf(problem);
  minimize(problem, parameters, rule, curvature);
  if (!parameters.every(Number.isFinite))
    throw new ChurnkitError(
      "TRAINING_DIVERGED",
      "Logistic regression overflowed because some features are too large. Standardize the columns.",
    );
  return { kind: "linear", weights: Array.from(parameters.subarray(0, width)), bias: parameters[width] as number };
}

function checkOptions(l2: number | "cross-validated", maxIterations: number, tolerance: number): void {
  const refuse = (name: string, value: unknown, wanted: string): never => {
    throw new ChurnkitError("OPTION_INVALID", `${name} is ${String(value)}. Give ${wanted}.`);
  };
  checkStrength(l2);
  if (!(Number.isInteger(maxIterations) && maxIterations > 0)) refuse("maxIterations", maxIterations, "1 or more");
  if (!(tolerance >= 0 && Number.isFinite(tolerance))) refuse("tolerance", tolerance, "a finite number of 0 or more");
}
