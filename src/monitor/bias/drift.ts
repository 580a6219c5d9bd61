import { ChurnkitError } from "../../base/errors.js";
import { worst } from "../../drift/compare/index.js";
import type { DriftVerdict, Severity } from "../../drift/report.js";
import { rowsOf, type BiasCounts, type FacetCounts } from "./counts.js";
import { minus, type Estimate } from "./intervals.js";
import { biasMetrics, type BiasMetric, type Quantiles } from "./bias-metrics.js";
import { biasPolicy, type BiasPolicy } from "./bias-policy.js";
import { judge, measureBias, quantilesFor, type BiasVerdict } from "./bias-report.js";

/** The change of one metric of one group. Numbers without a value are null. */
export interface BiasChange {
  readonly column: string;
  readonly group: string;
  readonly metric: BiasMetric;
  readonly baseline: number | null;
  readonly current: number | null;
  /** Current minus baseline, with an interval that allows for all metrics of all groups together. */
  readonly change: { readonly value: number; readonly low: number | null; readonly high: number | null } | null;
  /** Farther from the neutral value than in the baseline. */
  readonly worse: boolean | null;
  /** The current value against the policy's allowed range, by the report's confidence: Model Monitor's own rule. */
  readonly range: BiasVerdict | null;
  readonly verdict: DriftVerdict;
  readonly severity: Severity;
  /** Why it cannot be judged. */
  readonly reason: string | null;
}

/** Whether groups are treated differently than in the baseline. Plain JSON without NaN. */
export interface BiasDrift {
  readonly verdict: DriftVerdict;
  readonly severity: Severity;
  readonly rows: { readonly baseline: number; readonly current: number };
  readonly changes: readonly BiasChange[];
  /** Groups of one side only, as "column group": nothing to compare. */
  readonly onlyInBaseline: readonly string[];
  readonly onlyInCurrent: readonly string[];
  readonly message: string;
}

const keyOf = ({ column, group, against }: FacetCounts): string => JSON.stringify([column, group, against]);

/**
 * Compares the judged bias metrics with those of the baseline. A change is drift if its interval excludes 0, at a
 * level shared by all of them (Bonferroni), and it reaches its floor. It has a severity if it is for the worse. In
 * addition, a current interval entirely outside the allowed range is critical, drift or not.
 *
 * @param baseline From {@link countBias} on held-out rows of training.
 * @throws ChurnkitError CONTRACT_MISMATCH for a different favorable outcome, OPTION_INVALID for a bad policy.
 */
export function biasDrift(
  baseline: BiasCounts,
  current: BiasCounts,
  { policy: overrides }: { readonly policy?: Partial<BiasPolicy> | undefined } = {},
): BiasDrift {
  const policy = biasPolicy(overrides);
  if (baseline.favorable !== current.favorable) {
    throw new ChurnkitError(
      "CONTRACT_MISMATCH",
      "Baseline and current counts have different favorable outcomes. Count both the same way.",
    );
  }
  const others = new Map(current.facets.map((facet) => [keyOf(facet), facet]));
  const pairs = baseline.facets.flatMap((before) => {
    const now = others.get(keyOf(before));
    return now === undefined ? [] : [{ before, now }];
  });
  const metrics = Object.keys(policy.allowed) as BiasMetric[];
  const strict = quantilesFor(policy.alpha / Math.max(1, pairs.length * metrics.length));
  const plain = quantilesFor(1 - policy.confidence);
  const changes = pairs.flatMap(({ before, now }) =>
    metrics.map((metric) => changeOf(metric, before, now, policy, { strict, plain })),
  );
  const paired = new Set(pairs.map(({ before }) => keyOf(before)));
  const unpaired = (facets: readonly FacetCounts[]): string[] =>
    facets.filter((facet) => !paired.has(keyOf(facet))).map(({ column, group }) => `${column} ${group}`);
  const drifted = changes.filter(({ verdict }) => verdict === "drift");
  const outside = changes.filter(({ range }) => range === "violated");
  const judged = changes.filter(({ verdict }) => verdict !== "insufficient");
  const named = (some: readonly BiasChange[]): string =>
    some
      .slice(0, 5)
      .map(({ column, group, metric }) => `${metric} of ${column} ${group}`)
      .join(", ");
  const parts = [
    drifted.length > 0 ? `Changed since the baseline: ${named(drifted)}.` : "",
    outside.length > 0 ? `Outside the allowed range: ${named(outside)}.` : "",
  ].filter((part) => part !== "");
  const verdict: DriftVerdict = drifted.length > 0 ? "drift" : judged.length > 0 ? "stable" : "insufficient";
  return {
    verdict,
    severity: worst(changes.map(({ severity }) => severity)),
    rows: { baseline: baseline.rows, current: current.rows },
    changes,
    onlyInBaseline: unpaired(baseline.facets),
    onlyInCurrent: unpaired(current.facets),
    message:
      parts.length > 0
        ? parts.join(" ")
        : verdict === "stable"
          ? "No change of bias was found."
          : `There are too few rows to judge: ${current.rows} rows, and each group needs ${policy.leastRows}.`,
  };
}

