import { ChurnkitError } from "../../base/errors.js";
import { isProfiled, profileAgainst } from "../../data/profile/table.js";
import { numericAgainst } from "../../data/profile/numeric.js";
import { isNumericProfile, type ColumnProfile, type NumericProfile, type Profile } from "../../data/profile/profile.js";
import { withColumn } from "../../data/profile/merge.js";
import type { Table } from "../../data/table/table.js";
import { driftPolicy, type DriftPolicy } from "../policy.js";
import type { DriftReport, Severity } from "../report.js";
import { twoProportions } from "../tests/proportions.js";
import { compareColumn, type Comparison } from "./column.js";
import { compareTableColumn } from "./table-column.js";
import { judge, worst } from "./verdict.js";
import { percent, reportWords } from "./words.js";

/** How to compare. */
export interface DriftOptions {
  /** Numbers of {@link defaultDriftPolicy} to replace. */
  readonly policy?: Partial<DriftPolicy> | undefined;
  /** Columns to leave out: those that drift by nature, such as a sign-up date. */
  readonly ignore?: readonly string[] | undefined;
}

/**
 * Compares two tables column by column, with KS's D and small samples' p-values exact. Features and the target are
 * compared; ids, ignored columns and free text are not.
 *
 * @param reference what the current rows should look like; both tables read with the same contract.
 * @throws ChurnkitError CONTRACT_MISMATCH where a column has become another kind, OPTION_INVALID for a bad policy.
 *
 * @example
 * ```ts
 * import { compareTables } from "churnkit/drift";
 * import type { Table } from "churnkit/data";
 *
 * const movedColumns = (lastYear: Table, today: Table) =>
 *   compareTables(lastYear, today).columns.filter(({ verdict }) => verdict === "drift");
 * ```
 */
export function compareTables(reference: Table, current: Table, options: DriftOptions = {}): DriftReport {
  const policy = driftPolicy(options.policy);
  const comparisons: Comparison[] = [];
  for (const column of reference.contract.columns.filter(isProfiled)) {
    const before = reference.columns.get(column.name);
    const after = current.columns.get(column.name);
    if (before === undefined || options.ignore?.includes(column.name)) continue;
    if (after === undefined && column.role !== "feature") continue;
    comparisons.push(compareTableColumn(column, before, after, current.rows, policy));
  }
  return reportOf(comparisons, policy, {
    rows: { reference: reference.rows, current: current.rows },
    rejected: { reference: reference.rejected.length, current: current.rejected.length },
  });
}

/**
 * Compares a profile with the reference that it was counted against. KS's D comes with a certified error
 * (`effectError`), and its lower bound is what is judged.
 *
 * @throws ChurnkitError CONTRACT_MISMATCH where a column was counted against other cut points or levels.
 */
export function compareProfiles(reference: Profile, current: Profile, options: DriftOptions = {}): DriftReport {
  const policy = driftPolicy(options.policy);
  const comparisons: Comparison[] = [];
  const others = new Map(current.columns.map((column) => [column.name, column]));
  for (const column of reference.columns) {
    const other = others.get(column.name);
    if (other === undefined || options.ignore?.includes(column.name)) continue;
    checkComparable(column, other);
    comparisons.push(compareColumn(column, other, policy));
  }
  return reportOf(comparisons, policy, {
    rows: { reference: reference.rows, current: current.rows },
    rejected: { reference: 0, current: 0 },
  });
}

function checkComparable(reference: ColumnProfile, current: ColumnProfile): void {
  const same = isNumericProfile(reference)
    ? isNumericProfile(current) && reference.cuts.every((cut, i) => cut === current.cuts[i])
    : !isNumericProfile(current) && reference.levels.every((level, i) => level === current.levels[i]);
  if (same && reference.counts.length === current.counts.length) return;
  throw new ChurnkitError(
    "CONTRACT_MISMATCH",
    `Column "${reference.name}" was counted against another reference. Count the current rows with profileAgainst(reference, table).`,
    { where: { column: reference.name } },
  );
}

/**
 * Compares a table with a baseline profile, such as a bundle's.
 *
 * @param options.predictions the model's probabilities for the table's rows, compared with the baseline's column
 * "prediction" where it has one.
 * @throws ChurnkitError CONTRACT_MISMATCH where a column has become another kind, OPTION_INVALID for a bad policy.
 */
export function driftAgainst(
  baseline: Profile,
  table: Table,
  options: DriftOptions & { readonly predictions?: Float64Array | undefined } = {},
): DriftReport {
  const policy = driftPolicy(options.policy);
  const counted = profileAgainst(baseline, table);
  const known = baseline.columns.find(
    (column): column is NumericProfile => column.name === "prediction" && isNumericProfile(column),
  );
  const current =
    options.predictions === undefined || known === undefined
      ? counted
      : withColumn(counted, numericAgainst(known, options.predictions));
  const report = compareProfiles(baseline, current, options);
  if (table.rejected.length === 0) return report;
  return withRejected(report, { reference: 0, current: table.rejected.length }, policy);
}

type Sizes = Pick<DriftReport, "rows"> & { readonly rejected: Omit<DriftReport["rejected"], "severity"> };

function reportOf(comparisons: readonly Comparison[], policy: DriftPolicy, sizes: Sizes): DriftReport {
  const columns = judge(comparisons, policy);
  const drifted = columns.filter(({ verdict }) => verdict === "drift");
  const judged = columns.filter(({ verdict }) => verdict !== "insufficient").length;
  const report: DriftReport = {
    verdict: drifted.length > 0 ? "drift" : judged > 0 ? "stable" : "insufficient",
    severity: worst(drifted.map(({ severity }) => severity)),
    rows: sizes.rows,
    rejected: { ...sizes.rejected, severity: "none" },
    columns,
    message: reportWords(drifted, judged, columns.length),
  };
  return withRejected(report, sizes.rejected, policy);
}

/** A rise of rows that can't be read is drift of the whole, which no column of the readable rows shows. */
function withRejected(report: DriftReport, rejected: Sizes["rejected"], policy: DriftPolicy): DriftReport {
  const { rows } = report;
  const before = rejected.reference + rows.reference;
  const after = rejected.current + rows.current;
  const test = twoProportions(rejected.reference, before, rejected.current, after, { correction: true });
  const rise = test === undefined || test.p > policy.alpha ? 0 : -test.difference;
  const { warning, critical } = policy.rejected;
  const severity: Severity = rise <= 0 || rise < warning ? "none" : rise < critical ? "warning" : "critical";
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
