import { ChurnkitError } from "../../base/errors.js";
import { checkFloors, checkNumber } from "../performance/calibration-policy.js";
import { minimumSample, type Floors } from "../../drift/policy.js";
import { biasMetrics, type BiasMetric } from "./bias-metrics.js";

/** Allowed range of a metric. */
export type AllowedRange = readonly [low: number, high: number];

/** Every number behind a verdict on bias. */
export interface BiasPolicy {
  /** Metrics that are judged, with their allowed ranges; the others are reported only. */
  readonly allowed: Readonly<Partial<Record<BiasMetric, AllowedRange>>>;
  /** Confidence of every interval of a report. */
  readonly confidence: number;
  /** Significance level of a change since the baseline, shared by all metrics of all groups (Bonferroni). */
  readonly alpha: number;
  /** Minimum change of a judged metric. */
  readonly change: Floors;
  /** A change is not judged if a group has fewer rows on either side. */
  readonly leastRows: number;
  /** "insufficient" instead of "stable" if the interval of a change reaches farther than this. */
  readonly coarsestChange: number;
}

/**
 * The default policy. Disparate impact from 0.8 to 1.25 is the four-fifths rule of the US Uniform Guidelines on Employee
 * Selection Procedures (1978), both ways; a gap of 0.1 between groups is a convention, not a law: set your own.
 */
export const defaultBiasPolicy: BiasPolicy = {
  allowed: {
    DPPL: [-0.1, 0.1],
    DI: [0.8, 1.25],
    RD: [-0.1, 0.1],
    AD: [-0.1, 0.1],
    EO: [0, 0.1],
  },
  confidence: 0.95,
  alpha: 0.05,
  change: { warning: 0.05, critical: 0.1 },
  leastRows: minimumSample,
  coarsestChange: 0.25,
};

/**
 * The default policy with some numbers replaced. `allowed` is replaced completely.
 *
 * @throws ChurnkitError OPTION_INVALID for an unknown metric or a number out of range.
 */
export function biasPolicy(overrides: Partial<BiasPolicy> = {}): BiasPolicy {
  const policy = { ...defaultBiasPolicy, ...overrides };
  checkNumber("confidence", policy.confidence, 0.5, 1 - 1e-14);
  checkNumber("alpha", policy.alpha, 1e-12, 0.5);
  checkFloors("change", policy.change, 100);
  checkNumber("leastRows", policy.leastRows, 1, 1e9);
  checkNumber("coarsestChange", policy.coarsestChange, 0.001, 100);
  for (const [name, [low, high]] of Object.entries(policy.allowed)) {
    if (!Object.hasOwn(biasMetrics, name))
      throw new ChurnkitError(
        "OPTION_INVALID",
        `Unknown bias metric "${name}". Use one of ${Object.keys(biasMetrics).join(", ")}.`,
      );
    if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high))
      throw new ChurnkitError(
        "OPTION_INVALID",
        `The allowed range of ${name} is ${low} to ${high}. Give two numbers, the lower first.`,
      );
  }
  return policy;
}
