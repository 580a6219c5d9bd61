import { ChurnkitError } from "../../base/errors.js";
import { isNumericProfile, type ColumnProfile, type Profile } from "../../data/profile/index.js";
import type { DriftPolicy } from "../policy.js";
import { compareColumn, type Comparison } from "./column.js";

/**
 * Compares the columns that two profiles share.
 *
 * @throws ChurnkitError CONTRACT_MISMATCH if a column was counted against other cut points or levels.
 */
export function compareColumns(
  reference: Profile,
  current: Profile,
  policy: DriftPolicy,
  ignore: readonly string[] = [],
): Comparison[] {
  const others = new Map(current.columns.map((column) => [column.name, column]));
  const comparisons: Comparison[] = [];
  for (const column of reference.columns) {
    const other = others.get(column.name);
    if (other === undefined || ignore.includes(column.name)) continue;
    checkComparable(column, other);
    comparisons.push(compareColumn(column, other, policy));
  }
  return comparisons;
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
