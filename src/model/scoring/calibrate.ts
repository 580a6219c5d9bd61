import { logit, sigmoid } from "../../stats/logistic.js";
import type { Calibration } from "../artifact.js";

/**
 * The calibrated probability. Never falls where `probability` rises; probabilities nearer than 2^-52 to 0 or 1 count
 * as that near.
 *
 * @param probability In [0, 1].
 * @returns a probability in [0, 1].
 */
export function calibrate(calibration: Calibration, probability: number): number {
  switch (calibration.kind) {
    case "identity":
      return probability;
    case "platt":
      return sigmoid(calibration.slope * logit(probability) + calibration.intercept);
  }
}
