import { exp, log, square } from "../../../base/elementary.js";
import type { ClassesModel } from "../../artifact.js";
import { factorise, solve } from "../../kinds/linear/cholesky.js";

/** A line through the log odds of each class. */
export type Softmax = Pick<ClassesModel, "slopes" | "biases">;

/** Pulls slopes toward 1 and biases toward 0 as strongly as one row that is hard to tell, so that few rows move them little. */
const prior = 1;
const mostSteps = 50;
const tolerance = 1e-10;

/**
 * Fits the lines of a softmax to rows that the models held out: multinomial logistic regression on one log odds for each
 * class ("vector scaling", Guo et al. 2017), by Newton's method with halved steps.
 *
 * @param logOdds rows x classes, row-major.
 * @param codes the class of each row.
 */
export function fitSoftmax(logOdds: Float64Array, codes: Uint8Array, count: number, weights?: Float64Array): Softmax {
  const rows: Rows = { logOdds, codes, count, weights };
  // The slopes, then the biases.
  let at = new Float64Array(2 * count).fill(1, 0, count);
  let loss = lossOf(rows, at);
  for (let iteration = 0; iteration < mostSteps; iteration++) {
    const step = newtonStep(rows, at);
    let share = 1;
    let next = at;
    let there = Infinity;
    for (; share > 1e-6; share /= 2) {
      const scale = share;
      next = at.map((value, i) => value - scale * (step[i] as number));
      there = lossOf(rows, next);
      if (there <= loss) break;
    }
    if (!(there < loss)) break;
    const settled = loss - there <= tolerance * loss;
    [at, loss] = [next, there];
    if (settled) break;
  }
  return { slopes: [...at.subarray(0, count)], biases: [...at.subarray(count)] };
}

interface Rows {
  readonly logOdds: Float64Array;
  readonly codes: Uint8Array;
  readonly count: number;
  readonly weights: Float64Array | undefined;
}

/** Writes the probabilities of a row into `out`, and returns the log of the softmax's denominator less the row's own term. */
function softmaxOf({ logOdds, codes, count }: Rows, at: Float64Array, row: number, out: Float64Array): number {
  let most = -Infinity;
  for (let k = 0; k < count; k++) {
    const z = (at[k] as number) * (logOdds[row * count + k] as number) + (at[count + k] as number);
    out[k] = z;
    most = Math.max(most, z);
  }
  const own = out[codes[row] as number] as number;
  let sum = 0;
  for (let k = 0; k < count; k++) {
    out[k] = exp((out[k] as number) - most);
    sum += out[k] as number;
  }
  for (let k = 0; k < count; k++) out[k] = (out[k] as number) / sum;
  return log(sum) + most - own;
}

function lossOf(rows: Rows, at: Float64Array): number {
  const { codes, count, weights } = rows;
  const out = new Float64Array(count);
  let loss = 0;
  for (let i = 0; i < 2 * count; i++) loss += (prior / 2) * square((at[i] as number) - Number(i < count));
  for (let row = 0; row < codes.length; row++) loss += (weights?.[row] ?? 1) * softmaxOf(rows, at, row, out);
  return loss;
}

/** The inverse Hessian times the gradient. */
function newtonStep(rows: Rows, at: Float64Array): Float64Array {
  const { logOdds, codes, count, weights } = rows;
  const size = 2 * count;
  const hessian = new Float64Array(size * size);
  const step = new Float64Array(size);
  const p = new Float64Array(count);
  for (let row = 0; row < codes.length; row++) {
    softmaxOf(rows, at, row, p);
    const weight = weights?.[row] ?? 1;
    for (let i = 0; i < size; i++) {
      const [k, x] = [i % count, i < count ? (logOdds[row * count + i] as number) : 1];
      step[i] = (step[i] as number) + weight * x * ((p[k] as number) - Number(codes[row] === k));
      for (let j = 0; j <= i; j++) {
        const [l, y] = [j % count, j < count ? (logOdds[row * count + j] as number) : 1];
        const curvature = (p[k] as number) * (Number(k === l) - (p[l] as number));
        hessian[i * size + j] = (hessian[i * size + j] as number) + weight * x * y * curvature;
      }
    }
  }
  for (let i = 0; i < size; i++) {
    step[i] = (step[i] as number) + prior * ((at[i] as number) - Number(i < count));
    hessian[i * size + i] = (hessian[i * size + i] as number) + prior;
  }
  factorise(hessian, size);
  solve(hessian, size, step);
  return step;
}
