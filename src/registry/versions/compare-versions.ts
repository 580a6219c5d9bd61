import type { Artifact, Provenance } from "../../model/artifact.js";
import {
  allClassMetric,
  type AllClassMetric,
  allClassMetricNames,
  anyMetrics,
  type ClassEvaluation,
  classMetricNames,
  metricNames,
  metrics as metricTable,
  type MetricName,
  type MetricSummary,
  type MetricValue,
} from "../../model/evaluate/index.js";
import { driftOfBaselines, type BaselineDrift } from "../gates/baseline-drift.js";
import { compareSignatures, signatureOf, type SignatureComparison } from "../signature/signature.js";
import { diffContracts, diffRecipes, type ContractDiff, type Differences, type FeatureDiff } from "./version-diff.js";

/** Parts of a version that are compared; an artifact has them. */
export interface ComparedVersion extends Pick<Artifact, "metrics" | "contract" | "recipe" | "baseline"> {
  readonly provenance: Pick<Provenance, "dataHash">;
}

/** One metric of two versions, each on its own held-out rows. */
export interface MetricComparison {
  readonly metric: MetricName;
  readonly a: number | null;
  readonly b: number | null;
  /** b - a; null if one has no value. */
  readonly difference: number | null;
  /** Null if they are equal, or if their intervals overlap: then the difference may be chance. */
  readonly better: "a" | "b" | null;
  readonly intervals: { readonly a: readonly [number, number] | null; readonly b: readonly [number, number] | null };
}

/** One metric of a class, or of all classes together, of two versions of more than two classes. */
export interface ClassComparison extends Pick<MetricComparison, "a" | "b" | "difference" | "better" | "intervals"> {
  /** Null for all classes together. */
  readonly class: string | null;
  readonly metric: AllClassMetric | (typeof classMetricNames)[number];
}

/** Comparison of two versions; plain JSON. */
export interface VersionComparison {
  readonly metrics: readonly MetricComparison[];
  /** Of the classes that both have; empty if one of them has two classes, or was saved without these metrics. */
  readonly classes: readonly ClassComparison[];
  /** Changes for consumers from a to b. */
  readonly signature: SignatureComparison;
  readonly contract: ContractDiff;
  readonly features: FeatureDiff;
  /** How b's training rows differ from a's. */
  readonly drift: BaselineDrift;
  /** Whether both were trained on the same rows. */
  readonly data: "same" | "other";
}

/**
 * Compares two versions by the contents of their bundles. Metrics are on each one's own held-out rows: to be certain
 * which one is better, judge both on the same rows ({@link judgeOnRows}).
 *
 * @example
 * ```ts
 * import { compareVersions, comparisonText } from "churnkit/registry";
 * import type { Bundle } from "churnkit/score";
 *
 * export const differences = (a: Bundle, b: Bundle): string => comparisonText(compareVersions(a.artifact, b.artifact));
 * ```
 */
export function compareVersions(a: ComparedVersion, b: ComparedVersion): VersionComparison {
  return {
    metrics: compareMetrics(a.metrics, b.metrics),
    classes: compareClasses(a.metrics.classes, b.metrics.classes),
    signature: compareSignatures(signatureOf(a.contract), signatureOf(b.contract)),
    contract: diffContracts(a.contract, b.contract),
    features: diffRecipes(a.recipe, b.recipe),
    drift: driftOfBaselines(a.baseline, b.baseline),
    data: a.provenance.dataHash === b.provenance.dataHash ? "same" : "other",
  };
}

/** Compares only the metrics of two versions, as a registry keeps them. */
export function compareMetrics(a: MetricSummary, b: MetricSummary): MetricComparison[] {
  return metricNames.map((metric) => ({
    metric,
    ...compared(a.values[metric], b.values[metric], metricTable[metric].better),
  }));
}

function compareClasses(a: ClassEvaluation | undefined, b: ClassEvaluation | undefined): ClassComparison[] {
  if (a === undefined || b === undefined) return [];
  const together = allClassMetricNames.map((metric) => ({
    class: null,
    metric,
    ...compared(allClassMetric(a, metric), allClassMetric(b, metric), anyMetrics[`classes.${metric}`].better),
  }));
  const each = a.classes.flatMap((own) => {
    const other = b.classes.find(({ label }) => label === own.label);
    if (other === undefined) return [];
    return classMetricNames.map((metric) => ({
      class: own.label,
      metric,
      ...compared({ value: own[metric] }, { value: other[metric] }, "higher"),
    }));
  });
  return [...together, ...each];
}

