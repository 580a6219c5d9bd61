import { ChurnkitError } from "../../base/errors.js";
import { mergeCategory } from "./category-profile.js";
import { mergeNumeric } from "./numeric-profile.js";
import { isNumericProfile, type ColumnProfile, type Profile } from "./profile.js";

/**
 * Adds two profiles counted against the same reference. Adding is exact: any number of shards, merged in any order or
 * grouping, gives the same profile bit for bit.
 *
 * @throws ChurnkitError CONTRACT_MISMATCH if columns, cut points or levels differ.
 */
export function mergeProfiles(a: Profile, b: Profile): Profile {
  if (a.columns.length !== b.columns.length) {
    throw mismatch(`One has ${a.columns.length} columns, the other ${b.columns.length}`);
  }
  const others = new Map(b.columns.map((column) => [column.name, column]));
  return {
    format: 1,
    rows: a.rows + b.rows,
    columns: a.columns.map((column) => mergeColumns(column, others.get(column.name))),
  };
}

/** Adds two profiles of one column. */
function mergeColumns(a: ColumnProfile, b: ColumnProfile | undefined): ColumnProfile {
  if (b === undefined) throw mismatch(`Only one of them has the column "${a.name}"`, a.name);
  if (isNumericProfile(a)) {
    if (isNumericProfile(b) && sameNumbers(a.cuts, b.cuts) && a.moments.origin === b.moments.origin)
      return mergeNumeric(a, b);
    throw mismatch(`Column "${a.name}" has different cut points`, a.name);
  }
  if (!isNumericProfile(b) && sameTexts(a.levels, b.levels)) return mergeCategory(a, b);
  throw mismatch(`Column "${a.name}" has different levels`, a.name);
}

const sameNumbers = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);
const sameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);

function mismatch(what: string, column?: string): ChurnkitError {
  return new ChurnkitError(
    "CONTRACT_MISMATCH",
    `These profiles cannot be compared or merged: ${what}. Count both against the same reference with profileAgainst.`,
    { where: { column } },
  );
}

/** Returns a profile with one more column, or with that column replaced. */
export function withColumn(profile: Profile, column: ColumnProfile): Profile {
  return { ...profile, columns: [...profile.columns.filter(({ name }) => name !== column.name), column] };
}
