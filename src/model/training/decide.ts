import type { Calibration, Decision } from "../artifact.js";
import type { Learned } from "../kinds/learner.js";
import { calibrate } from "../scoring/calibrate.js";
import { fitCalibration } from "./calibration/fit-calibration.js";
import { chooseThreshold, type ThresholdRule } from "./threshold.js";

/** Calibration and threshold of a model, and the rows that chose them. */
export interface Decided {
  readonly calibration: Calibration;
  readonly decision: Decision;
  /** Labels and calibrated probabilities of the rows that the learner held out. */
  readonly labels: Uint8Array;
  readonly probabilities: Float64Array;
  /** The row of each, if some are copies of others. */
  readonly groups?: Uint32Array | undefined;
}

/**
 * Chooses calibration and threshold by the rows that a learner held out.
 *
 * @param labels those of the matrix that the held-out rows are of.
 * @param repeated whether the held-out rows may have copies.
 */
export function decide(
  { heldOut }: Pick<Learned, "heldOut">,
  labels: Uint8Array,
  rule: ThresholdRule,
  repeated = false,
): Decided {
  const held = Uint8Array.from(heldOut.rows, (row) => labels[row] ?? 0);
  const groups = repeated ? heldOut.rows : undefined;
  const calibration = fitCalibration(held, heldOut.probabilities, groups);
  const probabilities = heldOut.probabilities.map((p) => calibrate(calibration, p));
  return { calibration, decision: chooseThreshold(held, probabilities, rule), labels: held, probabilities, groups };
}
