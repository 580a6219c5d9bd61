import { ChurnkitError } from "../../base/errors.js";
import {
  anyMetrics,
  classMetricNames,
  compareScores,
  metricNames,
  metrics,
  type MetricName,
  type MetricValue,
} from "../../model/evaluate/index.js";
import type {
  AbsoluteRequirement,
  ClassRequirement,
  Gate,
  GateCheck,
  GateVerdict,
  JudgedRows,
  MeasuredRequirement,
  RelativeRequirement,
  Requirement,
  Rival,
  SegmentRequirement,
  SoundnessRequirement,
} from "./gate.js";
import { noneBecause, type Observed } from "./gate-observed.js";
import { measures } from "./measures.js";
import { soundnessDemands } from "./soundness.js";

/** Default margin of `notWorseThan`. */
export const defaultMargin = 0.01;

/** @throws ChurnkitError OPTION_INVALID for a requirement that cannot be evaluated. */
export function checkRequirement(gate: Gate, requirement: Requirement): void {
  if ("requires" in requirement && !Object.hasOwn(soundnessDemands, requirement.requires)) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The gate ${gate.name} requires ${JSON.stringify(requirement.requires)}, not one of ${Object.keys(soundnessDemands).join(", ")}.`,
      { where: { value: requirement } },
    );
  }
  if ("requires" in requirement) return;
  const refuse = (what: string): never => {
    throw new ChurnkitError("OPTION_INVALID", `The gate ${gate.name} ${what}.`, { where: { value: requirement } });
  };
  const [what, name] =
    "measure" in requirement ? ["measure", requirement.measure] : (["metric", requirement.metric] as const);
  const names = namesFor(requirement);
  if (!names.includes(name)) refuse(`names the ${what} ${JSON.stringify(name)}, not one of ${names.join(", ")}`);
  const limit =
    "min" in requirement ? requirement.min : "max" in requirement ? requirement.max : (requirement.margin ?? 0);
  if (!Number.isFinite(limit)) refuse(`has a limit for ${name} that is not a number`);
  const { minRows = 1 } = "minRows" in requirement ? requirement : {};
  if (!Number.isSafeInteger(minRows) || minRows < 1) refuse("has a minRows that is not a whole number above 0");
}

/** The metrics or measures that a requirement of its kind may name. */
function namesFor(requirement: Exclude<Requirement, SoundnessRequirement>): readonly string[] {
  if ("measure" in requirement) return Object.keys(measures);
  if ("class" in requirement) return classMetricNames;
  return "min" in requirement || "max" in requirement ? Object.keys(anyMetrics) : metricNames;
}

/** Compares a metric with a limit. */
export function checkAbsolute(
  requirement: AbsoluteRequirement | ClassRequirement,
  { name, value: observed, why }: Observed,
): GateCheck {
  const limit = "min" in requirement ? requirement.min : requirement.max;
  const wanted = `${"min" in requirement ? "at least" : "at most"} ${limit}`;
  if (observed === null) {
    const reason = `${name} has no value${inBrackets(why)}; ${wanted} is required`;
    return { requirement, passed: false, observed, reason };
  }
  const passed = "min" in requirement ? observed >= limit : observed <= limit;
  return { requirement, passed, observed, reason: `${name} ${shown(observed)}, ${wanted} is required` };
}

const inBrackets = (why: string): string => (why === "" ? "" : ` (${why})`);

/** Compares a measure with a limit. */
export function checkMeasured(requirement: MeasuredRequirement, observed: number | null): GateCheck {
  const { label, unit } = measures[requirement.measure];
  const wanted = `at most ${requirement.max} ${unit} is required`;
  if (observed === null)
    return { requirement, passed: false, observed, reason: `the ${label} was not measured; ${wanted}` };
  const value = Number.isInteger(observed) ? observed : Number(observed.toPrecision(3));
  return { requirement, passed: observed <= requirement.max, observed, reason: `${label} ${value} ${unit}, ${wanted}` };
}

/** Checks a model's soundness against the requirement. A demand that was not checked is not met. */
export function checkSoundness(requirement: SoundnessRequirement, found: GateVerdict | undefined): GateCheck {
  const check = found?.checks.find(
    (one) => "requires" in one.requirement && one.requirement.requires === requirement.requires,
  );
  return (
    check ?? {
      requirement,
      passed: false,
      observed: null,
      reason: `it was not checked whether ${soundnessDemands[requirement.requires]}`,
    }
  );
}

/** Two models' scores of the rows that both can score. */
export interface Duel {
  readonly labels: Uint8Array;
  readonly candidate: Float64Array;
  readonly rival: Float64Array;
  /** Positions of the rows among those judged. */
  readonly rows: readonly number[];
  compare(metric: MetricName, rows?: readonly number[]): DuelResult;
}

/** A metric of both models, and the improvement over the rival in the metric's better direction. */
export interface DuelResult {
  readonly observed: number | null;
  readonly rival: number | null;
  readonly improvement: MetricValue;
}

/** The scores to compare or, without any, the requirement's result. */
export function duelWith(
  name: Rival,
  requirement: RelativeRequirement | SegmentRequirement,
  comparison: JudgedRows | undefined,
): Duel | GateCheck {
  const fails = (reason: string): GateCheck => ({ requirement, passed: false, observed: null, reason });
  const unable = comparison?.unable?.[name];
  if (unable !== undefined) return fails(`the ${name} cannot be compared: ${unable}`);
  const rival = comparison?.[name];
  if (comparison === undefined || rival === undefined) {
    return name === "champion"
      ? { ...fails("there is no champion yet"), passed: true }
      : fails(`there is no ${name} to compare with`);
  }
  const { labels, candidate, costs, bootstrap = {} } = comparison;
  const rows = Array.from(labels, (_, row) => row).filter((row) => !Number.isNaN(rival.probabilities[row]));
  if (rows.length * 2 < labels.length)
    return fails(`the ${name} can score only ${rows.length} of the ${labels.length} rows`);
  const options = { ...bootstrap, costs, thresholdA: candidate.threshold, thresholdB: rival.threshold };
  const compare = (metric: MetricName, chosen: readonly number[] = rows): DuelResult => {
    const of = (values: Float64Array): Float64Array => Float64Array.from(chosen, (row) => values[row] ?? NaN);
    const chosenLabels = Uint8Array.from(chosen, (row) => labels[row] ?? 0);
    const { a, b, difference } = compareScores(
      chosenLabels,
      of(candidate.probabilities),
      of(rival.probabilities),
      metric,
      options,
    );
    return {
      observed: a,
      rival: b,
      improvement: metrics[metric].better === "higher" ? difference : negated(difference),
    };
  };
  return { labels, candidate: candidate.probabilities, rival: rival.probabilities, rows, compare };
}

/** Compares a metric with a rival's on the same rows. */
export function checkRelative(requirement: RelativeRequirement, comparison: JudgedRows | undefined): GateCheck {
  const { metric } = requirement;
  const strict = "betterThan" in requirement;
  const name = strict ? requirement.betterThan : requirement.notWorseThan;
  const margin = requirement.margin ?? (strict ? 0 : defaultMargin);
  const duel = duelWith(name, requirement, comparison);
  if ("passed" in duel) return duel;
  const { observed, rival, improvement } = duel.compare(metric);
  const { low, high } = improvement;
  const passed = low !== undefined && (strict ? low > margin : low > -margin);
  const wanted = strict ? `better by more than ${margin}` : `not worse by ${margin}`;
  const interval =
    low === undefined ? `no interval${inBrackets(noneBecause(duel.labels))}` : `${shown(low)} to ${shown(high ?? low)}`;
  const left = duel.labels.length - duel.rows.length;
  return {
    requirement,
    passed,
    observed,
    rival,
    improvement,
    rows: duel.rows.length,
    reason:
      `${metrics[metric].label} ${shown(observed)}, the ${name}'s ${shown(rival)}: improvement ${shown(improvement.value)} ` +
      `(95 % ${interval}), ${wanted} is required${left > 0 ? `; ${left} rows that the ${name} cannot score are left out` : ""}`,
  };
}

/** Negated; 0 stays 0, because JSON has no -0. */
function negated({ value, low, high }: MetricValue): MetricValue {
  return {
    value: value === null ? null : 0 - value,
    ...(high === undefined ? {} : { low: 0 - high }),
    ...(low === undefined ? {} : { high: 0 - low }),
  };
}

/** Name of a metric in messages. */
export const shown = (value: number | null): string => (value === null ? "none" : value.toFixed(4));
