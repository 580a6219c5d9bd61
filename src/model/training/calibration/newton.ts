import { logOnePlusExp, sigmoid } from "../../../stats/logistic.js";
import { factorise, solve } from "../../kinds/linear/cholesky.js";

/** Coefficient of each feature, then the intercept. */
export type Coefficients = readonly number[];

/**
 * Fits logistic regression without a penalty to a few features, by Newton's method with halved steps, on soft targets.
 *
 * @param features one array for each feature, a value a row; best centered.
 * @param targets a probability a row.
 * @param start the first guess.
 */
export function newtonLogistic(
  features: readonly Float64Array[],
  targets: Float64Array,
  start: Coefficients,
): Coefficients {
  let best = start;
  let loss = lossOf(features, targets, best);
  for (let iteration = 0; iteration < 100; iteration++) {
    const step = newtonStep(features, targets, best);
    const along = (scale: number): Coefficients => best.map((value, k) => value + scale * (step[k] as number));
    let next = along(1);
    let nextLoss = lossOf(features, targets, next);
    for (let scale = 0.5; !(nextLoss <= loss) && scale > 1e-10; scale /= 2) {
      next = along(scale);
      nextLoss = lossOf(features, targets, next);
    }
    if (!(nextLoss < loss)) break;
    const settled = loss - nextLoss <= 1e-14 * loss;
    best = next;
    loss = nextLoss;
    if (settled) break;
  }
  return best;
}

function marginOf(features: readonly Float64Array[], coefficients: Coefficients, row: number): number {
  let z = coefficients[features.length] as number;
  for (let k = 0; k < features.length; k++)
    z += (coefficients[k] as number) * ((features[k] as Float64Array)[row] as number);
  return z;
}

/** Cross-entropy with a soft target t: log(1 + e^z) - t z, in the form that does not overflow. */
function lossOf(features: readonly Float64Array[], targets: Float64Array, coefficients: Coefficients): number {
  let loss = 0;
  for (let row = 0; row < targets.length; row++) {
    const z = marginOf(features, coefficients, row);
    loss += logOnePlusExp(z) - (targets[row] as number) * z;
  }
  return loss;
}

function newtonStep(
  features: readonly Float64Array[],
  targets: Float64Array,
  coefficients: Coefficients,
): Float64Array {
  const size = coefficients.length;
  const hessian = new Float64Array(size * size);
  const step = new Float64Array(size);
  const x = new Float64Array(size).fill(1);
  for (let row = 0; row < targets.length; row++) {
    for (let k = 0; k < features.length; k++) x[k] = (features[k] as Float64Array)[row] as number;
    const p = sigmoid(marginOf(features, coefficients, row));
    const weight = p * (1 - p);
    const error = p - (targets[row] as number);
    for (let i = 0; i < size; i++) {
      step[i] = (step[i] as number) - error * (x[i] as number);
      for (let j = 0; j <= i; j++)
        hessian[i * size + j] = (hessian[i * size + j] as number) + weight * (x[i] as number) * (x[j] as number);
    }
  }
  // The ridge keeps the matrix invertible if a feature has one value only.
  for (let i = 0; i < size; i++) hessian[i * size + i] = (hessian[i * size + i] as number) + 1e-9;
  factorise(hessian, size);
  solve(hessian, size, step);
  return step;
}
