import { ChurnkitError } from "../../base/errors.js";
import { mix32 } from "../../base/random.js";
import { cutText } from "../contract/cells/issue.js";
import type { Table } from "../table/table.js";

/**
 * The group of each row, by the values of a column.
 *
 * @throws ChurnkitError INPUT_COLUMNS for an unknown column, VALUE_INVALID for a row without a value.
 */
export function groupsByColumn(table: Table | ArrayLike<number>, name: string): ArrayLike<number> {
  if (!("columns" in table)) {
    const message = `Labels alone have no column "${cutText(name)}"; give the group of each row, or a table.`;
    throw new ChurnkitError("OPTION_INVALID", message, { where: { value: name } });
  }
  const data = table.columns.get(name);
  const where = { file: table.source, column: name };
  if (data === undefined) {
    const message = `${table.source}: there is no column "${cutText(name)}" to group by.`;
    throw new ChurnkitError("INPUT_COLUMNS", message, { where });
  }
  const values = data.storage === "numeric" ? data.values : data.codes;
  const missing = values.findIndex((value) => Number.isNaN(value) || (data.storage === "coded" && value < 0));
  if (missing < 0) return values;
  const row = table.rowNumbers[missing] as number;
  const message = `${table.source}: row ${row} has no "${cutText(name)}", so it belongs to no group; remove such rows.`;
  throw new ChurnkitError("VALUE_INVALID", message, { where: { ...where, row } });
}

const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);

interface Group {
  readonly key: number;
  readonly rows: number[];
  /** Its rows of each class. */
  readonly counts: number[];
}

/**
 * Deals whole groups to folds, the largest first, each to the fold where the classes stay most even.
 *
 * @param classes the rows of each class.
 * @returns the fold of each row.
 * @throws ChurnkitError TOO_FEW_ROWS for fewer groups than folds.
 */
export function dealGroups(
  classes: readonly (readonly number[])[],
  groupOf: ArrayLike<number>,
  k: number,
  seed: number,
): Uint32Array {
  const groups = new Map<number, Group>();
  classes.forEach((rows, label) => {
    for (const row of rows) {
      const value = groupOf[row] as number;
      const found = groups.get(value);
      const group = found ?? { key: mix32(mix32(seed + 1) ^ row), rows: [], counts: classes.map(() => 0) };
      if (found === undefined) groups.set(value, group);
      group.rows.push(row);
      group.counts[label] = (group.counts[label] as number) + 1;
    }
  });
  if (groups.size < k) {
    const message = `There are only ${groups.size} groups for ${k} folds; use fewer folds, or group by another column.`;
    throw new ChurnkitError("TOO_FEW_ROWS", message);
  }
  const sorted = [...groups.values()].sort(
    (a, b) => b.rows.length - a.rows.length || a.key - b.key || (a.rows[0] as number) - (b.rows[0] as number),
  );
  const filled = Array.from({ length: k }, () => classes.map(() => 0));
  const foldOf = new Uint32Array(groupOf.length);
  /** How much more uneven the folds become: shares of a class are squared, so that a full fold costs most. */
  const cost = (counts: readonly number[], group: Group): number =>
    group.counts.reduce((sum, own, label) => {
      const all = (classes[label] as readonly number[]).length;
      return sum + (own * (2 * (counts[label] as number) + own)) / (all * all);
    }, 0);
  for (const group of sorted) {
    const costs = filled.map((counts) => cost(counts, group));
    const least = Math.min(...costs);
    // Of equally good folds the one with the fewest rows, so that none stays empty.
    const rows = filled.map((counts, fold) => (costs[fold] === least ? sum(counts) : Infinity));
    const fold = rows.indexOf(Math.min(...rows));
    const counts = filled[fold] as number[];
    group.counts.forEach((own, label) => (counts[label] = (counts[label] as number) + own));
    for (const row of group.rows) foldOf[row] = fold;
  }
  return foldOf;
}
