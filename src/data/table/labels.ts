import { ChurnkitError } from "../../base/errors.js";
import { cutText } from "../contract/cells/issue.js";
import type { Target } from "../contract/contract.js";
import type { CodedData, Table } from "./table.js";

/**
 * The target column of a table.
 *
 * @throws ChurnkitError TARGET_INVALID where the contract has no target or the table was read without it.
 */
export function targetColumn(table: Table): { readonly target: Target; readonly data: CodedData } {
  const { target } = table.contract;
  const where = { file: table.source, column: target?.column };
  if (target === undefined) {
    throw new ChurnkitError("TARGET_INVALID", `${table.source}: the contract names no target; give one.`, { where });
  }
  const data = table.columns.get(target.column);
  if (data?.storage === "coded") return { target, data };
  const message = `${table.source}: the target column "${cutText(target.column)}" is not in the data; give rows with it.`;
  throw new ChurnkitError("TARGET_INVALID", message, { where });
}

/**
 * The class of each row: 1 for the positive label, 0 for the other one.
 *
 * @throws ChurnkitError TARGET_INVALID where the target is absent, a row has none, there is a third class, or one of the
 * two never occurs; it names the column and the class.
 */
export function labels(table: Table): Uint8Array {
  const { target, data } = targetColumn(table);
  const named = `${table.source}: the target column "${cutText(target.column)}"`;
  const fail = (problem: string, row?: number, value?: string): ChurnkitError =>
    new ChurnkitError("TARGET_INVALID", `${named} ${problem}`, {
      where: { file: table.source, column: target.column, ...(row === undefined ? {} : { row }), value },
    });
  const classes = target.classes.map((label) => data.levels.indexOf(label));
  const positive = data.levels.indexOf(target.positive);
  const counts = new Uint32Array(data.levels.length);
  const result = new Uint8Array(table.rows);
  for (let i = 0; i < table.rows; i++) {
    const code = data.codes[i] as number;
    if (code < 0) throw fail(`has no value in row ${table.rowNumbers[i]}; leave such rows out.`, table.rowNumbers[i]);
    counts[code] = (counts[code] as number) + 1;
    if (code === positive) result[i] = 1;
  }
  const met = data.levels.filter((_, code) => (counts[code] as number) > 0);
  const foreign = met.find((label) => !classes.includes(data.levels.indexOf(label)));
  const shown = met.slice(0, 5).map((label) => `"${cutText(label, 40)}"`).join(", ");
  if (foreign !== undefined || met.length > 2) {
    throw fail(`holds ${met.length} classes (${shown}); it must hold exactly two.`, undefined, foreign);
  }
  const absent = target.classes.find((label) => !met.includes(label));
  if (absent !== undefined) {
    throw fail(`holds ${shown === "" ? "no value" : `only ${shown}`}; the class "${cutText(absent, 40)}" never occurs.`, undefined, absent);
  }
  return result;
}
