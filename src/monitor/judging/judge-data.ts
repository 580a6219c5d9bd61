import { countOfValues, isNumericProfile, predictionsOf } from "../../data/profile/index.js";
import { roles } from "../../drift/compare-tables.js";
import { type Comparison, compareColumns, reportOf } from "../../drift/compare/index.js";
import { driftPolicy } from "../../drift/policy.js";
import type { DriftReport } from "../../drift/report.js";
import type { MonitorBaseline } from "../baseline/baseline.js";
import { lackOf, nothing, type DataQualityFinding, type MonitorPolicies } from "./findings.js";
import type { Tally } from "../counting/tally.js";

/**
 * Compares the counts with the baseline: features, probabilities, broken rows, and unread columns in which other
 * values appear.
 *
 * @param calmUnread also reports unread columns that did not change.
 */
export function driftOfTally(
  baseline: MonitorBaseline,
  tally: Tally,
  { data, ignore }: MonitorPolicies,
  calmUnread = false,
): DriftReport {
  const { profile, rows, contract, attribution } = baseline;
  const policy = driftPolicy(data);
  const report = reportOf(compareColumns(profile, tally.profile, policy, ignore).map(bySentValues), policy, {
    calmUnread,
    // The baseline's table has counts of broken rows; the training rows in the profile do not.
    rows: { reference: rows.kept, current: tally.rows },
    rejected: { reference: rows.rejected, current: tally.rejected },
    roleOf: roles(contract.target?.column, predictionsOf(profile)?.name),
    importance: attribution === null ? undefined : new Map(attribution.importance),
    ignore,
  });
  return { ...report, rows: { reference: profile.rows, current: tally.rows } };
}

/**
 * Callers send the columns that the model reads, so an unread column that is missing from most records means nothing.
 */
function bySentValues(comparison: Comparison): Comparison {
  const { reference, n, candidates } = comparison;
  return reference.unread && n > 0
    ? { ...comparison, candidates: candidates.filter(({ what }) => what !== "missing") }
    : comparison;
}

/** Judges the data of some periods. */
export function judgeData(
  baseline: MonitorBaseline,
  tally: Tally | null,
  policies: MonitorPolicies,
): DataQualityFinding {
  if (tally === null || tally.rows + tally.rejected === 0) {
    return { ...nothing("No rows have arrived."), score: null, issues: [], extraColumns: [], drift: null };
  }
  const { issues, extraColumns } = tally;
  const score = qualityScore(tally, baseline);
  const drift = driftOfTally(baseline, tally, policies);
  const { verdict, severity, message } = drift;
  const lacking = lackOf("records", tally.rows + tally.rejected, driftPolicy(policies.data).leastRows);
  return { verdict, severity, message, ...lacking, score, issues, extraColumns, drift };
}

/** Rows kept x values present x values of known levels, each as a share; the features have equal weights. */
function qualityScore({ rows, rejected, profile }: Tally, { contract }: MonitorBaseline): number {
  if (rows === 0) return 0;
  const predictions = predictionsOf(profile);
  const features = profile.columns.filter(
    (column) => column !== predictions && column.unread === undefined && column.name !== contract.target?.column,
  );
  if (features.length === 0) return rows / (rows + rejected);
  let present = 0;
  let known = 0;
  for (const column of features) {
    const values = countOfValues(column);
    present += values / rows;
    known += isNumericProfile(column) || values === 0 ? 1 : 1 - column.other / values;
  }
  return (rows / (rows + rejected)) * (present / features.length) * (known / features.length);
}
