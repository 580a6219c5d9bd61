import { log, square } from "../../../../base/elementary.js";
import { permutation } from "../../../../base/random.js";

/** Rows of a sparse matrix: row i has `indices` and `values` from `starts[i]` to `starts[i + 1]`. */
export interface SparseRows {
  readonly width: number;
  readonly starts: Uint32Array;
  readonly indices: Int32Array;
  readonly values: Float32Array;
}

const mostPasses = 30;
/** A pass that finds no slope above this ends the search. */
const tolerance = 0.1;

/** The weights, and then the bias, applied to a row. */
export function marginOf({ width, starts, indices, values }: SparseRows, weights: Float64Array, row: number): number {
  let margin = weights[width] as number;
  const end = starts[row + 1] as number;
  for (let k = starts[row] as number; k < end; k++) {
    margin += (values[k] as number) * (weights[indices[k] as number] as number);
  }
  return margin;
}

/**
 * Logistic regression with the penalty |w|^2 / (2 cost) by dual coordinate descent (Yu, Huang and Lin 2011, algorithm
 * 5): a step looks at one row only, so its price is that of the row's terms, however many terms there are.
 *
 * @param rows the rows to learn from.
 * @returns a weight for each column and then the bias, which is penalized like them.
 */
export function fitSparse(
  matrix: SparseRows,
  labels: Uint8Array,
  rows: Uint32Array,
  cost: number,
  seed: number,
): Float64Array {
  const { width, starts, indices, values } = matrix;
  const weights = new Float64Array(width + 1);
  // Each row's dual variable, and `cost` minus it with all its digits.
  const alphas = new Float64Array(rows.length);
  const others = new Float64Array(rows.length);
  const squares = new Float64Array(rows.length);
  const change = (row: number, step: number): void => {
    const end = starts[row + 1] as number;
    for (let k = starts[row] as number; k < end; k++) {
      const place = indices[k] as number;
      weights[place] = (weights[place] as number) + step * (values[k] as number);
    }
    weights[width] = (weights[width] as number) + step;
  };
  const signOf = (row: number): number => (labels[row] === 1 ? 1 : -1);
  rows.forEach((row, i) => {
    alphas[i] = Math.min(0.001 * cost, 1e-8);
    others[i] = cost - alphas[i];
    let length = 1;
    for (let k = starts[row] as number; k < (starts[row + 1] as number); k++) length += square(values[k] as number);
    squares[i] = length;
    change(row, signOf(row) * alphas[i]);
  });
  for (let pass = 0; pass < mostPasses; pass++) {
    let steepest = 0;
    for (const i of permutation(rows.length, seed + pass)) {
      const row = rows[i] as number;
      const sign = signOf(row);
      const margin = sign * marginOf(matrix, weights, row);
      const length = squares[i] as number;
      // Of the two variables the smaller one is searched for: its digits count.
      const swapped = 0.5 * length * ((others[i] as number) - (alphas[i] as number)) + margin < 0;
      const before = (swapped ? others[i] : alphas[i]) as number;
      const toward = swapped ? -margin : margin;
      const found = smallest(before, length, toward, cost);
      if (found.slope > steepest) steepest = found.slope;
      if (found.at === before) continue;
      (swapped ? others : alphas)[i] = found.at;
      (swapped ? alphas : others)[i] = cost - found.at;
      change(row, (swapped ? -1 : 1) * (found.at - before) * sign);
    }
    if (steepest < tolerance) break;
  }
  return weights;
}

/**
 * The z in (0, cost) with the smallest z log z + (cost - z) log(cost - z) + length / 2 (z - before)^2 + margin (z -
 * before), by Newton's method, and the slope at the start.
 */
function smallest(before: number, length: number, margin: number, cost: number): { at: number; slope: number } {
  let z = cost - before < 0.5 * cost ? 0.1 * before : before;
  const slopeAt = (at: number): number => length * (at - before) + margin + log(at / (cost - at));
  let slope = slopeAt(z);
  const first = Math.abs(slope);
  for (let step = 0; step < 100 && Math.abs(slope) > 1e-6; step++) {
    const next = z - slope / (length + cost / (cost - z) / z);
    z = next <= 0 ? 0.1 * z : next;
    slope = slopeAt(z);
  }
  return { at: z, slope: first };
}
