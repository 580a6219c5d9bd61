import type { Column } from "../../data/contract/index.js";
import {
  isNumericProfile,
  type ColumnProfile,
  type NumericProfile,
  columnAgainst,
  profileColumn,
} from "../../data/profile/index.js";
import { sortedValues } from "../../stats/ranks/index.js";
import type { ColumnData } from "../../data/table/index.js";
import type { DriftPolicy } from "../policy.js";
import { ksTest, ksTestOfSorted } from "../../stats/hypothesis/index.js";
import { ksOfProfiles } from "./profile-ks.js";
import { wassersteinOfSorted } from "../../stats/distances/index.js";
import { compareColumn, type Comparison } from "./column.js";
import type { ExactValues } from "./shifts.js";

/**
 * Compares a column of two tables by its profiles, and by the samples if they are more exact: D between cut points,
 * or the exact p-value of small samples.
 *
 * @param after undefined if the column is absent, which counts as missing in all of `rows`.
 */
export function compareTableColumn(
  column: Column,
  before: ColumnData,
  after: ColumnData | undefined,
  rows: number,
  policy: DriftPolicy,
): Comparison {
  const profile = profileColumn(column, before);
  if (before.storage !== "numeric" || !isNumericProfile(profile)) {
    return compareColumn(profile, columnAgainst(profile, after ?? missingIn(profile, rows)), policy);
  }
  const later = after ?? missingIn(profile, rows);
  const counted = columnAgainst(profile, later);
  if (later.storage !== "numeric" || !isNumericProfile(counted) || tellsAll(profile, counted, policy)) {
    return compareColumn(profile, counted, policy);
  }
  return compareColumn(profile, counted, policy, exactValues(before.values, later.values, policy));
}

/** Returns whether the profiles are as exact as the samples: D, its p-value and Wasserstein's distance. */
function tellsAll(reference: NumericProfile, current: NumericProfile, policy: DriftPolicy): boolean {
  const bounds = ksOfProfiles(reference, current);
  if (bounds === undefined) return true;
  const onCuts = [reference, current].every(({ counts }) =>
    counts.every((count, cell) => cell % 2 === 1 || count === 0),
  );
  const large = bounds.n + bounds.m >= LARGE;
  return bounds.lower === bounds.upper && bounds.n * bounds.m > policy.exactProduct && (onCuts || large);
}

/**
 * From this many values on, Wasserstein's distance comes from the profiles, whose cut points are more than close
 * enough.
 */
const LARGE = 100_000;

function exactValues(before: Float64Array, after: Float64Array, policy: DriftPolicy): ExactValues | undefined {
  if (before.length + after.length >= LARGE) {
    const ks = ksTest(before, after, policy.exactProduct);
    return ks && { ks, wasserstein: undefined };
  }
  const [reference, current] = [sortedValues(before), sortedValues(after)];
  const ks = ksTestOfSorted(reference, current, policy.exactProduct);
  return ks && { ks, wasserstein: wassersteinOfSorted(reference, current) };
}

function missingIn(profile: ColumnProfile, rows: number): ColumnData {
  return isNumericProfile(profile)
    ? { storage: "numeric", values: new Float64Array(rows).fill(Number.NaN) }
    : { storage: "coded", codes: new Int32Array(rows).fill(-1), levels: [] };
}
