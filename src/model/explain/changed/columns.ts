import { ChurnkitError } from "../../../base/errors.js";
import { nearestText, type Column, type Contract } from "../../../data/contract/index.js";
import type { ColumnData, Table } from "../../../data/table/index.js";

/**
 * The feature of that name.
 *
 * @param option the option that names it, for the message.
 * @throws ChurnkitError OPTION_INVALID for a column that the model doesn't read.
 */
export function featureNamed(contract: Contract, name: string, option: string): Column {
  const column = contract.columns.find((other) => other.name === name);
  if (column?.role === "feature") return column;
  const names = contract.columns.filter(({ role }) => role === "feature").map((one) => one.name);
  const near = column === undefined ? nearestText(name, names) : undefined;
  const hint = near === undefined ? "Name a feature." : `Did you mean ${JSON.stringify(near)}?`;
  const problem = column === undefined ? "is not in the contract" : `is no feature but ${column.role}`;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `${option} names ${JSON.stringify(name.slice(0, 80))}, which ${problem}. ${hint}`,
    { where: { column: name.slice(0, 80) } },
  );
}

/** @throws ChurnkitError OPTION_INVALID for a number that is not whole, or out of range. */
export function wholeOption(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ChurnkitError("OPTION_INVALID", `${name} is ${value}. Give a whole number from ${least} to ${most}.`, {
    where: { value },
  });
}

/** @throws ChurnkitError TOO_FEW_ROWS for a table without rows. */
export function checkRows(table: Table): void {
  if (table.rows > 0) return;
  throw new ChurnkitError("TOO_FEW_ROWS", `${table.source}: there are no rows. Give at least one.`, {
    where: { file: table.source },
  });
}

/** @throws ChurnkitError CONTRACT_MISMATCH if the table lacks the column. */
export function dataOf(table: Table, name: string): ColumnData {
  const data = table.columns.get(name);
  if (data !== undefined) return data;
  throw new ChurnkitError(
    "CONTRACT_MISMATCH",
    `${table.source} has no column ${name}. Give rows of the same contract.`,
    {
      where: { file: table.source, column: name },
    },
  );
}

/** The table with other data in some columns. */
export const withColumns = (table: Table, changed: ReadonlyMap<string, ColumnData>): Table => ({
  ...table,
  columns: new Map([...table.columns, ...changed]),
});

/** Data of a column with the cells of some positions, which may repeat. */
export function takeCells(data: ColumnData, positions: ArrayLike<number>): ColumnData {
  if (data.storage === "numeric")
    return { ...data, values: Float64Array.from(positions, (position) => data.values[position] as number) };
  return { ...data, codes: Int32Array.from(positions, (position) => data.codes[position] as number) };
}
