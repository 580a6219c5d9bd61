import { square } from "../../../base/elementary.js";

/**
 * Cholesky factor of a symmetric positive definite matrix, in place: the lower triangle of `matrix` (row-major, n x
 * n) becomes L with L L' = matrix. A pivot that becomes zero through rounding or collinear columns is replaced by a
 * tiny share of its diagonal, which solves a nearby problem instead of dividing by zero.
 */
export function factorise(matrix: Float64Array, n: number): void {
  for (let j = 0; j < n; j++) {
    const rowJ = j * n;
    const diagonal = matrix[rowJ + j] as number;
    let pivot = diagonal;
    for (let k = 0; k < j; k++) pivot -= square(matrix[rowJ + k] as number);
    const smallest = Math.max(diagonal * 1e-10, Math.sqrt(Number.MIN_VALUE));
    const root = Math.sqrt(Math.max(pivot, smallest));
    matrix[rowJ + j] = root;
    for (let i = j + 1; i < n; i++) {
      const rowI = i * n;
      let sum = matrix[rowI + j] as number;
      for (let k = 0; k < j; k++) sum -= (matrix[rowI + k] as number) * (matrix[rowJ + k] as number);
      matrix[rowI + j] = sum / root;
    }
  }
}

/** Solves L L' x = vector in place, for a factor of {@link factorise}. */
export function solve(factor: Float64Array, n: number, vector: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = vector[i] as number;
    for (let k = 0; k < i; k++) sum -= (factor[i * n + k] as number) * (vector[k] as number);
    vector[i] = sum / (factor[i * n + i] as number);
  }
  for (let i = n - 1; i >= 0; i--) {
    const x = (vector[i] as number) / (factor[i * n + i] as number);
    vector[i] = x;
    for (let k = 0; k < i; k++) vector[k] = (vector[k] as number) - (factor[i * n + k] as number) * x;
  }
}
