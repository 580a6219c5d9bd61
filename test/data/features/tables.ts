import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Column, Contract } from "../../../src/data/contract/contract.js";
import type { ColumnData, Table } from "../../../src/data/table/table.js";
import { sharedPath } from "../../helpers/shared.js";

const common = { role: "feature", nullable: true, optional: false, missing: [] } as const;

export const numberColumn = (name: string): Column => ({ ...common, name, kind: "number", integer: false });
export const booleanColumn = (name: string): Column => ({
  ...common,
  name,
  kind: "boolean",
  truthy: ["true"],
  falsy: ["false"],
  caseSensitive: false,
});
export const dateColumn = (name: string): Column => ({ ...common, name, kind: "date", precision: "date" });
export const textColumn = (name: string): Column => ({ ...common, name, kind: "text" });
export const categoryColumn = (name: string, levels: readonly string[], open = false): Column => ({
  ...common,
  name,
  kind: "category",
  levels,
  open,
});

/** A contract of feature columns and the target "churn" (no, yes). */
export function contractOfColumns(columns: readonly Column[]): Contract {
  const target: Column = { ...categoryColumn("churn", ["no", "yes"]), role: "target" };
  return {
    format: 1,
    name: "test",
    origin: "declared",
    columns: [...columns, target],
    target: { column: "churn", classes: ["no", "yes"], positive: "yes" },
  };
}

export type Value = number | string | boolean | null | undefined;

const missing = (value: Value): value is null | undefined => value === null || value === undefined;

function dataOf(column: Column, values: readonly Value[]): ColumnData {
  if (column.kind === "category" || column.kind === "text") {
    const levels = column.kind === "category" ? [...column.levels] : [];
    const known = new Map(levels.map((level, code) => [level, code]));
    const codes = Int32Array.from(values, (value) => {
      if (missing(value)) return -1;
      const label = String(value);
      const code = known.get(label) ?? levels.push(label) - 1;
      known.set(label, code);
      return code;
    });
    const same = column.kind === "category" && levels.length === column.levels.length;
    return { storage: "coded", codes, levels: same ? column.levels : levels };
  }
  const toNumber = (value: Value): number => {
    if (missing(value)) return NaN;
    return column.kind === "date" && typeof value === "string" ? Date.parse(value) : Number(value);
  };
  return { storage: "numeric", values: Float64Array.from(values, toNumber) };
}

/** A table of the columns given, by hand. */
export function tableOf(
  contract: Contract,
  columns: Readonly<Record<string, readonly Value[]>>,
  source = "test",
): Table {
  const rows = Object.values(columns)[0]?.length ?? 0;
  const data = contract.columns.flatMap((column): [string, ColumnData][] => {
    const values = columns[column.name];
    return values === undefined ? [] : [[column.name, dataOf(column, values)]];
  });
  return {
    contract,
    rows,
    columns: new Map(data),
    rowNumbers: Uint32Array.from({ length: rows }, (_, i) => i),
    rejected: [],
    source,
  };
}

/** A shared CSV without quotes, kinds by a simple rule: numeric where all cells but "" and "NA" are. */
export function sharedTable(file: string, target: string, positive: string, ids: readonly string[]): Table {
  const bytes = readFileSync(sharedPath(`data/${file}`));
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  const [header = "", ...lines] = text.trim().split("\n");
  const cells = lines.map((line) => line.split(","));
  const values = header.split(",").map((name, i) => ({
    name,
    cells: cells.map((row) => (row[i] === "" || row[i] === "NA" ? null : (row[i] ?? null))),
  }));
  const columns = values.map(({ name, cells: own }): Column => {
    const levels = [...new Set(own.filter((cell) => cell !== null))].sort();
    if (name === target) return { ...categoryColumn(name, levels), role: "target" };
    if (ids.includes(name)) return { ...textColumn(name), role: "id" };
    return levels.every((level) => Number.isFinite(Number(level)))
      ? numberColumn(name)
      : categoryColumn(name, levels, true);
  });
  const classes = [...new Set(values.find(({ name }) => name === target)?.cells)].map(String);
  const contract: Contract = {
    format: 1,
    name: file,
    origin: "inferred",
    columns,
    target: { column: target, classes, positive },
  };
  return tableOf(contract, Object.fromEntries(values.map(({ name, cells: own }) => [name, own])), file);
}
