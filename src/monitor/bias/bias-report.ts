import { worst } from "../../drift/compare/index.js";
import type { Severity } from "../../drift/report.js";
import { criticalValue, normalTwoSidedTail } from "../../stats/special.js";
import { rowsOf, type BiasCounts, type FacetCounts } from "./counts.js";
import type { Estimate } from "./intervals.js";
import { biasMetricNames, biasMetrics, type BiasMeasurement, type BiasMetric, type Quantiles } from "./bias-metrics.js";
import { biasPolicy, type AllowedRange, type BiasPolicy } from "./bias-policy.js";

/**
 * Comparison with the allowed range: "violated" if the interval is entirely outside, "met" if it is inside, and
 * "insufficient" if it straddles an end (with the severity "warning" if the value itself is outside) or there is no
 * value.
 */
export type BiasVerdict = "violated" | "met" | "insufficient";

/** One metric of one group. Numbers without a value are null. */
export interface BiasValue {
  readonly metric: BiasMetric;
  readonly value: number | null;
  /** Null where it has no bound. */
  readonly low: number | null;
  readonly high: number | null;
  /** Reason for a missing value. */
  readonly reason: string | null;
  /** Null for a metric that is not judged; its verdict is null too, and its severity "none". */
  readonly allowed: AllowedRange | null;
  readonly verdict: BiasVerdict | null;
  readonly severity: Severity;
}

/** All metrics of one group. */
export interface GroupBias {
  readonly column: string;
  readonly group: string;
  readonly against: string;
  readonly rows: { readonly disadvantaged: number; readonly advantaged: number };
  readonly verdict: BiasVerdict;
  readonly severity: Severity;
  readonly metrics: readonly BiasValue[];
}

/** How groups are treated, by data and by model. Plain JSON without NaN. */
export interface BiasReport {
  readonly verdict: BiasVerdict;
  readonly severity: Severity;
  readonly confidence: number;
  readonly rows: number;
  readonly favorable: BiasCounts["favorable"];
  readonly threshold: number | null;
  readonly missing: BiasCounts["missing"];
  readonly groups: readonly GroupBias[];
  readonly message: string;
}

/** Normal quantiles of a two-sided interval, alone and shared by two. */
export const quantilesFor = (alpha: number): Quantiles => ({
  one: criticalValue(normalTwoSidedTail, alpha),
  two: criticalValue(normalTwoSidedTail, alpha / 2),
});

/** Measures one metric; the interval is kept within the metric's range. */
export function measureBias(
  { advantaged, disadvantaged }: FacetCounts,
  metric: BiasMetric,
  z: Quantiles,
): BiasMeasurement {
  const { measure, range } = biasMetrics[metric];
  const found = measure(advantaged, disadvantaged, z);
  if (typeof found === "string") return found;
  const [least, most] = range;
  return {
    value: found.value,
    low: Math.max(least ?? -Infinity, found.low),
    high: Math.min(most ?? Infinity, found.high),
  };
}

/**
 * Every bias metric of every group with its interval, judged against the policy's allowed ranges.
 *
 * @throws ChurnkitError OPTION_INVALID for a bad policy.
 *
 * @example
 * ```ts
 * import { biasReport, countBias } from "churnkit/monitor";
 * import { inferFromFile, readCsv } from "churnkit/data";
 *
 * const { contract } = await inferFromFile("customers.csv", { target: "churn", positive: "Yes", id: "customerId" });
 * const counts = countBias(await readCsv(contract, "customers.csv"), { facets: [{ column: "partner" }] });
 * for (const { group, metrics } of biasReport(counts).groups) console.log(group, metrics[1]?.value);
 * ```
 */
export function biasReport(
  counts: BiasCounts,
  { policy: overrides }: { readonly policy?: Partial<BiasPolicy> | undefined } = {},
): BiasReport {
  const policy = biasPolicy(overrides);
  const z = quantilesFor(1 - policy.confidence);
  const groups = counts.facets.map((facet) => groupBias(facet, policy, z));
  const violated = groups.filter(({ verdict }) => verdict === "violated");
  const verdict = verdictOf(groups.map((group) => group.verdict));
  const { rows, favorable, threshold, missing } = counts;
  return {
    verdict,
    severity: worst(groups.map(({ severity }) => severity)),
    confidence: policy.confidence,
    rows,
    favorable,
    threshold,
    missing,
    groups,
    message:
      violated.length > 0
        ? `Outside the allowed range: ${violated.slice(0, 5).map(words).join("; ")}${violated.length > 5 ? "; and others" : ""}.`
        : verdict === "met"
          ? `All judged metrics of ${groups.length} groups are within their ranges.`
          : "No metric is certainly outside its range, but not all groups have enough rows.",
  };
}

const words = ({ column, group, metrics }: GroupBias): string => {
  const found = metrics.filter(({ verdict }) => verdict === "violated");
  return `${column} ${group} (${found.map(({ metric, value }) => `${metric} ${Number((value ?? 0).toPrecision(3))}`).join(", ")})`;
};

function verdictOf(verdicts: readonly BiasVerdict[]): BiasVerdict {
  if (verdicts.includes("violated")) return "violated";
  return verdicts.length === 0 || verdicts.includes("insufficient") ? "insufficient" : "met";
}

function groupBias(facet: FacetCounts, policy: BiasPolicy, z: Quantiles): GroupBias {
  const metrics = biasMetricNames.map((metric) =>
    biasValue(metric, measureBias(facet, metric, z), policy.allowed[metric] ?? null),
  );
  return {
    column: facet.column,
    group: facet.group,
    against: facet.against,
    rows: { disadvantaged: rowsOf(facet.disadvantaged), advantaged: rowsOf(facet.advantaged) },
    verdict: verdictOf(metrics.flatMap(({ verdict }) => verdict ?? [])),
    severity: worst(metrics.map(({ severity }) => severity)),
    metrics,
  };
}

const bound = (end: number): number | null => (Number.isFinite(end) ? end : null);

function biasValue(metric: BiasMetric, found: BiasMeasurement, allowed: AllowedRange | null): BiasValue {
  if (typeof found === "string") {
    const verdict = allowed === null ? null : "insufficient";
    return { metric, value: null, low: null, high: null, reason: found, allowed, verdict, severity: "none" };
  }
  const { value, low, high } = found;
  return { metric, value, low: bound(low), high: bound(high), reason: null, allowed, ...judge(found, allowed) };
}

/** Judges an estimate against a range. */
export function judge(
  { value, low, high }: Estimate,
  allowed: AllowedRange | null,
): Pick<BiasValue, "verdict" | "severity"> {
  if (allowed === null) return { verdict: null, severity: "none" };
  const [least, most] = allowed;
  if (high < least || low > most) return { verdict: "violated", severity: "critical" };
  if (low >= least && high <= most) return { verdict: "met", severity: "none" };
  return { verdict: "insufficient", severity: value < least || value > most ? "warning" : "none" };
}