function compared(a: MetricValue, b: MetricValue, direction: "higher" | "lower"): Omit<MetricComparison, "metric"> {
  const intervals = { a: intervalOf(a), b: intervalOf(b) };
  const difference = a.value === null || b.value === null ? null : b.value - a.value;
  return { a: a.value, b: b.value, difference, better: betterOf(direction, difference, intervals), intervals };
}

const intervalOf = ({ low, high }: MetricValue): readonly [number, number] | null =>
  low === undefined || high === undefined ? null : [low, high];

function betterOf(
  direction: "higher" | "lower",
  difference: number | null,
  { a, b }: MetricComparison["intervals"],
): "a" | "b" | null {
  if (difference === null || difference === 0) return null;
  if (a !== null && b !== null && a[0] <= b[1] && b[0] <= a[1]) return null;
  return difference > 0 === (direction === "higher") ? "b" : "a";
}

const mostListed = 20;

/** A comparison as text for people, one finding a line. */
export function comparisonText(
  comparison: VersionComparison,
  names: { readonly a: string; readonly b: string } = { a: "a", b: "b" },
): string {
  const { metrics, classes, signature, contract, features, drift, data } = comparison;
  const breaking = signature.changes.filter((change) => change.breaking).length;
  const drifted = drift.columns.filter(({ verdict }) => verdict === "drift");
  return [
    `metrics on held-out rows, ${names.a} and ${names.b}`,
    ...metrics.map((metric) => `  ${metricLine(metricTable[metric.metric].label, metric, names)}`),
    ...some(classes.map((metric) => metricLine(`${metric.class ?? "all classes"}, ${metric.metric}`, metric, names))),
    signature.compatible ? "signature: compatible" : `signature: incompatible, ${breaking} breaking`,
    ...some(signature.changes.map((change) => `${change.breaking ? "breaking: " : ""}${change.message}`)),
    `contract: ${contract.added.length} columns added, ${contract.removed.length} removed, ${contract.changed.length} changes`,
    ...some([
      ...contract.added.map((name) => `+ ${name}`),
      ...contract.removed.map((name) => `- ${name}`),
      ...contract.changed.map(({ path, a, b, added, removed }) =>
        added || removed
          ? `${path}: +${JSON.stringify(added)} -${JSON.stringify(removed)}`
          : `${path}: ${shown(a)} -> ${shown(b)}`,
      ),
    ]),
    ...differenceLines("derived columns", features.derived),
    ...differenceLines("feature blocks", features.blocks),
    `training data: ${data === "same" ? "the same rows" : "other rows"}; ${drift.message}`,
    ...some(drifted.map(({ name, severity, message }) => `${name} (${severity}): ${message}`)),
    ...(drift.notCompared.length > 0 ? [`  not compared: ${drift.notCompared.slice(0, mostListed).join(", ")}`] : []),
    "",
  ].join("\n");
}

function metricLine(
  label: string,
  { a, b, difference, better, intervals }: Omit<MetricComparison, "metric">,
  names: { readonly a: string; readonly b: string },
): string {
  const value = (number: number | null, interval: readonly [number, number] | null): string =>
    `${four(number)}${interval === null ? "" : ` (${four(interval[0])} to ${four(interval[1])})`}`;
  const verdict =
    difference === null
      ? ""
      : `, difference ${difference > 0 ? "+" : ""}${four(difference)}${better === null ? "" : `, ${names[better]} is better`}`;
  return `${label}: ${value(a, intervals.a)} and ${value(b, intervals.b)}${verdict}`;
}

function differenceLines(what: string, { added, removed, changed }: Differences): string[] {
  return [
    `${what}: ${added.length} added, ${removed.length} removed, ${changed.length} changed`,
    ...some([
      ...added.map((name) => `+ ${name}`),
      ...removed.map((name) => `- ${name}`),
      ...changed.map(({ name, members }) => `${name}: ${members.join(", ")}`),
    ]),
  ];
}

const four = (value: number | null): string => (value === null ? "none" : value.toFixed(4));
const shown = (value: unknown): string => (value === undefined ? "none" : JSON.stringify(value).slice(0, 80));

const some = (lines: readonly string[]): string[] => [
  ...lines.slice(0, mostListed).map((line) => `  ${line}`),
  ...(lines.length > mostListed ? [`  and ${lines.length - mostListed} more`] : []),
];
