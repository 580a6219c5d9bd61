import type { DriftPolicy } from "../policy.js";
import type { ConceptDrift, DriftReport, DriftRole, PartDrift, SegmentDrift, Severity } from "../report.js";
import { twoProportions } from "../../stats/hypothesis/index.js";
import type { Comparison } from "./column.js";
import { distributionOf } from "./histogram.js";
import { rankDrift, type Importances } from "./ranking.js";
import { judge, severityBySize, verdictOf, worst, type Judged } from "./verdict.js";
import { lackOfRows, percent, reportWords } from "./words.js";

/** Inputs of a report besides the columns. */
interface ReportInput {
  readonly rows: DriftReport["rows"];
  readonly rejected: Omit<DriftReport["rejected"], "severity">;
  readonly unknownLabels?: DriftReport["unknownLabels"];
  /** Also report unchanged columns that the model does not read, for callers that must see that an alarm is over. */
  readonly calmUnread?: boolean | undefined;
  readonly roleOf: (name: string) => DriftRole;
  readonly concept?: ConceptDrift | null | undefined;
  readonly segments?: readonly SegmentDrift[] | undefined;
  readonly importance?: Importances | undefined;
  readonly ignore?: readonly string[] | undefined;
}

/** Judges all columns together and sums them up. */
export function reportOf(all: readonly Comparison[], policy: DriftPolicy, input: ReportInput): DriftReport {
  const comparisons = all.filter(
    ({ reference, candidates }) =>
      input.calmUnread === true || reference.unread === undefined || candidates.some(({ log10p }) => log10p < 0),
  );
  const judged = judge(
    comparisons.map((comparison) => ({
      role: comparison.reference.unread ? "ignored" : input.roleOf(comparison.reference.name),
      comparison,
    })),
    policy,
  );
  const drifted = judged.filter(({ verdict }) => verdict === "drift");
  const known = judged.filter(({ verdict }) => verdict !== "insufficient").length;
  const { concept = null, segments = [], importance } = input;
  const movedSlices = segments.filter(({ verdict }) => verdict === "drift");
  const report: DriftReport = {
    verdict: concept?.verdict === "drift" || movedSlices.length > 0 ? "drift" : verdictOf(judged),
    severity: worst([...judged, ...segments, ...(concept === null ? [] : [concept])].map(({ severity }) => severity)),
    rows: input.rows,
    rejected: { ...input.rejected, severity: "none" },
    unknownLabels: input.unknownLabels,
    features: part(judged, "feature") ?? nothing,
    target: part(judged, "target"),
    prediction: part(judged, "prediction"),
    concept,
    columns: judged.map((column, i) => ({ ...column, distribution: picture(comparisons[i]) })),
    segments,
    ranking: importance === undefined ? [] : rankDrift(judged, importance, policy, input.ignore),
    message: [
      reportWords(drifted, known, judged.length, lackOfRows(input.rows, policy)),
      ...(concept?.verdict === "drift" ? [concept.message] : []),
      ...(movedSlices.length === 0 || drifted.length > 0 ? [] : [sliceWords(movedSlices)]),
    ].join(" "),
  };
  return withRejected(report, input.rejected, policy);
}

const picture = (comparison: Comparison | undefined): DriftReport["columns"][number]["distribution"] =>
  comparison === undefined ? [] : distributionOf(comparison.reference, comparison.current);

const sliceWords = (slices: readonly SegmentDrift[]): string =>
  `Within slices: ${slices
    .slice(0, 3)
    .map(({ column, level, worst: name }) => `${name ?? ""} where ${column} is ${level}`)
    .join(", ")}.`;

const nothing: PartDrift = { verdict: "insufficient", severity: "none", compared: 0, drifted: [], psi: null };

function part(columns: readonly Judged[], role: DriftRole): PartDrift | null {
  const mine = columns.filter((column) => column.role === role);
  if (mine.length === 0) return null;
  const drifted = mine.filter(({ verdict }) => verdict === "drift");
  const psis = mine.map(({ psi }) => psi).filter((psi) => psi !== null);
  return {
    verdict: verdictOf(mine),
    severity: worst(drifted.map(({ severity }) => severity)),
    compared: mine.length,
    drifted: drifted.map(({ name }) => name),
    psi: psis.length === 0 ? null : Math.max(...psis),
  };
}

/** A rise of unreadable rows is drift of the whole, which no column of the readable rows shows. */
export function withRejected(
  report: DriftReport,
  rejected: Omit<DriftReport["rejected"], "severity">,
  policy: DriftPolicy,
): DriftReport {
  const { rows } = report;
  const before = rejected.reference + rows.reference;
  const after = rejected.current + rows.current;
  const test = twoProportions(rejected.reference, before, rejected.current, after, { correction: true });
  const enough = Math.min(before, after) >= policy.leastRows;
  const rise = !enough || test === undefined || test.p > policy.alpha ? 0 : -test.difference;
  const severity: Severity = policy.rejected === false || rise <= 0 ? "none" : severityBySize(rise, policy.rejected);
  if (severity === "none") return { ...report, rejected: { ...rejected, severity } };
  const share = percent(rejected.current / after);
  return {
    ...report,
    verdict: "drift",
    severity: worst([report.severity, severity]),
    rejected: { ...rejected, severity },
    message: `${report.message} ${share} of the current rows break the contract.`,
  };
}
