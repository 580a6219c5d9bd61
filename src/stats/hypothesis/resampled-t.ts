import { ChurnkitError } from "../../base/errors.js";
import { criticalValue, studentTwoSidedTail } from "../special.js";

/** Mean of values of several resamples, with its interval and the test that it is 0. */
export interface ResampledT {
  readonly mean: number;
  /** Of the mean, corrected for training rows that the resamples share. */
  readonly standardError: number;
  /** 95 % interval. */
  readonly low: number;
  readonly high: number;
  readonly t: number;
  readonly degreesOfFreedom: number;
  /** Two-sided. */
  readonly p: number;
}

/**
 * The corrected resampled t-test (Nadeau and Bengio, Inference for the generalization error, 2003): models of different
 * folds share most of their training rows, so the plain variance of a mean over folds is too small. With n values of
 * variance s^2 the variance of the mean is (1 / n + ratio) s^2. For repeated cross-validation n counts the folds of all
 * repeats (Bouckaert and Frank 2004).
 *
 * @param values a metric, or the difference of two models, on each of at least two test folds.
 * @param ratio test rows over training rows of a fold.
 * @throws ChurnkitError TOO_FEW_ROWS for fewer than two values.
 */
export function resampledT(values: readonly number[], ratio: number): ResampledT {
  const n = values.length;
  if (n < 2)
    throw new ChurnkitError("TOO_FEW_ROWS", `A test over folds needs at least two of them, and there is ${n}.`);
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / (n - 1);
  const standardError = Math.sqrt((1 / n + ratio) * variance);
  const degreesOfFreedom = n - 1;
  const t = standardError === 0 ? (mean === 0 ? 0 : Math.sign(mean) * Number.MAX_VALUE) : mean / standardError;
  const margin = criticalValue((x) => studentTwoSidedTail(x, degreesOfFreedom), 0.05) * standardError;
  const { p } = studentTwoSidedTail(t, degreesOfFreedom);
  return { mean, standardError, low: mean - margin, high: mean + margin, t, degreesOfFreedom, p };
}
