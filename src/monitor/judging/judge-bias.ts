import { worst, verdictOf } from "../../drift/compare/index.js";
import { type BiasCounts, countNames, groupCounts } from "../bias/counts.js";
import { biasDrift, type BiasDrift } from "../bias/drift.js";
import type { BiasMetric } from "../bias/bias-metrics.js";
import { biasPolicy, type BiasPolicy } from "../bias/bias-policy.js";
import type { MonitorBaseline } from "../baseline/baseline.js";
import { lackOf, nothing, type BiasFinding, type MonitorPolicies } from "./findings.js";
import type { MatureRow } from "../counting/labels.js";
import type { Tally } from "../counting/tally.js";

/** Metrics that need no outcome. */
const ofCalls: ReadonlySet<BiasMetric> = new Set(["CI", "DPPL", "DI"]);

/** Judges how groups are treated: by the calls of all rows, and by the mature outcomes. */
export function judgeBias(
  baseline: MonitorBaseline,
  tally: Tally | null,
  mature: readonly MatureRow[],
  { bias: overrides }: MonitorPolicies,
): BiasFinding {
  const { bias } = baseline;
  if (bias === null)
    return {
      ...nothing(
        "The baseline names no facets. Name the columns whose groups to compare: --facets of churnkit train, or facets of monitorBaseline.",
      ),
      calls: null,
      outcomes: null,
    };
  const policy = biasPolicy(overrides);
  const compare = (counts: BiasCounts | null, test: (metric: BiasMetric) => boolean): BiasDrift | null => {
    const allowed = Object.entries(policy.allowed).filter(([metric]) => test(metric as BiasMetric));
    if (counts === null || counts.rows === 0 || allowed.length === 0) return null;
    const own: BiasPolicy = { ...policy, allowed: Object.fromEntries(allowed) };
    return biasDrift(bias.counts, counts, { policy: own });
  };
  const calls = compare(tally?.bias ?? null, (metric) => ofCalls.has(metric));
  const outcomes = compare(outcomeCounts(bias.counts, mature), (metric) => !ofCalls.has(metric));
  const found = [calls, outcomes].filter((each) => each !== null);
  if (found.length === 0) return { ...nothing("No rows have arrived."), calls, outcomes };
  const told = found.filter((each) => each.verdict === "drift" || each.severity === "critical");
  // A value outside its range that may be chance is only a reason to collect more rows.
  const severity = worst(
    found.flatMap(({ changes }) =>
      changes
        .filter(({ verdict, range }) => verdict === "drift" || range === "violated")
        .map((change) => change.severity),
    ),
  );
  const verdict = verdictOf(found);
  return {
    // A group that is certainly outside the allowed range is a finding, even if its earlier state is unknown.
    verdict: verdict === "insufficient" && severity !== "none" ? "drift" : verdict,
    severity,
    message: [...new Set((told.length > 0 ? told : found).map(({ message }) => message))].join(" "),
    ...(verdict === "insufficient" && severity === "none"
      ? lackOf("records", Math.max(...found.map(({ rows }) => rows.current)), policy.leastRows)
      : {}),
    calls,
    outcomes,
  };
}

/** Counts the labeled rows in the baseline's layout. */
function outcomeCounts(layout: BiasCounts, rows: readonly MatureRow[]): BiasCounts {
  const good = layout.favorable === "positive" ? 1 : 0;
  const threshold = layout.threshold ?? 0.5;
  const counts = layout.facets.map(() => ({
    d: new Float64Array(countNames.length),
    a: new Float64Array(countNames.length),
  }));
  for (const { probability, outcome, sides } of rows) {
    const label = outcome === good ? 1 : 0;
    const call = (probability >= threshold ? 1 : 0) === good ? 1 : 0;
    // The order of countNames: true positives, false positives, false negatives, true negatives.
    const place = 1 - label + 2 * (1 - call);
    counts.forEach((group, i) => {
      const side = sides[i];
      if (side !== "d" && side !== "a") return;
      group[side][place] = (group[side][place] as number) + 1;
    });
  }
  return {
    ...layout,
    rows: rows.length,
    facets: layout.facets.map((facet, i) => ({
      ...facet,
      disadvantaged: groupCounts(counts[i]?.d ?? []),
      advantaged: groupCounts(counts[i]?.a ?? []),
    })),
    missing: layout.missing.map(({ column }) => ({ column, rows: 0 })),
  };
}
