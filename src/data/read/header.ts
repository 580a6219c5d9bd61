import { ChurnkitError } from "../../base/errors.js";
import { cutText } from "../contract/cells/issue.js";
import type { Column, Contract } from "../contract/contract.js";
import { nameProblem } from "../contract/limits.js";
import { columnsToRead, isNeeded } from "../table/row-options.js";
import type { ColumnData, Table } from "../table/table.js";
import { absentColumn } from "./absent.js";
import type { ResolvedOptions } from "./options.js";

/**
 * Checks a header: no empty, repeated or forbidden name.
 *
 * @throws ChurnkitError INPUT_COLUMNS, naming the column.
 */
export function checkHeader(names: readonly (string | undefined)[], source: string): void {
  const seen = new Map<string, number>();
  names.forEach((name, i) => {
    if (name === undefined) return;
    const before = seen.get(name);
    const problem =
      before === undefined
        ? nameProblem(name)
        : `the name "${cutText(name)}" is also the name of column ${before + 1}; rename or remove one of them`;
    if (problem !== undefined) {
      throw new ChurnkitError("INPUT_COLUMNS", `${source}: the header, column ${i + 1}: ${problem}.`, {
        where: { file: source, column: name },
      });
    }
    seen.set(name, i);
  });
}

/** Positions of the contract's columns in a header. */
export interface HeaderMatch {
  /** `index` is -1 if the column is absent. */
  readonly columns: readonly { readonly column: Column; readonly index: number }[];
  /** Names in the header that the contract does not know. */
  readonly extra: readonly string[];
}

const listed = (names: readonly string[]): string => {
  const shown = names.slice(0, 10).map((name) => `"${cutText(name, 40)}"`);
  return shown.join(", ") + (names.length > shown.length ? ` and ${names.length - shown.length} more` : "");
};

/**
 * Finds the contract's columns in a header, or among the keys that records have.
 *
 * @throws ChurnkitError INPUT_COLUMNS, listing every needed column that is absent; if those may be left out, when the
 * input has none of the contract's columns.
 */
export function matchHeader(
  given: readonly (string | undefined)[],
  contract: Contract,
  { target: mode, absent, source }: Pick<ResolvedOptions, "target" | "absent" | "source">,
  what = "the header has",
): HeaderMatch {
  const names = given.filter((name) => name !== undefined);
  const positions = new Map(given.map((name, i) => [name, i]));
  // An accent is one character or two: if the header lacks the exact name, the other spelling counts.
  const composed = new Map(given.map((name, i) => [name?.normalize("NFC"), i]));
  const taken = new Set<string | undefined>();
  const columns = columnsToRead(contract, mode).map((column) => {
    const index = positions.get(column.name) ?? composed.get(column.name.normalize("NFC")) ?? -1;
    if (index >= 0) taken.add(given[index]);
    return { column, index };
  });
  const mayMiss = ({ optional, default: value, nullable, role }: Column): boolean =>
    optional || value !== undefined || (absent === "missing" && nullable && role === "feature");
  const needed = columns
    .filter(({ column, index }) => index < 0 && isNeeded(column, mode) && !mayMiss(column))
    .map(({ column }) => column);
  const lenient = absent === "leave-out" && columns.some(({ index }) => index >= 0);
  const leftOut = new Set(lenient ? needed.filter(({ role }) => role === "feature") : []);
  const missing = needed.filter((column) => !leftOut.has(column)).map(({ name }) => name);
  if (missing.length > 0) {
    const those = missing.length === 1 ? `the column ${listed(missing)} is` : `the columns ${listed(missing)} are`;
    throw new ChurnkitError(
      "INPUT_COLUMNS",
      `${source}: ${those} missing; ${what} ${names.length === 0 ? "none" : listed(names)}.`,
      {
        where: { file: source, column: missing[0] },
      },
    );
  }
  const known = new Set(contract.columns.map((column) => column.name));
  return {
    columns: columns.filter(({ column }) => !leftOut.has(column)),
    extra: names.filter((name) => !known.has(name) && !taken.has(name)),
  };
}

/** Returns a table with replacements for the absent columns. */
export function fillAbsent(table: Table, { columns }: HeaderMatch): Table {
  const filled = new Map<string, ColumnData>();
  for (const { column, index } of columns) {
    const data = index < 0 ? absentColumn(column, table.rows) : table.columns.get(column.name);
    if (data !== undefined) filled.set(column.name, data);
  }
  return { ...table, columns: filled };
}
