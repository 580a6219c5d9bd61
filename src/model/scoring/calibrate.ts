import { logit, logOnePlusExp, sigmoid } from "../../stats/logistic.js";
import type { Calibration } from "../artifact.js";

/**
 * The calibrated probability. Never falls where `probability` rises; probabilities nearer than 2^-52 to 0 or 1 count
 * as that near.
 *
 * @param probability In [0, 1].
 * @returns a probability in [0, 1].
 */
export function calibrate(calibration: Calibration, probability: number): number {
  return calibration.kind === "identity" ? probability : sigmoid(calibrateLogOdds(calibration, logit(probability)));
}

/** The calibrated log odds of log odds z. */
export function calibrateLogOdds(calibration: Calibration, z: number): number {
  switch (calibration.kind) {
    case "identity":
      return z;
    case "platt":
      return calibration.slope * z + calibration.intercept;
    case "beta":
      return calibration.b * logOnePlusExp(z) - calibration.a * logOnePlusExp(-z) + calibration.c;
    case "isotonic":
      return onLines(calibration.from, calibration.to, z);
  }
}

/** The slope of the line between two points of {@link calibrateLogOdds}; 0 if they are one and the curve bends. */
export function calibrationSlope(calibration: Calibration, from: number, to: number): number {
  if (calibration.kind === "identity") return 1;
  if (calibration.kind === "platt") return calibration.slope;
  return from === to ? 0 : (calibrateLogOdds(calibration, to) - calibrateLogOdds(calibration, from)) / (to - from);
}

function onLines(from: readonly number[], to: readonly number[], z: number): number {
  const last = from.length - 1;
  const [first, end] = [from[0] as number, from[last] as number];
  if (z <= first) return z - first + (to[0] as number);
  if (z >= end) return z - end + (to[last] as number);
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((from[middle] as number) <= z) low = middle;
    else high = middle;
  }
  const share = (z - (from[low] as number)) / ((from[high] as number) - (from[low] as number));
  return (to[low] as number) + share * ((to[high] as number) - (to[low] as number));
}
