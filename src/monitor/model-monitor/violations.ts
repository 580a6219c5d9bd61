import { countOfValues, isNumericProfile, type CategoryProfile, type ColumnProfile } from "../../data/profile/index.js";
import { driftOfTally } from "../judging/judge-data.js";
import type { MonitorBaseline } from "../baseline/baseline.js";
import type { Tally } from "../counting/tally.js";
import { featuresOf } from "./columns.js";
import type { FeatureConstraints, MonitorConstraints } from "./constraints.js";

/** The checks of Model Monitor. */
export const constraintChecks = [
  "data_type_check",
  "completeness_check",
  "baseline_drift_check",
  "missing_column_check",
  "extra_column_check",
  "categorical_values_check",
] as const;

/** One violated constraint. */
export interface ConstraintViolation {
  readonly feature_name: string;
  readonly constraint_check_type: (typeof constraintChecks)[number];
  readonly description: string;
}

/** Model Monitor's `constraint_violations.json`. */
export interface ConstraintViolations {
  readonly violations: readonly ConstraintViolation[];
}

/** Rules of the contract about a value's type. */
const typeRules = new Set(["number", "integer", "boolean", "date", "type"]);

const percent = (share: number): string => `${Number((100 * share).toFixed(2))} %`;

/**
 * Checks counts against constraints like Model Monitor, and returns its `constraint_violations.json`. Its rules use
 * size alone; the monitors' own verdicts also ask whether the change could be chance.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { constraintViolations, parseConstraints, type MonitorBaseline } from "churnkit/monitor";
 *
 * export async function check(baseline: MonitorBaseline, counted: Parameters<typeof constraintViolations>[2]): Promise<number> {
 *   const constraints = parseConstraints(JSON.parse(await readFile("constraints.json", "utf8")));
 *   return constraintViolations(constraints, baseline, counted).violations.length;
 * }
 * ```
 */
export function constraintViolations(
  constraints: MonitorConstraints,
  baseline: MonitorBaseline,
  tally: Tally,
): ConstraintViolations {
  const config = constraints.monitoring_config;
  const all = tally.rows + tally.rejected;
  if (config.evaluate_constraints === "Disabled" || all === 0) return { violations: [] };
  const known = new Map(featuresOf(baseline, tally.profile).map(({ column, profile }) => [column.name, profile]));
  const distances =
    config.distribution_constraints.perform_comparison === "Disabled"
      ? new Map<string, number>()
      : distancesOf(constraints, baseline, tally);
  const violations: ConstraintViolation[] = [];
  const add = (
    feature_name: string,
    constraint_check_type: ConstraintViolation["constraint_check_type"],
    description: string,
  ): void => {
    violations.push({ feature_name, constraint_check_type, description });
  };
  for (const feature of constraints.features) {
    const { name } = feature;
    const profile = known.get(name);
    const broken = (test: (rule: string) => boolean): number =>
      tally.issues.reduce((sum, { column, rule, count }) => sum + (column === name && test(rule) ? count : 0), 0);
    const absent = (profile?.missing ?? 0) + broken((rule) => rule === "missing");
    if (profile === undefined || absent >= all) {
      add(
        name,
        "missing_column_check",
        profile === undefined ? "The model's contract does not have this feature." : "No row has a value for it.",
      );
      continue;
    }
    const typed = 1 - broken((rule) => typeRules.has(rule)) / all;
    if (typed < config.datatype_check_threshold) {
      add(
        name,
        "data_type_check",
        `Expected type ${feature.inferred_type} in at least ${percent(config.datatype_check_threshold)} of the rows, found in ${percent(typed)}.`,
      );
    }
    const present = 1 - absent / all;
    if (feature.completeness !== undefined && present < feature.completeness) {
      add(
        name,
        "completeness_check",
        `Expected a value in at least ${percent(feature.completeness)} of the rows, found in ${percent(present)}.`,
      );
    }
    const known_ = shareOfDomains(
      feature,
      profile,
      broken((rule) => rule === "level"),
    );
    if (known_ < config.domain_content_threshold) {
      add(
        name,
        "categorical_values_check",
        `Expected ${percent(config.domain_content_threshold)} of the values among the domains, found ${percent(known_)}.`,
      );
    }
    const distance = distances.get(name);
    const limit = thresholdFor(constraints, profile);
    if (distance !== undefined && distance > limit) {
      add(
        name,
        "baseline_drift_check",
        `Baseline drift distance ${Number(distance.toPrecision(4))} exceeds the threshold ${limit}.`,
      );
    }
  }
  for (const name of tally.extraColumns)
    add(name, "extra_column_check", "The model's contract has no such column; it was left out.");
  return { violations };
}

function thresholdFor(
  { monitoring_config: { distribution_constraints: own } }: MonitorConstraints,
  profile: ColumnProfile,
): number {
  return isNumericProfile(profile)
    ? own.comparison_threshold
    : (own.categorical_comparison_threshold ?? own.comparison_threshold);
}

/** Distances between the baseline's distributions and the current ones: largest gap of distribution functions, or of shares. */
function distancesOf(constraints: MonitorConstraints, baseline: MonitorBaseline, tally: Tally): Map<string, number> {
  const robust = constraints.monitoring_config.distribution_constraints.comparison_method === "Robust";
  const report = driftOfTally(baseline, tally, { data: { leastRows: 1, distribution: { warning: 0, critical: 1 } } });
  const reference = new Map(baseline.profile.columns.map((column) => [column.name, column]));
  const distances = new Map<string, number>();
  for (const { name, shifts } of report.columns) {
    const shift = shifts.find(({ what }) => what === "distribution");
    const before = reference.get(name);
    const now = tally.profile.columns.find((column) => column.name === name);
    if (shift === undefined || before === undefined || now === undefined || (robust && shift.severity === "none"))
      continue;
    const gap = isNumericProfile(before) || isNumericProfile(now) ? shift.effect : largestGap(before, now);
    distances.set(name, gap);
  }
  return distances;
}

function largestGap(before: CategoryProfile, now: CategoryProfile): number {
  const [n, m] = [Math.max(1, countOfValues(before)), Math.max(1, countOfValues(now))];
  const gaps = before.levels.map((_, i) => Math.abs((before.counts[i] ?? 0) / n - (now.counts[i] ?? 0) / m));
  return Math.max(Math.abs(before.other / n - now.other / m), ...gaps);
}

/** Share of a category's values in its domains; 1 without domains. */
function shareOfDomains(
  { string_constraints: texts }: FeatureConstraints,
  profile: ColumnProfile,
  refused: number,
): number {
  const domains = texts?.domains;
  if (domains === undefined || isNumericProfile(profile)) return 1;
  const allowed = new Set(domains);
  const values = countOfValues(profile) + refused;
  const inside = profile.levels.reduce((sum, level, i) => sum + (allowed.has(level) ? (profile.counts[i] ?? 0) : 0), 0);
  return values === 0 ? 1 : inside / values;
}
