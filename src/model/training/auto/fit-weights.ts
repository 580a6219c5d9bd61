import { square } from "../../../base/elementary.js";
import { logOnePlusExp, sigmoid } from "../../../stats/logistic.js";

/** Log odds of the same rows by several models, one array each. */
export type LogOdds = readonly Float64Array[];

/** Labels of rows, with weights of mean 1 if some rows count more. */
export interface Labels {
  readonly labels: Uint8Array;
  readonly rowWeights?: Float64Array | undefined;
}

/** Labels of some rows, and their weights scaled to the mean 1. */
export function labelsAt(labels: Uint8Array, rowWeights: Float32Array | undefined, rows: Uint32Array): Labels {
  const own = Uint8Array.from(rows, (row) => labels[row] as number);
  if (!rowWeights) return { labels: own };
  const weights = Float64Array.from(rows, (row) => rowWeights[row] as number);
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  return { labels: own, rowWeights: weights.map((weight) => weight / mean) };
}

/** A weighted sum of log odds, with its intercept. */
export interface Sum {
  /** 0 or more. */
  readonly coefficients: Float64Array;
  readonly intercept: number;
  /** Summed over the rows, with the penalty. */
  readonly loss: number;
}

const mostSteps = 25;
const tolerance = 1e-7;

/**
 * Logistic regression of the labels on log odds, without negative coefficients: stacking (Wolpert 1992; Breiman 1996).
 * The summed loss has the penalty `prior / 2 * |coefficient - 1 / K|^2`, so that with few rows the K coefficients stay
 * nearly equal. Newton's method; each step's quadratic is minimized coordinate by coordinate.
 */
export function fitSum(logOdds: LogOdds, { labels, rowWeights }: Labels, rows: Uint32Array, prior: number): Sum {
  const count = logOdds.length;
  const size = count + 1;
  // The last place is the intercept's.
  let at: Float64Array = new Float64Array(size).fill(1 / count, 0, count);
  const margins = new Float64Array(rows.length);
  const loss = (point: Float64Array): number => {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += (prior / 2) * square((point[k] as number) - 1 / count);
    rows.forEach((row, i) => {
      let z = point[count] as number;
      for (let k = 0; k < count; k++) z += (point[k] as number) * (logOdds[k]?.[row] as number);
      margins[i] = z;
      sum += (rowWeights?.[row] ?? 1) * (logOnePlusExp(z) - z * (labels[row] as number));
    });
    return sum;
  };
  let current = loss(at);
  for (let step = 0; step < mostSteps; step++) {
    const { gradient, hessian } = derivatives(logOdds, { labels, rowWeights }, rows, margins, at, prior);
    const target = minimumOf(at, gradient, hessian);
    let share = 1;
    let next = target;
    let there = loss(next);
    while (there > current && share > 1e-3) {
      share /= 2;
      const mixed = share;
      next = at.map((value, k) => value + mixed * ((target[k] as number) - value));
      there = loss(next);
    }
    const gain = current - there;
    if (!(gain > 0)) break;
    [at, current] = [next, there];
    if (gain < tolerance * rows.length) break;
  }
  return { coefficients: at.slice(0, count), intercept: at[count] as number, loss: current };
}

/** Gradient and Hessian of the penalized loss. */
function derivatives(
  logOdds: LogOdds,
  { labels, rowWeights }: Labels,
  rows: Uint32Array,
  margins: Float64Array,
  at: Float64Array,
  prior: number,
): { gradient: Float64Array; hessian: Float64Array } {
  const count = logOdds.length;
  const size = count + 1;
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  const values = new Float64Array(size).fill(1);
  rows.forEach((row, i) => {
    const p = sigmoid(margins[i] as number);
    const weight = rowWeights?.[row] ?? 1;
    const error = weight * (p - (labels[row] as number));
    const curvature = weight * p * (1 - p);
    for (let k = 0; k < count; k++) values[k] = logOdds[k]?.[row] as number;
    for (let k = 0; k < size; k++) {
      const value = values[k] as number;
      const scaled = curvature * value;
      gradient[k] = (gradient[k] as number) + error * value;
      for (let j = 0; j <= k; j++)
        hessian[k * size + j] = (hessian[k * size + j] as number) + scaled * (values[j] as number);
    }
  });
  for (let k = 0; k < size; k++) {
    for (let j = 0; j < k; j++) hessian[j * size + k] = hessian[k * size + j] as number;
    // The ridge keeps each coordinate's step finite where all probabilities are 0 or 1.
    hessian[k * size + k] = (hessian[k * size + k] as number) + (k < count ? prior : 0) + 1e-9;
    if (k < count) gradient[k] = (gradient[k] as number) + prior * ((at[k] as number) - 1 / count);
  }
  return { gradient, hessian };
}

/** The minimum of the quadratic around a point; all coordinates but the last are 0 or more. */
function minimumOf(from: Float64Array, gradient: Float64Array, hessian: Float64Array): Float64Array {
  const size = from.length;
  const at = from.slice();
  const slope = gradient.slice();
  for (let sweep = 0; sweep < 500; sweep++) {
    let moved = 0;
    for (let k = 0; k < size; k++) {
      const old = at[k] as number;
      const free = old - (slope[k] as number) / (hessian[k * size + k] as number);
      const next = k < size - 1 ? Math.max(0, free) : free;
      const step = next - old;
      if (step === 0) continue;
      at[k] = next;
      for (let j = 0; j < size; j++) slope[j] = (slope[j] as number) + step * (hessian[k * size + j] as number);
      moved = Math.max(moved, Math.abs(step));
    }
    if (moved < 1e-9) break;
  }
  return at;
}
