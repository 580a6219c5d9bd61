import { log } from "../../base/elementary.js";
import { logit, logOnePlusExp, rowLogLoss, sigmoid } from "../../stats/logistic.js";
import { mix32 } from "../../base/random.js";
import type { Calibration } from "../artifact.js";
import { checkScores } from "../evaluate/sorted-scores.js";

const fewestRows = 200;
const folds = 5;
const identity: Calibration = { kind: "identity" };

/**
 * Fits Platt scaling, calibrated p = sigmoid(slope * logit(p) + intercept), by Newton's method on the log loss with
 * Platt's smoothed targets (n+ + 1) / (n+ + 2) and 1 / (n- + 2) (Platt 1999; Lin, Lin and Weng 2007).
 *
 * Returns the identity below 200 rows, over one class, if the slope is not above 0 (it would reverse the ranking),
 * and if scaling does not lower the log loss in 5-fold cross-validation. Nothing is random: a row's fold follows from
 * its position.
 *
 * @param labels 1 for the positive class, 0 for the other.
 * @param probabilities Of rows the model was not trained on, in [0, 1], one for each label.
 * @throws ChurnkitError TOO_FEW_ROWS without rows, VALUE_INVALID for a bad label or probability, OPTION_INVALID for
 * unequal lengths.
 */
export function fitCalibration(labels: Uint8Array, probabilities: Float64Array): Calibration {
  checkScores(labels, probabilities);
  if (labels.length < fewestRows) return identity;
  const logits = Float64Array.from(probabilities, logit);
  const foldOf = Uint8Array.from(labels, (_, row) => mix32(row) % folds);
  let gain = 0;
  for (let fold = 0; fold < folds; fold++) {
    const fitted = fitPlatt(labels, logits, (row) => foldOf[row] !== fold);
    if (fitted === null) return identity;
    for (let row = 0; row < labels.length; row++) {
      if (foldOf[row] !== fold) continue;
      const label = labels[row] as number;
      const scaled = sigmoid(fitted.slope * (logits[row] as number) + fitted.intercept);
      gain += rowLogLoss(label, probabilities[row] as number) - rowLogLoss(label, scaled);
    }
  }
  if (!(gain > 0)) return identity;
  const fitted = fitPlatt(labels, logits, () => true);
  return fitted === null ? identity : { kind: "platt", ...fitted };
}

interface Line {
  readonly slope: number;
  readonly intercept: number;
}

/** Newton with halved steps; null over one class, or without a slope above 0. */
function fitPlatt(labels: Uint8Array, logits: Float64Array, includes: (row: number) => boolean): Line | null {
  const rows = Uint32Array.from(labels.keys()).filter(includes);
  let positives = 0;
  for (const row of rows) positives += labels[row] as number;
  const negatives = rows.length - positives;
  if (positives === 0 || negatives === 0) return null;
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (negatives + 2);
  // Centered logits separate the two parameters: if all probabilities are equal, only the intercept moves.
  const mean = rows.reduce((sum, row) => sum + (logits[row] as number), 0) / rows.length;
  const f = Float64Array.from(rows, (row) => (logits[row] as number) - mean);
  const t = Float64Array.from(rows, (row) => (labels[row] === 1 ? high : low));
  // A flat start keeps every row's curvature in the first step, even for probabilities of 0 and 1.
  const widest = f.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  let line: Line = { slope: 1 / widest, intercept: log(positives / negatives) };
  let loss = plattLoss(f, t, line);
  for (let iteration = 0; iteration < 100; iteration++) {
    const step = newtonStep(f, t, line);
    let next = moved(line, step, 1);
    let nextLoss = plattLoss(f, t, next);
    for (let scale = 0.5; !(nextLoss <= loss) && scale > 1e-10; scale /= 2) {
      next = moved(line, step, scale);
      nextLoss = plattLoss(f, t, next);
    }
    if (!(nextLoss < loss)) break;
    const settled = loss - nextLoss <= 1e-14 * loss;
    line = next;
    loss = nextLoss;
    if (settled) break;
  }
  return line.slope > 0 ? { slope: line.slope, intercept: line.intercept - line.slope * mean } : null;
}

const moved = (line: Line, step: Line, scale: number): Line => ({
  slope: line.slope + scale * step.slope,
  intercept: line.intercept + scale * step.intercept,
});

function plattLoss(f: Float64Array, t: Float64Array, { slope, intercept }: Line): number {
  let loss = 0;
  for (let i = 0; i < f.length; i++) {
    const z = slope * (f[i] as number) + intercept;
    // Cross-entropy with a soft target: log(1 + e^z) - t z, in the form that does not overflow.
    loss += logOnePlusExp(z) - (t[i] as number) * z;
  }
  return loss;
}

function newtonStep(f: Float64Array, t: Float64Array, { slope, intercept }: Line): Line {
  // The ridge keeps the Hessian invertible if all probabilities are equal.
  let ff = 1e-9;
  let f1 = 0;
  let ones = 1e-9;
  let gradientSlope = 0;
  let gradientIntercept = 0;
  for (let i = 0; i < f.length; i++) {
    const x = f[i] as number;
    const p = sigmoid(slope * x + intercept);
    const weight = p * (1 - p);
    const error = p - (t[i] as number);
    ff += weight * x * x;
    f1 += weight * x;
    ones += weight;
    gradientSlope += error * x;
    gradientIntercept += error;
  }
  const determinant = ff * ones - f1 * f1;
  return {
    slope: -(ones * gradientSlope - f1 * gradientIntercept) / determinant,
    intercept: -(ff * gradientIntercept - f1 * gradientSlope) / determinant,
  };
}
