import type { Column } from "../../data/contract/contract.js";
import { profileOfSorted } from "../../data/profile/numeric.js";
import { isNumericProfile, type ColumnProfile } from "../../data/profile/profile.js";
import { sortedValues } from "../../data/profile/sort.js";
import { columnAgainst, profileColumn } from "../../data/profile/table.js";
import type { ColumnData } from "../../data/table/table.js";
import type { DriftPolicy } from "../policy.js";
import { ksOfProfiles } from "../tests/profile-ks.js";
import { compareColumn, type Comparison } from "./column.js";

/**
 * Compares a column of two tables by its profiles, and by the sorted samples where these say more: D between cut
 * points, or the exact p-value of small samples.
 *
 * @param after undefined where the column is absent, which counts as missing in all of `rows`.
 */
export function compareTableColumn(
  column: Column,
  before: ColumnData,
  after: ColumnData | undefined,
  rows: number,
  policy: DriftPolicy,
): Comparison {
  if (before.storage !== "numeric" || column.kind === "category" || column.kind === "text") {
    const profile = profileColumn(column, before);
    return compareColumn(profile, columnAgainst(profile, after ?? missingIn(profile, rows)), policy);
  }
  const sorted = sortedValues(before.values);
  const profile = profileOfSorted(sorted, before.values, column.name, { kind: column.kind });
  const later = after ?? missingIn(profile, rows);
  const counted = columnAgainst(profile, later);
  const bounds = isNumericProfile(counted) ? ksOfProfiles(profile, counted) : undefined;
  const enough = bounds === undefined || (bounds.lower === bounds.upper && bounds.n * bounds.m > policy.exactProduct);
  if (enough || later.storage !== "numeric") return compareColumn(profile, counted, policy);
  return compareColumn(profile, counted, policy, { reference: sorted, current: sortedValues(later.values) });
}

function missingIn(profile: ColumnProfile, rows: number): ColumnData {
  return isNumericProfile(profile)
    ? { storage: "numeric", values: new Float64Array(rows).fill(Number.NaN) }
    : { storage: "coded", codes: new Int32Array(rows).fill(-1), levels: [] };
}
