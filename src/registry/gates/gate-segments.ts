import { counted } from "../../base/counted.js";
import { ChurnkitError } from "../../base/errors.js";
import { criticalValue, normalTwoSidedTail } from "../../stats/special.js";
import { metrics, type MetricValue } from "../../model/evaluate/index.js";
import type { GateCheck, GroupCheck, JudgedRows, SegmentRequirement } from "./gate.js";
import { defaultMargin, duelWith, shown, type Duel, type DuelResult } from "./gate-checks.js";

const defaultMinRows = 100;
/** Limit on the listed groups that were not judged. */
const mostUnjudged = 20;
/** Significance level over all groups together. */
const alpha = 0.05;

/** Compares a metric with a rival's in every group of rows. */
export function checkSegments(requirement: SegmentRequirement, comparison: JudgedRows | undefined): GateCheck {
  const {
    metric,
    notWorseThan: name,
    perSegment: segment,
    margin = defaultMargin,
    minRows = defaultMinRows,
  } = requirement;
  const duel = duelWith(name, requirement, comparison);
  if ("passed" in duel) return duel;
  const levels = comparison?.segments?.get(segment);
  if (levels === undefined) {
    return {
      requirement,
      passed: false,
      observed: null,
      reason: `the rows are not grouped by ${segment}, which the gate requires`,
    };
  }
  if (levels.length !== duel.labels.length) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The segment ${segment} has ${levels.length} levels for ${duel.labels.length} rows. Give one per row.`,
    );
  }
  const groups = groupsOf(duel, levels);
  const results = groups.map(({ rows }) => (rows.length < minRows ? undefined : valued(duel.compare(metric, rows))));
  const judged = results.filter((result) => result !== undefined).length;
  const factor = widening(judged);
  const checks = groups.map(({ level, rows }, i): GroupCheck => {
    const result = results[i];
    if (result === undefined)
      return { level, rows: rows.length, judged: false, passed: true, observed: null, rival: null };
    const improvement = widened(result.improvement, factor);
    const worse = (improvement.value ?? 0) < -margin && (improvement.high ?? 0) < 0;
    return {
      level,
      rows: rows.length,
      judged: true,
      passed: !worse,
      observed: result.observed,
      rival: result.rival,
      improvement,
    };
  });
  const unjudged = checks.filter((check) => !check.judged).sort((a, b) => b.rows - a.rows);
  const listed = [...checks.filter((check) => check.judged), ...unjudged.slice(0, mostUnjudged)];
  const left = unjudged.length - Math.min(unjudged.length, mostUnjudged);
  const whole = duel.compare(metric);
  return {
    requirement,
    passed: judged > 0 && checks.every(({ passed }) => passed),
    observed: whole.observed,
    rival: whole.rival,
    improvement: whole.improvement,
    rows: duel.rows.length,
    groups: listed,
    ...(left > 0 ? { groupsLeftOut: left } : {}),
    reason: reasonOf(requirement, checks, minRows, margin),
  };
}

interface Group {
  readonly level: string | null;
  readonly rows: readonly number[];
}

/** The rows of each level, levels in order of their names, missing last. */
function groupsOf(duel: Duel, levels: readonly (string | null)[]): Group[] {
  const rowsOf = new Map<string | null, number[]>();
  for (const row of duel.rows) {
    const level = levels[row] ?? null;
    const rows = rowsOf.get(level);
    if (rows === undefined) rowsOf.set(level, [row]);
    else rows.push(row);
  }
  const groups = [...rowsOf].map(([level, rows]) => ({ level, rows }));
  return groups.sort((a, b) => (a.level === null ? 1 : b.level === null ? -1 : a.level < b.level ? -1 : 1));
}

/** A comparison with an interval; undefined if the metric has no value in the group, or in most resamples of it. */
const valued = (result: DuelResult): DuelResult | undefined =>
  result.improvement.low === undefined ? undefined : result;

/**
 * Factor by which a 95 % interval grows to be valid for `groups` comparisons at once (Bonferroni), as for a normal
 * distribution: that far out in the tails a thousand resamples say little.
 */
function widening(groups: number): number {
  return groups < 2 ? 1 : criticalValue(normalTwoSidedTail, alpha / groups) / criticalValue(normalTwoSidedTail, alpha);
}

function widened({ value, low, high }: MetricValue, factor: number): MetricValue {
  if (value === null || low === undefined || high === undefined) return { value };
  return { value, low: value - (value - low) * factor, high: value + (high - value) * factor };
}

function reasonOf(
  { metric, notWorseThan: name, perSegment }: SegmentRequirement,
  checks: readonly GroupCheck[],
  minRows: number,
  margin: number,
): string {
  const { label } = metrics[metric];
  const judged = checks.filter((check) => check.judged).length;
  const few = checks.length - judged;
  const unjudged = few > 0 ? `; ${few} of fewer than ${minRows} rows, or without a value, not judged` : "";
  const worse = checks.filter(({ passed }) => !passed);
  if (judged === 0) return `${label} by ${perSegment}: no group has ${minRows} rows and a value, so none can be judged`;
  const all = `${counted(judged, "group")} judged`;
  if (worse.length === 0)
    return `${label} by ${perSegment}: ${all}, none worse than the ${name}'s by more than ${margin}${unjudged}`;
  const said = worse.slice(0, 5).map(({ level, observed, rival, improvement }) => {
    const interval = `${shown(improvement?.low ?? null)} to ${shown(improvement?.high ?? null)}`;
    const group = level === null ? "(missing)" : JSON.stringify(level.slice(0, 40));
    return `${group} ${shown(observed)}, the ${name}'s ${shown(rival)} (improvement ${shown(improvement?.value ?? null)}, ${interval} over all groups)`;
  });
  const more = worse.length > said.length ? ` and ${worse.length - said.length} more` : "";
  return `${label} by ${perSegment}: ${all}, worse in ${said.join("; ")}${more}${unjudged}`;
}
