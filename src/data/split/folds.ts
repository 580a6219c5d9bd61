import { ChurnkitError } from "../../base/errors.js";
import { cutText } from "../contract/cells/issue.js";
import { dealGroups, groupsByColumn } from "./group-folds.js";
import { hashOrder, rowsByClass } from "./split.js";
import type { Table } from "../table/table.js";

/** One fold: positions in the table, ascending. */
export interface Fold {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

function groupsOf(data: Table | ArrayLike<number>): {
  rows: number;
  rowNumbers: Uint32Array;
  groups: ReturnType<typeof rowsByClass>;
} {
  if ("columns" in data) return { rows: data.rows, rowNumbers: data.rowNumbers, groups: rowsByClass(data) };
  const byLabel = new Map<number, number[]>();
  for (let i = 0; i < data.length; i++) {
    const label = data[i] as number;
    const group = byLabel.get(label);
    if (group === undefined) byLabel.set(label, [i]);
    else group.push(i);
  }
  const groups = [...byLabel].sort(([a], [b]) => a - b).map(([label, rows]) => ({ label: String(label), rows }));
  return { rows: data.length, rowNumbers: Uint32Array.from({ length: data.length }, (_, i) => i), groups };
}

/**
 * Splits rows into k folds of nearly equal size, each with nearly the same share of every class (sizes and class
 * counts differ by at most one). A row's fold depends only on the seed, its row number and the other rows of its
 * class. With `by`, rows of one group are never separated, and folds are as even as the groups allow.
 *
 * @param data a table, or the class of each row.
 * @param k number of folds, 2 or more.
 * @param by the column of a table whose values are the groups, or the group of each row.
 * @returns for each fold the positions of its training rows and of its test rows; every row is tested once.
 * @throws ChurnkitError TOO_FEW_ROWS if a class has fewer rows than there are folds, or there are fewer groups;
 * OPTION_INVALID for k; INPUT_COLUMNS or VALUE_INVALID for groups by a column that is unknown or has missing values.
 * @example
 * ```ts
 * import { kFold } from "churnkit/data";
 *
 * const folds = kFold(Uint8Array.of(0, 0, 0, 0, 1, 1), 2, 7);
 * console.assert(folds.every(({ test }) => test.length === 3));
 * ```
 */
export function kFold(data: Table | ArrayLike<number>, k: number, seed = 0, by?: string | ArrayLike<number>): Fold[] {
  if (!Number.isInteger(k) || k < 2) {
    throw new ChurnkitError("OPTION_INVALID", `The number of folds is ${k}; it must be a whole number of 2 or more.`, {
      where: { value: k },
    });
  }
  const { rows, rowNumbers, groups } = groupsOf(data);
  const small = groups.find((group) => group.rows.length < k);
  if (small !== undefined || groups.length === 0) {
    const count = small?.rows.length ?? 0;
    const which = small === undefined || small.label === "" ? "There are" : `The class "${cutText(small.label)}" has`;
    const message = `${which} only ${count} ${count === 1 ? "row" : "rows"} for ${k} folds; use fewer folds or give more rows.`;
    throw new ChurnkitError("TOO_FEW_ROWS", message);
  }
  const foldOf =
    by === undefined
      ? dealRows(groups, rows, rowNumbers, k, seed)
      : dealGroups(
          groups.map((group) => group.rows),
          typeof by === "string" ? groupsByColumn(data, by) : by,
          k,
          seed,
        );
  const positions = Uint32Array.from({ length: rows }, (_, i) => i);
  return Array.from({ length: k }, (_, fold) => ({
    train: positions.filter((row) => foldOf[row] !== fold),
    test: positions.filter((row) => foldOf[row] === fold),
  }));
}

/** Deals the rows of each class in a seeded order. */
function dealRows(
  classes: ReturnType<typeof rowsByClass>,
  rows: number,
  rowNumbers: Uint32Array,
  k: number,
  seed: number,
): Uint32Array {
  const foldOf = new Uint32Array(rows);
  // Dealing continues where the previous class ended, so that the folds' sizes stay even too.
  let next = 0;
  for (const group of classes) {
    for (const row of hashOrder(group.rows, rowNumbers, seed)) foldOf[row] = next++ % k;
  }
  return foldOf;
}
