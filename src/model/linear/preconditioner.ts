import { square } from "../../base/elementary.js";
import { sigmoid } from "../../base/logistic.js";
import { factorise, solve } from "./cholesky.js";
import type { LogisticProblem } from "./problem.js";

/** Multiplies a vector (weights, then bias) by an approximate inverse Hessian, in place. */
export type Preconditioner = (vector: Float64Array) => void;

/** Above this width the Hessian's diagonal has to do. */
const widestHessian = 500;
/** Products of two features that one Hessian may cost; rows are sampled evenly to stay below. */
const productBudget = 30_000_000;

/** Is the Hessian of so many features factored? */
export const usesHessian = (width: number): boolean => width <= widestHessian;

/**
 * An approximate inverse Hessian of the objective where the margins are `at`: exact for few rows, from every k-th row
 * for many. It only speeds the search up; the answer does not depend on it.
 */
export function preconditioner(problem: LogisticProblem, at: Float64Array): Preconditioner {
  return usesHessian(problem.width) ? factored(problem, at) : diagonal(problem, at);
}

const curvatureAt = ({ rowWeights }: LogisticProblem, at: Float64Array, row: number): number => {
  const p = sigmoid(at[row] as number);
  return (rowWeights[row] as number) * p * (1 - p);
};

function factored(problem: LogisticProblem, at: Float64Array): Preconditioner {
  const { matrix, rows, width, l2 } = problem;
  const n = width + 1;
  const wanted = Math.max((2 * productBudget) / (n * n), 2 * n);
  const stride = Math.max(1, Math.floor(rows / wanted));
  const hessian = new Float64Array(n * n);
  const places = new Int32Array(n);
  const values = new Float64Array(n);
  for (let row = 0; row < rows; row += stride) {
    const curvature = stride * curvatureAt(problem, at, row);
    if (curvature === 0) continue;
    // One-hot columns leave most features 0: only the others have products.
    let filled = 0;
    for (let j = 0; j < width; j++) {
      const value = matrix[row * width + j] as number;
      if (value === 0) continue;
      places[filled] = j;
      values[filled++] = value;
    }
    places[filled] = width;
    values[filled++] = 1;
    for (let a = 0; a < filled; a++) {
      const base = (places[a] as number) * n;
      const factor = curvature * (values[a] as number);
      for (let b = 0; b <= a; b++) {
        const place = base + (places[b] as number);
        hessian[place] = (hessian[place] as number) + factor * (values[b] as number);
      }
    }
  }
  for (let j = 0; j < width; j++) hessian[j * n + j] = (hessian[j * n + j] as number) + l2;
  factorise(hessian, n);
  return (vector) => solve(hessian, n, vector);
}

function diagonal(problem: LogisticProblem, at: Float64Array): Preconditioner {
  const { matrix, rows, width, l2 } = problem;
  const sums = new Float64Array(width + 1).fill(l2, 0, width);
  for (let row = 0; row < rows; row++) {
    const curvature = curvatureAt(problem, at, row);
    for (let j = 0; j < width; j++)
      sums[j] = (sums[j] as number) + curvature * square(matrix[row * width + j] as number);
    sums[width] = (sums[width] as number) + curvature;
  }
  return (vector) => {
    for (let j = 0; j <= width; j++) vector[j] = (vector[j] as number) / Math.max(sums[j] as number, 1e-100);
  };
}
