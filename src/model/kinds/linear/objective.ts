import { logOnePlusExp, sigmoid } from "../../../stats/logistic.js";
import type { LogisticProblem } from "./problem.js";

/** matrix * weights + bias, into `out` (one number for each row). */
export function margins(problem: LogisticProblem, parameters: Float64Array, out: Float64Array): void {
  const { matrix, rows, width } = problem;
  const bias = parameters[width] as number;
  const paired = width - (width % 2);
  for (let row = 0; row < rows; row++) {
    const base = row * width;
    let even = bias;
    let odd = 0;
    for (let j = 0; j < paired; j += 2) {
      even += (matrix[base + j] as number) * (parameters[j] as number);
      odd += (matrix[base + j + 1] as number) * (parameters[j + 1] as number);
    }
    if (paired < width) even += (matrix[base + paired] as number) * (parameters[paired] as number);
    out[row] = even + odd;
  }
}

/** The gradient at parameters whose margins are given, into `out`. */
export function gradient(
  problem: LogisticProblem,
  parameters: Float64Array,
  at: Float64Array,
  out: Float64Array,
): void {
  const { matrix, rows, width, labels, rowWeights, penalties } = problem;
  for (let j = 0; j < width; j++) out[j] = (penalties[j] as number) * (parameters[j] as number);
  let biasGradient = 0;
  for (let row = 0; row < rows; row++) {
    const error = (rowWeights[row] as number) * (sigmoid(at[row] as number) - (labels[row] as number));
    if (error === 0) continue;
    biasGradient += error;
    const base = row * width;
    for (let j = 0; j < width; j++) out[j] = (out[j] as number) + error * (matrix[base + j] as number);
  }
  out[width] = biasGradient;
}

/** The objective and its slope at a step along a direction, from margins alone: no pass over the matrix. */
export interface Along {
  readonly value: number;
  readonly slope: number;
}

/** State of a line search: the current parameters and the direction. */
export interface Line {
  readonly margins: Float64Array;
  /** Change of each margin for a step of 1. */
  readonly marginChange: Float64Array;
  /** |w|^2, w . d and |d|^2 over the weights without the bias, each product times the weight's penalty. */
  readonly squares: readonly [weights: number, mixed: number, direction: number];
}

export function along(problem: LogisticProblem, line: Line, step: number): Along {
  const { rows, labels, rowWeights } = problem;
  const [weights, mixed, direction] = line.squares;
  let value = 0.5 * (weights + 2 * step * mixed + step * step * direction);
  let slope = mixed + step * direction;
  for (let row = 0; row < rows; row++) {
    const weight = rowWeights[row] as number;
    if (weight === 0) continue;
    const change = line.marginChange[row] as number;
    const margin = (line.margins[row] as number) + step * change;
    const label = labels[row] as number;
    value += weight * (logOnePlusExp(margin) - label * margin);
    slope += weight * (sigmoid(margin) - label) * change;
  }
  return { value, slope };
}
