import {
  withColumn,
  numericAgainst,
  predictionsOf,
  withMarkedPredictions,
  type Profile,
  profileAgainst,
} from "../data/profile/index.js";
import type { Table } from "../data/table/index.js";
import { driftPolicy } from "./policy.js";
import type { DriftReport } from "./report.js";
import { roles, type DriftOptions } from "./compare-tables.js";
import { compareColumns } from "./compare/profile-columns.js";
import { reportOf } from "./compare/summary.js";

/**
 * Compares a profile with the reference that it was counted against. KS's D comes with a certified error
 * (`effectError`), and the verdict uses its lower bound.
 *
 * @throws ChurnkitError CONTRACT_MISMATCH if a column was counted against other cut points or levels, OPTION_INVALID
 * for a bad policy or importance.
 */
export function compareProfiles(reference: Profile, current: Profile, options: DriftOptions = {}): DriftReport {
  return reportOfProfiles(reference, current, options, { reference: 0, current: 0 });
}

function reportOfProfiles(
  reference: Profile,
  current: Profile,
  options: DriftOptions,
  rejected: { readonly reference: number; readonly current: number },
): DriftReport {
  const policy = driftPolicy(options.policy);
  return reportOf(compareColumns(reference, current, policy, options.ignore), policy, {
    rows: { reference: reference.rows, current: current.rows },
    rejected,
    roleOf: roles(options.target, predictionsOf(reference)?.name),
    importance: options.importance,
    ignore: options.ignore,
  });
}

/**
 * Compares a table with a baseline profile, such as a bundle's.
 *
 * @param options.predictions the model's probabilities for the table's rows, compared with the baseline's if it has
 * them.
 * @throws ChurnkitError CONTRACT_MISMATCH if a column has a different kind now, OPTION_INVALID for a bad policy or
 * importance.
 */
export function driftAgainst(
  baseline: Profile,
  table: Table,
  options: DriftOptions & { readonly predictions?: Float64Array | undefined } = {},
): DriftReport {
  const marked = withMarkedPredictions(baseline, table.contract);
  const known = predictionsOf(marked);
  const counted = profileAgainst({ ...marked, columns: marked.columns.filter((column) => column !== known) }, table);
  const current =
    options.predictions === undefined || known === undefined
      ? counted
      : withColumn(counted, numericAgainst(known, options.predictions));
  const { target = table.contract.target?.column } = options;
  return reportOfProfiles(marked, current, { ...options, target }, { reference: 0, current: table.rejected.length });
}
