import { ChurnkitError } from "../../base/errors.js";
import { minimumSample } from "../../drift/policy.js";

/** Every number behind a verdict on attributions. */
export interface AttributionPolicy {
  /** NDCG below this is a warning, in [0, 1]. 0.90 is the threshold of SageMaker Clarify. */
  readonly warning: number;
  /** NDCG below this is critical, at most `warning`. */
  readonly critical: number;
  /** Maximum probability that sampling alone comes out as low, for a verdict of drift. */
  readonly alpha: number;
  /** Fewer rows on either side can't be judged. */
  readonly leastRows: number;
}

/** Clarify's threshold as the warning. */
export const defaultAttributionPolicy: AttributionPolicy = {
  warning: 0.9,
  critical: 0.8,
  alpha: 0.01,
  leastRows: minimumSample,
};

/** @throws ChurnkitError OPTION_INVALID for a number out of range. */
export function attributionPolicy(overrides: Partial<AttributionPolicy> = {}): AttributionPolicy {
  const policy = { ...defaultAttributionPolicy, ...overrides };
  const check = (name: keyof AttributionPolicy, low: number, high: number): void => {
    const value = policy[name];
    if (value >= low && value <= high) return;
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The attribution policy's ${name} is ${value}. Give a number from ${low} to ${high}.`,
      {
        where: { path: name, value },
      },
    );
  };
  check("warning", 0, 1);
  check("critical", 0, policy.warning);
  check("alpha", 0.001, 0.5);
  check("leastRows", 2, 1e9);
  return policy;
}
