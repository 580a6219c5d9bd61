import { isNumericProfile } from "../../data/profile/profile.js";
import type { DriftPolicy } from "../policy.js";
import { severities, type ColumnDrift, type Severity, type Shift } from "../report.js";
import { benjaminiHochberg } from "../tests/adjust.js";
import type { Comparison } from "./column.js";
import { distributionOf } from "./histogram.js";
import type { Candidate } from "./shifts.js";
import { insufficientWords, shiftWords, stableWords } from "./words.js";

/** The worst of some severities. */
export function worst(of: readonly Severity[]): Severity {
  return severities[Math.max(0, ...of.map((severity) => severities.indexOf(severity)))] ?? "none";
}

/** Corrects all tests of all columns together, then judges each column. */
export function judge(comparisons: readonly Comparison[], policy: DriftPolicy): ColumnDrift[] {
  const all = comparisons.flatMap(({ candidates }) => candidates.map(({ pValue }) => pValue));
  const adjusted = benjaminiHochberg(all);
  let next = 0;
  return comparisons.map((comparison) => {
    const shifts = comparison.candidates.map((candidate) => severityOf(candidate, adjusted[next++] ?? 1, policy));
    return judgeColumn(comparison, shifts, policy);
  });
}

function severityOf({ floors, ...candidate }: Candidate, adjustedP: number, policy: DriftPolicy): Shift {
  const { effect } = candidate;
  const significant = adjustedP <= policy.alpha;
  const severity = !significant || effect < floors.warning ? "none" : effect < floors.critical ? "warning" : "critical";
  return { ...candidate, adjustedP, severity };
}

function judgeColumn(comparison: Comparison, shifts: readonly Shift[], policy: DriftPolicy): ColumnDrift {
  const { reference, current, n, m, detectable } = comparison;
  const found = shifts.filter(({ severity }) => severity !== "none");
  const empty = n === 0 && m === 0;
  const blind = detectable === null ? !empty : detectable > policy.coarsestShift;
  const verdict = found.length > 0 ? "drift" : blind ? "insufficient" : "stable";
  const leading = mostSevere(found) ?? shifts[0];
  return {
    name: reference.name,
    kind: reference.kind,
    verdict,
    severity: worst(found.map(({ severity }) => severity)),
    psi: comparison.psi,
    psiExpected: comparison.psiExpected,
    jensenShannon: comparison.jensenShannon,
    test: leading?.test ?? null,
    statistic: leading?.statistic ?? null,
    pValue: leading?.pValue ?? null,
    log10p: leading?.log10p ?? null,
    adjustedP: leading?.adjustedP ?? null,
    effect: leading?.effect ?? null,
    effectError: comparison.effectError,
    missing: { reference: share(reference.missing, n), current: share(current.missing, m) },
    newLevels: isNumericProfile(current) ? [] : current.newLevels,
    newLevelShare: m === 0 ? 0 : comparison.unseen / m,
    values: { reference: n, current: m },
    detectableShift: detectable === null ? null : Math.min(1, detectable),
    shifts,
    message: messageOf(verdict, found, comparison, policy),
    distribution: distributionOf(reference, current),
  };
}

const share = (missing: number, values: number): number => (missing === 0 ? 0 : missing / (missing + values));

/** The distribution's own test where it is among the worst, since it tells most. */
function mostSevere(found: readonly Shift[]): Shift | undefined {
  const severity = worst(found.map((shift) => shift.severity));
  return found.find((shift) => shift.severity === severity);
}

function messageOf(
  verdict: ColumnDrift["verdict"],
  found: readonly Shift[],
  comparison: Comparison,
  policy: DriftPolicy,
): string {
  if (verdict === "insufficient") return insufficientWords(comparison, policy.coarsestShift);
  if (verdict === "stable") return stableWords(comparison);
  // The distribution and its PSI are one finding.
  const told = found.filter(({ what }) => what !== "psi" || !found.some((other) => other.what === "distribution"));
  return told.map((shift) => shiftWords(shift, comparison)).join(" ");
}
