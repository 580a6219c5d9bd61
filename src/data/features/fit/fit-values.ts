import type { Table } from "../../table/table.js";
import type { Expression } from "../expression.js";
import { evaluateExpression } from "../expressions/evaluate.js";

/** Returns all values of a number, boolean or date over the training rows; values that are not finite are missing. */
export function numbersOf(expression: Expression, table: Table): Float64Array {
  const { values } = evaluateExpression(expression, table);
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) values[i] = NaN;
  return values;
}

/** All codes of a category over the training rows, and its labels; the table's own arrays for a plain column. */
export function codesOf(expression: Expression, table: Table): { codes: Int32Array; labels: readonly string[] } {
  if (expression.op === "column") {
    const data = table.columns.get(expression.name);
    if (data?.storage === "coded") return { codes: data.codes, labels: data.levels };
  }
  const { values, levels } = evaluateExpression(expression, table);
  return { codes: Int32Array.from(values, (value) => (value >= 0 ? value : -1)), labels: levels };
}

/** A class of the target against all others. */
export interface TargetClass {
  /** Absent for the positive class. */
  readonly of?: string;
  /** 1 for a row of the class, else 0. */
  readonly labels: Uint8Array;
}

/**
 * Returns the positive class and then, if there are more than two, the others; undefined if the table or its contract has
 * no target.
 */
export function targetClasses(table: Table): readonly TargetClass[] | undefined {
  const { target } = table.contract;
  const data = target && table.columns.get(target.column);
  if (target === undefined || data?.storage !== "coded") return undefined;
  const labelsOf = (label: string): Uint8Array => {
    const wanted = data.levels.indexOf(label);
    return Uint8Array.from(data.codes, (code) => (code === wanted ? 1 : 0));
  };
  const others = target.classes.length > 2 ? target.classes.filter((label) => label !== target.positive) : [];
  return [{ labels: labelsOf(target.positive) }, ...others.map((of) => ({ of, labels: labelsOf(of) }))];
}
