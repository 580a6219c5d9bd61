import { ChurnkitError } from "../../base/errors.js";
import { cutText } from "../contract/cells/issue.js";
import type { Column, Target } from "../contract/contract.js";
import type { CodedData, ColumnData, Table } from "./table.js";

/**
 * The target column of a table.
 *
 * @throws ChurnkitError TARGET_INVALID if the contract has no target or the table was read without it.
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

/** Most classes of a target. */
export const mostClasses = 100;

/** What is demanded of the labels of some rows. */
export interface LabelOptions {
  /** Whether each class must occur, as in training. Default true. */
  readonly everyClass?: boolean;
}

/**
 * The class of each row: 1 for the positive label, 0 for any other one.
 *
 * @throws ChurnkitError TARGET_INVALID if the target is absent, a row has none, a label is not a class, or a class never
 * occurs; it names the column and the class.
 */
export function labels(table: Table, options?: LabelOptions): Uint8Array {
  const { target } = targetColumn(table);
  const positive = target.classes.indexOf(target.positive);
  return classCodes(table, options).map((code) => Number(code === positive));
}

/**
 * The class of each row, as its place among the target's classes.
 *
 * @throws ChurnkitError TARGET_INVALID if the target is absent, a row has none, a label is not a class, or a class never
 * occurs; it names the column and the class.
 */
export function classCodes(table: Table, { everyClass = true }: LabelOptions = {}): Uint8Array {
  const { target, data } = targetColumn(table);
  const named = `${table.source}: the target column "${cutText(target.column)}"`;
  const fail = (problem: string, row?: number, value?: string): ChurnkitError =>
    new ChurnkitError("TARGET_INVALID", `${named} ${problem}`, {
      where: { file: table.source, column: target.column, ...(row === undefined ? {} : { row }), value },
    });
  if (target.classes.length > mostClasses)
    throw fail(`has ${target.classes.length} classes; the most are ${mostClasses}.`);
  const places = data.levels.map((label) => target.classes.indexOf(label));
  const counts = new Uint32Array(data.levels.length);
  const codes = new Uint8Array(table.rows);
  for (let i = 0; i < table.rows; i++) {
    const code = data.codes[i] as number;
    if (code < 0) throw fail(`has no value in row ${table.rowNumbers[i]}; remove such rows.`, table.rowNumbers[i]);
    counts[code] = (counts[code] as number) + 1;
    codes[i] = places[code] as number;
  }
  const met = data.levels.filter((_, code) => (counts[code] as number) > 0);
  const shown = met
    .slice(0, 5)
    .map((label) => `"${cutText(label, 40)}"`)
    .join(", ");
  const foreign = met.find((label) => !target.classes.includes(label));
  if (foreign !== undefined) {
    const most = target.classes.length === 2 ? "it must hold exactly two" : `the contract has ${target.classes.length}`;
    throw fail(`holds ${met.length} classes (${shown}); ${most}.`, undefined, foreign);
  }
  const absent = everyClass ? target.classes.find((label) => !met.includes(label)) : undefined;
  if (absent !== undefined) {
    throw fail(
      `holds ${shown === "" ? "no value" : `only ${shown}`}; the class "${cutText(absent, 40)}" never occurs.`,
      undefined,
      absent,
    );
  }
  return codes;
}

/** Rows whose label is not a class of the target, and their most frequent labels. */
export interface UnknownLabels {
  readonly rows: number;
  /** At most ten, the most frequent first, cut to 80 characters. */
  readonly labels: readonly { readonly label: string; readonly rows: number }[];
}

/** The rows of a table, read with an optional target, whose label is not a class. */
export function unknownLabels({ contract: { target }, columns }: Table): UnknownLabels {
  const data = target === undefined ? undefined : columns.get(target.column);
  if (target === undefined || data?.storage !== "coded") return { rows: 0, labels: [] };
  const counts = new Uint32Array(data.levels.length);
  for (const code of data.codes) if (code >= 0) counts[code] = (counts[code] as number) + 1;
  const unknown = data.levels
    .map((label, code) => ({ label, rows: counts[code] as number }))
    .filter(({ label, rows }) => rows > 0 && !target.classes.includes(label));
  const labels = unknown.sort((a, b) => b.rows - a.rows || (a.label < b.label ? -1 : 1)).slice(0, 10);
  return {
    rows: unknown.reduce((sum, { rows }) => sum + rows, 0),
    labels: labels.map(({ label, rows }) => ({ label: cutText(label), rows })),
  };
}

/** Describes unknown labels: `"Pending" (67), "?" (2)`. */
export const listedLabels = ({ rows, labels: shown }: UnknownLabels): string => {
  const rest = rows - shown.reduce((sum, label) => sum + label.rows, 0);
  return `${shown.map((each) => `"${each.label}" (${each.rows})`).join(", ")}${rest > 0 ? ` and others (${rest})` : ""}`;
};

/**
 * Returns a column without the rows whose label is not a class, which are not part of a distribution. For other
 * columns, all rows.
 */
export function ofClasses(column: Column, data: ColumnData): ColumnData {
  if (column.role !== "target" || column.kind !== "category" || data.storage !== "coded") return data;
  const known = column.levels.length;
  return known === 0 || data.levels.length <= known
    ? data
    : { ...data, codes: data.codes.filter((code) => code < known), levels: column.levels };
}

/**
 * Returns 1 for the positive class, 0 for the other one, -1 if it isn't known; undefined for a table without its
 * target.
 */
export function knownLabels(table: Table, target: Target | undefined): Int8Array | undefined {
  const data = target && table.columns.get(target.column);
  if (target === undefined || data?.storage !== "coded") return undefined;
  const outcomes = data.levels.map((label) =>
    label === target.positive ? 1 : target.classes.includes(label) ? 0 : -1,
  );
  return Int8Array.from(data.codes, (code) => outcomes[code] ?? -1);
}
