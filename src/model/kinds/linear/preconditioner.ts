import { square } from "../../../base/elementary.js";
import { sigmoid } from "../../../stats/logistic.js";
import { factorise, solve } from "./cholesky.js";
import type { LogisticProblem } from "./problem.js";

/** Multiplies a vector (weights, then bias) by an approximate inverse Hessian, in place. */
export type Preconditioner = (vector: Float64Array) => void;

/** The Hessian of the summed loss without penalties: its lower triangle, n x n row-major, or its diagonal alone. */
export interface Curvature {
  readonly full: boolean;
  readonly values: Float64Array;
}

/** Above this width only the Hessian's diagonal is used. */
const widestHessian = 500;
/** Limit on the products of two features for a Hessian. */
const productBudget = 30_000_000;
/**
 * With this many rows for each feature a sampled Hessian is accurate enough for a handful of steps (Marchenko and
 * Pastur 1967).
 */
const rowsPerFeature = 16;

/** Returns whether the Hessian of this many features is factored. */
export const usesHessian = (width: number): boolean => width <= widestHessian;

/**
 * Computes the curvature of the loss at the margins `at`: exact for few rows, from every k-th row for many. It only
 * speeds up a search, so it may be that of a similar problem; the answer does not depend on it.
 */
export function curvatureAt(problem: LogisticProblem, at: Float64Array): Curvature {
  const full = usesHessian(problem.width);
  return { full, values: full ? hessian(problem, at) : diagonal(problem, at) };
}

/** The preconditioner of a curvature with penalties on the weights. */
export function preconditioner({ full, values }: Curvature, penalties: Float64Array): Preconditioner {
  const n = penalties.length + 1;
  const sums = values.slice();
  penalties.forEach((penalty, j) => {
    const place = full ? j * n + j : j;
    sums[place] = (sums[place] as number) + penalty;
  });
  if (full) {
    factorise(sums, n);
    return (vector) => solve(sums, n, vector);
  }
  return (vector) => {
    for (let j = 0; j < n; j++) vector[j] = (vector[j] as number) / Math.max(sums[j] as number, 1e-100);
  };
}

const rowCurvature = ({ rowWeights }: LogisticProblem, at: Float64Array, row: number): number => {
  const p = sigmoid(at[row] as number);
  return (rowWeights[row] as number) * p * (1 - p);
};

function hessian(problem: LogisticProblem, at: Float64Array): Float64Array {
  const { matrix, rows, width } = problem;
  const n = width + 1;
  const wanted = Math.max((2 * productBudget) / (n * n), rowsPerFeature * n);
  const stride = Math.max(1, Math.floor(rows / wanted));
  const sums = new Float64Array(n * n);
  const places = new Int32Array(n);
  const values = new Float64Array(n);
  for (let row = 0; row < rows; row += stride) {
    const curvature = stride * rowCurvature(problem, at, row);
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
        sums[place] = (sums[place] as number) + factor * (values[b] as number);
      }
    }
  }
  return sums;
}

function diagonal(problem: LogisticProblem, at: Float64Array): Float64Array {
  const { matrix, rows, width } = problem;
  const sums = new Float64Array(width + 1);
  for (let row = 0; row < rows; row++) {
    const curvature = rowCurvature(problem, at, row);
    for (let j = 0; j < width; j++)
      sums[j] = (sums[j] as number) + curvature * square(matrix[row * width + j] as number);
    sums[width] = (sums[width] as number) + curvature;
  }
  return sums;
}