function changeOf(
  metric: BiasMetric,
  before: FacetCounts,
  now: FacetCounts,
  policy: BiasPolicy,
  { strict, plain }: { readonly strict: Quantiles; readonly plain: Quantiles },
): BiasChange {
  const few = tooFew(metric, before, now, policy);
  const [then, today] = [measureBias(before, metric, strict), measureBias(now, metric, strict)];
  const allowed = policy.allowed[metric] ?? null;
  const seen = measureBias(now, metric, plain);
  const inRange =
    few !== null || typeof seen === "string"
      ? ({ verdict: "insufficient", severity: "none" } as const)
      : judge(seen, allowed);
  const common = {
    column: now.column,
    group: now.group,
    metric,
    baseline: valueOf(then),
    current: valueOf(today),
    range: inRange.verdict,
  };
  const severityOfRange: Severity = inRange.verdict === "violated" ? "critical" : "none";
  if (few !== null || typeof then === "string" || typeof today === "string") {
    const reason = typeof then === "string" ? `In the baseline: ${then}` : typeof today === "string" ? today : few;
    return { ...common, change: null, worse: null, verdict: "insufficient", severity: severityOfRange, reason };
  }
  const change = minus(today, then);
  const { neutral } = biasMetrics[metric];
  const worse = Math.abs(today.value - neutral) > Math.abs(then.value - neutral);
  const size = Math.abs(change.value);
  const drifted = (change.low > 0 || change.high < 0) && size >= policy.change.warning;
  const blind = Math.max(change.high - change.value, change.value - change.low) > policy.coarsestChange;
  const ofChange: Severity = !drifted || !worse ? "none" : size < policy.change.critical ? "warning" : "critical";
  return {
    ...common,
    change: { value: change.value, low: finite(change.low), high: finite(change.high) },
    worse,
    verdict: drifted ? "drift" : blind ? "insufficient" : "stable",
    severity: worst([ofChange, severityOfRange]),
    reason: !drifted && blind ? "There are too few rows: the interval of the change is too wide." : null,
  };
}

/**
 * Explains why a metric cannot compare two groups, or returns null. The class imbalance itself concerns a group's
 * number of rows.
 */
function tooFew(metric: BiasMetric, before: FacetCounts, now: FacetCounts, { leastRows }: BiasPolicy): string | null {
  const sample = ({ advantaged, disadvantaged }: FacetCounts): number => {
    const [a, d] = [rowsOf(advantaged), rowsOf(disadvantaged)];
    return metric === "CI" ? a + d : Math.min(a, d);
  };
  const [then, today] = [sample(before), sample(now)];
  if (Math.min(then, today) >= leastRows) return null;
  return `There are too few rows in the smaller group: ${then} in the baseline, ${today} now; ${leastRows} are needed on each side.`;
}

const valueOf = (found: Estimate | string): number | null => (typeof found === "string" ? null : found.value);
const finite = (end: number): number | null => (Number.isFinite(end) ? end : null);
