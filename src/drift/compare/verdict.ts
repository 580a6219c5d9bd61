import { isNumericProfile } from "../../data/profile/index.js";
import type { DriftPolicy } from "../policy.js";
import {
  severities,
  type ColumnDrift,
  type DriftRole,
  type DriftVerdict,
  type Severity,
  type Shift,
} from "../report.js";
import { benjaminiHochberg } from "../../stats/hypothesis/index.js";
import type { Comparison } from "./column.js";
import { detectableD } from "./detectable.js";
import type { Candidate } from "./shifts.js";
import { insufficientWords, shiftWords, stableWords } from "./words.js";

/** Returns the worst of some severities. */
export function worst(of: readonly Severity[]): Severity {
  return severities[Math.max(0, ...of.map((severity) => severities.indexOf(severity)))] ?? "none";
}

/** The verdict on several columns: drift if one drifts, insufficient if none could be judged. */
export function verdictOf(columns: readonly { readonly verdict: DriftVerdict }[]): DriftVerdict {
  if (columns.some(({ verdict }) => verdict === "drift")) return "drift";
  return columns.some(({ verdict }) => verdict === "stable") ? "stable" : "insufficient";
}

/** Size of a shift, for comparison with its floors. */
export const severityBySize = (
  effect: number,
  { warning, critical }: { warning: number; critical: number },
): Severity => (effect < warning ? "none" : effect < critical ? "warning" : "critical");

/** A judged column, before its picture is added. */
export type Judged = Omit<ColumnDrift, "distribution">;

/** Corrects all tests of all columns together, then judges each column. */
export function judge(
  comparisons: readonly { readonly role: DriftRole; readonly comparison: Comparison }[],
  policy: DriftPolicy,
): Judged[] {
  const all = comparisons.flatMap(({ comparison }) => comparison.candidates.map(({ pValue }) => pValue));
  const adjusted = policy.correction === "none" ? all : benjaminiHochberg(all);
  let next = 0;
  return comparisons.map(({ role, comparison }) => {
    const shifts = comparison.candidates.map((candidate) => {
      const shift = shiftOf(candidate, adjusted[next++] ?? 1, policy);
      // A column that the model doesn't read can't hurt a score.
      return role === "ignored" && shift.severity === "critical" ? { ...shift, severity: "warning" as const } : shift;
    });
    return judgeColumn(role, comparison, shifts, policy);
  });
}

function shiftOf({ floors, ...candidate }: Candidate, adjustedP: number, policy: DriftPolicy): Shift {
  const severity = adjustedP <= policy.alpha ? severityBySize(candidate.effect, floors) : "none";
  return { ...candidate, adjustedP, severity };
}

function judgeColumn(role: DriftRole, comparison: Comparison, shifts: readonly Shift[], policy: DriftPolicy): Judged {
  const { reference, current, n, m, detectable } = comparison;
  const found = shifts.filter(({ severity }) => severity !== "none");
  const blind =
    sampleOf(comparison) < policy.leastRows ||
    (detectable ?? detectableFilling(comparison, policy)) > policy.coarsestShift;
  const verdict = found.length > 0 ? "drift" : blind ? "insufficient" : "stable";
  const leading = mostSevere(found) ?? shifts[0];
  return {
    name: reference.name,
    kind: reference.kind,
    role,
    verdict,
    severity: worst(found.map(({ severity }) => severity)),
    psi: comparison.psi,
    psiExpected: comparison.psiExpected,
    jensenShannon: comparison.jensenShannon,
    hellinger: comparison.hellinger,
    wasserstein: comparison.wasserstein,
    wassersteinNormed: comparison.wassersteinNormed,
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
  };
}

/**
 * A column without values on one side can't be judged. Without any on both, it can, if there are enough rows to
 * detect new values.
 */
function detectableFilling({ reference, current, n, m }: Comparison, { alpha }: DriftPolicy): number {
  const rows = n === 0 && m === 0 ? [reference.missing, current.missing] : [];
  const [before = 0, after = 0] = rows;
  return before === 0 || after === 0 ? Infinity : detectableD(before, after, alpha);
}

/** The smaller sample that a column can be judged by: its values, or its rows if neither side has any. */
const sampleOf = ({ reference, current, n, m }: Comparison): number =>
  n + m > 0 ? Math.min(n, m) : Math.min(reference.missing, current.missing);

const share = (missing: number, values: number): number => (missing === 0 ? 0 : missing / (missing + values));

/** The distribution's own test if it is among the worst, because it is the most informative. */
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
  if (verdict === "insufficient") return insufficientWords(comparison, policy);
  if (verdict === "stable") return stableWords(comparison);
  // The distribution, its PSI and its Jensen-Shannon distance are one finding.
  const ofValues = found.filter(({ what }) => what !== "missing" && what !== "newLevels");
  const told = found.filter((shift) => !ofValues.includes(shift) || shift === ofValues[0]);
  return told.map((shift) => shiftWords(shift, comparison)).join(" ");
}
