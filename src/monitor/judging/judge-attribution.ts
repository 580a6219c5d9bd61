import { attributionDrift } from "../attribution/compare.js";
import type { AttributionBaseline } from "../attribution/attribution-baseline.js";
import { attributionPolicy } from "../attribution/attribution-policy.js";
import type { MonitorBaseline } from "../baseline/baseline.js";
import { lackOf, nothing, type AttributionFinding, type MonitorPolicies } from "./findings.js";
import type { Tally } from "../counting/tally.js";

/** Judges whether the same columns move the scores. */
export function judgeAttribution(
  { attribution }: MonitorBaseline,
  tally: Tally | null,
  { attribution: policy }: MonitorPolicies,
): AttributionFinding {
  if (attribution === null)
    return { ...nothing("The baseline has no attributions. Make it with monitorBaseline."), drift: null };
  if (tally === null || tally.rows === 0) return { ...nothing("No rows have arrived."), drift: null };
  const rows = tally.attributed;
  if (rows.length === 0)
    return { ...nothing("No row was explained. Give the monitor an explainer (monitorExplainer)."), drift: null };
  const drift = attributionDrift(attribution.baseline, summaryOf(attribution.baseline, rows), policy);
  const { verdict, severity, message } = drift;
  return {
    verdict,
    severity,
    message,
    ...lackOf("explained records", rows.length, attributionPolicy(policy).leastRows),
    drift,
  };
}

/** Mean and standard error of each column's |attribution| over the sampled rows. */
function summaryOf(baseline: AttributionBaseline, rows: Tally["attributed"]): AttributionBaseline {
  const n = rows.length;
  return {
    ...baseline,
    rows: n,
    columns: baseline.columns.map(({ name }, c) => {
      const mean = rows.reduce((sum, { values }) => sum + (values[c] ?? 0), 0) / n;
      const squares = rows.reduce((sum, { values }) => sum + ((values[c] ?? 0) - mean) * ((values[c] ?? 0) - mean), 0);
      return { name, meanAbsolute: mean, standardError: n > 1 ? Math.sqrt(squares / (n - 1) / n) : 0 };
    }),
  };
}
