import { ChurnkitError } from "../../base/errors.js";
import type { Floors } from "../../drift/policy.js";

/** Every number behind a verdict on concept drift. A finding is drift when it is significant and reaches its floor. */
export interface CalibrationPolicy {
  /** Significance level after the correction over the tests (Benjamini and Hochberg). */
  readonly alpha: number;
  /** How far the share of positives may be from the expected one. */
  readonly level: Floors;
  /** How far outcomes may be from the probabilities on average over the bins, beyond what chance brings. */
  readonly shape: Floors;
  /** How far the Brier score may be from the expected one. */
  readonly score: Floors;
  /** "insufficient" instead of "stable" where a change of the level up to this size could well go unseen. */
  readonly coarsestChange: number;
  /** Bins are pooled until the variance of their positives is at least this. */
  readonly minimumVariance: number;
}

/** The default policy: two points of churn are a warning, five are critical. */
export const defaultCalibrationPolicy: CalibrationPolicy = {
  alpha: 0.01,
  level: { warning: 0.02, critical: 0.05 },
  shape: { warning: 0.03, critical: 0.08 },
  score: { warning: 0.01, critical: 0.03 },
  coarsestChange: 0.1,
  minimumVariance: 4,
};

/**
 * The default policy with some numbers replaced.
 *
 * @throws ChurnkitError OPTION_INVALID for a number out of range.
 */
export function calibrationPolicy(overrides: Partial<CalibrationPolicy> = {}): CalibrationPolicy {
  const policy = { ...defaultCalibrationPolicy, ...overrides };
  checkNumber("alpha", policy.alpha, 1e-12, 0.5);
  for (const name of ["level", "shape", "score"] as const) checkFloors(name, policy[name], 1);
  checkNumber("coarsestChange", policy.coarsestChange, 0.001, 1);
  checkNumber("minimumVariance", policy.minimumVariance, 0, 1000);
  return policy;
}

/** @throws ChurnkitError OPTION_INVALID for floors outside [0, most] or out of order. */
export function checkFloors(name: string, { warning, critical }: Floors, most: number): void {
  checkNumber(`${name}.warning`, warning, 0, most);
  checkNumber(`${name}.critical`, critical, warning, most);
}

/** @throws ChurnkitError OPTION_INVALID for a number outside [low, high]. */
export function checkNumber(name: string, value: number, low: number, high: number): void {
  if (value >= low && value <= high) return;
  throw new ChurnkitError("OPTION_INVALID", `The policy's ${name} is ${value}. Give a number from ${low} to ${high}.`, {
    where: { path: name, value },
  });
}
