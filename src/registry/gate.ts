import { ChurnkitError } from "../base/errors.js";
import type { BootstrapOptions } from "../model/evaluate/bootstrap.js";
import { compareScores } from "../model/evaluate/compare-scores.js";
import { metrics, type MetricName, type MetricValue } from "../model/evaluate/metrics.js";

/** What a model may be compared with. */
export type Rival = "champion" | "baseline";

/**
 * One demand on a model, plain JSON:
 * - `min`, `max`: the metric's own value.
 * - `betterThan`: better than the rival on the same rows by more than `margin` (default 0), with 97.5 % confidence
 *   (the lower end of the paired bootstrap interval).
 * - `notWorseThan`: not worse than the rival by `margin` or more (default 0.01), with the same confidence.
 *
 * Where there is no champion yet, demands relative to it hold.
 */
export type Requirement =
  | { readonly metric: MetricName; readonly min: number }
  | { readonly metric: MetricName; readonly max: number }
  | { readonly metric: MetricName; readonly betterThan: Rival; readonly margin?: number | undefined }
  | { readonly metric: MetricName; readonly notWorseThan: Rival; readonly margin?: number | undefined };

/** What a model must show before it is promoted; all requirements must hold. Plain JSON. */
export interface Gate {
  readonly name: string;
  readonly requirements: readonly Requirement[];
}

/** A model's probabilities of the positive class on the judged rows, and its threshold. */
export interface JudgedScores {
  readonly probabilities: Float64Array;
  /** In [0, 1]. */
  readonly threshold: number;
}

/** What a gate is evaluated on. */
export interface GateEvidence {
  /** The candidate's metrics, with intervals where there are any. */
  readonly metrics: Partial<Readonly<Record<MetricName, MetricValue>>>;
  /** For relative requirements: all models on the same rows. */
  readonly comparison?: {
    /** 1 for the positive class, 0 for the other. */
    readonly labels: Uint8Array;
    readonly candidate: JudgedScores;
    readonly champion?: JudgedScores | undefined;
    readonly baseline?: JudgedScores | undefined;
    readonly bootstrap?: BootstrapOptions | undefined;
  } | undefined;
}

/** How one requirement came out; plain JSON. */
export interface GateCheck {
  readonly requirement: Requirement;
  readonly passed: boolean;
  /** The candidate's metric, null where it has no value. */
  readonly observed: number | null;
  /** The rival's, for relative requirements. */
  readonly rival?: number | null;
  /** The improvement over the rival in the metric's better direction, with its 95 % interval. */
  readonly improvement?: MetricValue;
  /** One sentence for people. */
  readonly reason: string;
}

/** A gate's verdict with its evidence; plain JSON, kept in the registry's history. */
export interface GateVerdict {
  readonly gate: string;
  readonly passed: boolean;
  readonly checks: readonly GateCheck[];
}

/**
 * Judges a model by a gate. Refusal is a result, not an exception; nothing is changed.
 *
 * @throws ChurnkitError OPTION_INVALID for a gate that cannot be evaluated: an unknown metric, a limit that is no number.
 *
 * @example
 * ```ts
 * import { awsGate, evaluateGate } from "churnkit/registry";
 *
 * const verdict = evaluateGate(awsGate, { metrics: { accuracy: { value: 0.86 }, f1: { value: 0.77 } } });
 * console.assert(!verdict.passed && verdict.checks[0]?.passed === true);
 * ```
 */
export function evaluateGate(gate: Gate, evidence: GateEvidence): GateVerdict {
  const checks = gate.requirements.map((requirement) => {
    checkRequirement(gate, requirement);
    return "min" in requirement || "max" in requirement
      ? checkAbsolute(requirement, evidence.metrics[requirement.metric]?.value ?? null)
      : checkRelative(requirement, evidence.comparison);
  });
  return { gate: gate.name, passed: checks.every((check) => check.passed), checks };
}

type Absolute = Extract<Requirement, { min: number } | { max: number }>;
type Relative = Exclude<Requirement, Absolute>;

function checkRequirement(gate: Gate, requirement: Requirement): void {
  const refuse = (what: string): never => {
    throw new ChurnkitError("OPTION_INVALID", `The gate ${gate.name} ${what}.`, { where: { value: requirement } });
  };
  const { metric } = requirement;
  if (!Object.hasOwn(metrics, metric)) refuse(`names the metric ${JSON.stringify(metric)}, not one of ${Object.keys(metrics).join(", ")}`);
  const limit = "min" in requirement ? requirement.min : "max" in requirement ? requirement.max : (requirement.margin ?? 0);
  if (!Number.isFinite(limit)) refuse(`has a limit for ${metric} that is no number`);
}

function checkAbsolute(requirement: Absolute, observed: number | null): GateCheck {
  const { label } = metrics[requirement.metric];
  const limit = "min" in requirement ? requirement.min : requirement.max;
  const wanted = `${"min" in requirement ? "at least" : "at most"} ${limit}`;
  if (observed === null) return { requirement, passed: false, observed, reason: `${label} has no value; ${wanted} is asked` };
  const passed = "min" in requirement ? observed >= limit : observed <= limit;
  return { requirement, passed, observed, reason: `${label} ${shown(observed)}, ${wanted} is asked` };
}

function checkRelative(requirement: Relative, comparison: GateEvidence["comparison"]): GateCheck {
  const { metric } = requirement;
  const { label, better } = metrics[metric];
  const strict = "betterThan" in requirement;
  const name = strict ? requirement.betterThan : requirement.notWorseThan;
  const margin = requirement.margin ?? (strict ? 0 : 0.01);
  const rival = comparison?.[name];
  if (comparison === undefined || rival === undefined) {
    const passed = name === "champion";
    return { requirement, passed, observed: null, reason: passed ? "there is no champion yet" : `there is no ${name} to compare with` };
  }
  const { labels, candidate, bootstrap = {} } = comparison;
  const compared = compareScores(labels, candidate.probabilities, rival.probabilities, metric, {
    ...bootstrap,
    thresholdA: candidate.threshold,
    thresholdB: rival.threshold,
  });
  const improvement = better === "higher" ? compared.difference : negated(compared.difference);
  const low = improvement.low;
  const passed = low !== undefined && (strict ? low > margin : low > -margin);
  const wanted = strict ? `better by more than ${margin}` : `not worse by ${margin}`;
  const interval = low === undefined ? "no interval" : `${shown(low)} to ${shown(improvement.high ?? low)}`;
  return {
    requirement,
    passed,
    observed: compared.a,
    rival: compared.b,
    improvement,
    reason:
      `${label} ${shown(compared.a)}, the ${name}'s ${shown(compared.b)}: improvement ${shown(improvement.value)} ` +
      `(95 % ${interval}), ${wanted} is asked`,
  };
}

function negated({ value, low, high }: MetricValue): MetricValue {
  return {
    value: value === null ? null : -value,
    ...(high === undefined ? {} : { low: -high }),
    ...(low === undefined ? {} : { high: -low }),
  };
}

const shown = (value: number | null): string => (value === null ? "none" : value.toFixed(4));
