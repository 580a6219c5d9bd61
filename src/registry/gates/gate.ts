import type { Costs } from "../../model/artifact.js";
import type {
  AnyMetricName,
  BootstrapOptions,
  ClassEvaluation,
  classMetricNames,
  MetricName,
  MetricValue,
} from "../../model/evaluate/index.js";
import { checkAbsolute, checkMeasured, checkRelative, checkRequirement, checkSoundness } from "./gate-checks.js";
import { observedFor } from "./gate-observed.js";
import { checkSegments } from "./gate-segments.js";
import type { MeasureName } from "./measures.js";
import type { SoundnessDemand } from "./soundness.js";

/** Rivals for a comparison. */
export type Rival = "champion" | "baseline";

type Limit = { readonly min: number } | { readonly max: number };

/**
 * The metric's own value, at least `min` or at most `max`. Metrics over all classes, such as `classes.logLoss`, are for models
 * of more than two.
 */
export type AbsoluteRequirement = { readonly metric: AnyMetricName } & Limit;

/** A metric of one class against all others; a row is taken for its most probable class. */
export type ClassRequirement = {
  readonly class: string;
  readonly metric: (typeof classMetricNames)[number];
} & Limit;

/**
 * The metric against a rival's on the same rows, by the lower end of the paired bootstrap interval (97.5 % confidence):
 * `betterThan` by more than `margin` (default 0), `notWorseThan` by `margin` or more (default 0.01).
 */
export type RelativeRequirement =
  | { readonly metric: MetricName; readonly betterThan: Rival; readonly margin?: number | undefined }
  | {
      readonly metric: MetricName;
      readonly notWorseThan: Rival;
      readonly margin?: number | undefined;
      readonly perSegment?: undefined;
    };

/**
 * No group of rows gets worse: there is none in which the metric is worse than the rival's by more than `margin`
 * (default 0.01) and the whole interval of the difference is below 0, after a correction for the number of groups
 * (Bonferroni). Groups with fewer than `minRows` rows (default 100), or without a value of the metric, are reported
 * as not judged.
 */
export interface SegmentRequirement {
  readonly metric: MetricName;
  readonly notWorseThan: Rival;
  readonly margin?: number | undefined;
  /** The segment: a column, or a name with levels in the evidence. */
  readonly perSegment: string;
  readonly minRows?: number | undefined;
}

/** A measure with an upper limit `max`, in the unit of {@link measures}. */
export interface MeasuredRequirement {
  readonly measure: MeasureName;
  readonly max: number;
}

/** Demands that no metric covers: see {@link soundnessDemands}. */
export interface SoundnessRequirement {
  readonly requires: SoundnessDemand;
}

/** One demand on a model, plain JSON. Without a champion, demands relative to it hold. */
export type Requirement =
  | AbsoluteRequirement
  | RelativeRequirement
  | SegmentRequirement
  | ClassRequirement
  | MeasuredRequirement
  | SoundnessRequirement;

/** Requirements of a promotion; all of them must hold. Plain JSON. */
export interface Gate {
  readonly name: string;
  readonly requirements: readonly Requirement[];
}

/** A model's probabilities of the positive class on the judged rows, and its threshold. */
export interface JudgedScores {
  /** In [0, 1]; for a rival, NaN for a row that it cannot score: the row is left out of the comparison with it. */
  readonly probabilities: Float64Array;
  /** In [0, 1]. */
  readonly threshold: number;
}

/** All models on the same rows. */
export interface JudgedRows {
  /** 1 for the positive class, 0 for the other. */
  readonly labels: Uint8Array;
  readonly candidate: JudgedScores;
  readonly champion?: JudgedScores | undefined;
  readonly baseline?: JudgedScores | undefined;
  /** Of a mistake by any of them, for demands on the profit. */
  readonly costs?: Costs | undefined;
  /** Rivals that exist but cannot be compared, and why: demands relative to them do not hold. */
  readonly unable?: Partial<Readonly<Record<Rival, string>>> | undefined;
  /** Each row's level by the segment's name; null if it is missing, which is a group too. */
  readonly segments?: ReadonlyMap<string, readonly (string | null)[]> | undefined;
  readonly bootstrap?: BootstrapOptions | undefined;
}

/** Inputs of a gate. */
export interface GateEvidence {
  /** The candidate's metrics, with intervals if there are any. */
  readonly metrics: Partial<Readonly<Record<MetricName, MetricValue>>>;
  /** Of the candidate, for requirements on classes. */
  readonly classes?: ClassEvaluation | undefined;
  /** For relative requirements. */
  readonly comparison?: JudgedRows | undefined;
  readonly measures?: Partial<Readonly<Record<MeasureName, number>>> | undefined;
  /** Findings of `soundVerdict`, for demands that no metric covers. */
  readonly soundness?: GateVerdict | undefined;
}

/** Result of one group of rows. */
export interface GroupCheck {
  /** Null for the rows without a segment. */
  readonly level: string | null;
  readonly rows: number;
  /** False if there are too few rows; such a group does not fail the gate. */
  readonly judged: boolean;
  readonly passed: boolean;
  readonly observed: number | null;
  readonly rival: number | null;
  /** The improvement over the rival; its interval is valid for all groups at once with 95 %. */
  readonly improvement?: MetricValue;
}

/** Result of one requirement; plain JSON. */
export interface GateCheck {
  readonly requirement: Requirement;
  readonly passed: boolean;
  /** The candidate's metric or measure, null without a value. */
  readonly observed: number | null;
  /** The rival's, for relative requirements. */
  readonly rival?: number | null;
  /** The improvement over the rival in the metric's better direction, with its 95 % interval. */
  readonly improvement?: MetricValue;
  /** Rows of the comparison. */
  readonly rows?: number;
  /** For demands by segment: every judged group, and the twenty largest of the others. */
  readonly groups?: readonly GroupCheck[];
  /** Groups that were not judged and are not listed. */
  readonly groupsLeftOut?: number;
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
 * @throws ChurnkitError OPTION_INVALID for a gate that cannot be evaluated: an unknown metric, a limit that is not a
 * number; or for a segment whose levels are not one for each row.
 *
 * @example
 * ```ts
 * import { evaluateGate, gates } from "churnkit/registry";
 *
 * const verdict = evaluateGate(gates.aws, { metrics: { accuracy: { value: 0.86 }, f1: { value: 0.77 } } });
 * console.assert(!verdict.passed && verdict.checks[0]?.passed === true);
 * ```
 */
export function evaluateGate(gate: Gate, evidence: GateEvidence): GateVerdict {
  const checks = gate.requirements.map((requirement) => {
    checkRequirement(gate, requirement);
    return check(requirement, evidence);
  });
  return { gate: gate.name, passed: checks.every(({ passed }) => passed), checks };
}

function check(requirement: Requirement, evidence: GateEvidence): GateCheck {
  const { comparison, measures: measured, soundness } = evidence;
  if ("requires" in requirement) return checkSoundness(requirement, soundness);
  if ("measure" in requirement) return checkMeasured(requirement, measured?.[requirement.measure] ?? null);
  if ("min" in requirement || "max" in requirement)
    return checkAbsolute(requirement, observedFor(requirement, evidence));
  if ("betterThan" in requirement || requirement.perSegment === undefined)
    return checkRelative(requirement, comparison);
  return checkSegments(requirement, comparison);
}
