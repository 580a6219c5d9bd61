import { log } from "../../../base/elementary.js";
import { logit, rowLogLoss } from "../../../stats/logistic.js";
import type { Calibration } from "../../artifact.js";
import { newtonLogistic } from "./newton.js";

/** Held-out rows to calibrate on. */
export interface CalibrationRows {
  readonly labels: Uint8Array;
  readonly probabilities: Float64Array;
}

/**
 * Platt scaling, sigmoid(slope * logit(p) + intercept) (Platt 1999; Lin, Lin and Weng 2007).
 *
 * @returns null over one class, or without a slope above 0: it would reverse the ranking.
 */
export function fitPlatt({ labels, probabilities }: CalibrationRows): Calibration | null {
  const fitted = fitTo(labels, [probabilities.map(logit)]);
  const [slope, intercept] = fitted ?? [];
  return slope !== undefined && intercept !== undefined && slope > 0 ? { kind: "platt", slope, intercept } : null;
}

/**
 * Beta calibration, sigmoid(a * log(p) - b * log(1 - p) + c) with a and b of 0 or more (Kull, Silva Filho and Flach
 * 2017): Platt scaling with a slope of its own for either end.
 *
 * @returns null over one class, and where neither slope is above 0.
 */
export function fitBeta({ labels, probabilities }: CalibrationRows): Calibration | null {
  const ofOne = probabilities.map((p) => -rowLogLoss(1, p));
  const ofNone = probabilities.map((p) => rowLogLoss(0, p));
  const [a = 0, b = 0, c] = fitTo(labels, [ofOne, ofNone]) ?? [];
  if (c === undefined) return null;
  if (a > 0 && b > 0) return { kind: "beta", a, b, c };
  // A slope below 0 would reverse part of the ranking: the fit under the limit has that slope at 0.
  const one = fitTo(labels, [a > b ? ofOne : ofNone]);
  const [slope = 0, intercept = 0] = one ?? [];
  if (!(slope > 0)) return null;
  return { kind: "beta", a: a > b ? slope : 0, b: a > b ? 0 : slope, c: intercept };
}

/**
 * Fits slopes and an intercept on Platt's smoothed targets, (n+ + 1) / (n+ + 2) and 1 / (n- + 2); null over one class.
 * Centered features separate the slopes from the intercept: if all probabilities are equal, only that one moves.
 */
function fitTo(labels: Uint8Array, features: readonly Float64Array[]): readonly number[] | null {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const negatives = labels.length - positives;
  if (positives === 0 || negatives === 0) return null;
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (negatives + 2);
  const means = features.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  const centered = features.map((values, k) => values.map((value) => value - (means[k] as number)));
  // A flat start keeps every row's curvature in the first step, even for probabilities of 0 and 1.
  const widest = centered.map((values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 1));
  const fitted = newtonLogistic(
    centered,
    Float64Array.from(labels, (label) => (label === 1 ? high : low)),
    [...widest.map((width) => 1 / (features.length * width)), log(positives / negatives)],
  );
  const slopes = fitted.slice(0, features.length);
  const intercept = slopes.reduce(
    (sum, slope, k) => sum - slope * (means[k] as number),
    fitted[features.length] as number,
  );
  return [...slopes, intercept];
}
