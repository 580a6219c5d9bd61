import { ChurnkitError } from "../../base/errors.js";
import { listedLabels, unknownLabels } from "../table/labels.js";
import type { Table } from "../table/table.js";
import { columnFindings, missingCount } from "./columns.js";
import { columnFinding, formFindings, tableFinding } from "../contract/finding.js";
import { findLeaks } from "./leaks.js";
import { rejectedFindings } from "./rejected.js";
import { repeatedRows } from "./row-groups.js";
import type { Finding } from "../contract/rules.js";

/** Limits of {@link validateTable}. */
export interface ValidationOptions {
  /** Share of missing values in a feature above which a finding is made, in [0, 1]; default 0.3. */
  readonly missingRate?: number;
  /** Share of the rarer class below which a finding is made, in [0, 0.5]; default 0.05. */
  readonly imbalance?: number;
  /** AUC of a single feature above which it is reported as a leak, in (0.5, 1); default 0.99. */
  readonly leakAuc?: number;
}

/** The verdict on a table; plain JSON. */
export interface Validation {
  /** True if no finding is an error: no row was set aside, no needed column is missing, the target has two classes. */
  readonly valid: boolean;
  /** Data rows in the source: those kept and those set aside. */
  readonly rows: number;
  /** Rows set aside because they break the contract. */
  readonly rejected: number;
  /**
   * Quality of the data, in [0, 1]: the product of validity (rows kept / rows), completeness (1 - mean share of
   * missing values over the features), uniqueness (1 - rows that repeat an earlier row or id / rows kept), and
   * soundness (features that are present and neither constant, all missing, id-like nor leaking / features).
   */
  readonly qualityScore: number;
  /** Errors first, then warnings, then notes; within them in the order of the columns. */
  readonly findings: readonly Finding[];
}

function share(name: string, value: number, low: number, high: number): number {
  if (value >= low && value <= high) return value;
  throw new ChurnkitError("OPTION_INVALID", `${name} must be a number from ${low} to ${high}, not ${value}.`, {
    where: { value },
  });
}

function absentFindings(table: Table): Finding[] {
  const absent = table.contract.columns.flatMap(({ name, role, optional }): Finding[] => {
    if (table.columns.has(name) || optional || role === "ignored") return [];
    if (role === "feature") return [columnFinding("missingColumn", name, 0, "it is missing from the data; add it")];
    return [columnFinding("missingColumn", name, 0, `the ${role} is missing from the data`, { severity: "info" })];
  });
  const extra = (table.extraColumns ?? []).slice(0, 100);
  return [
    ...absent,
    ...extra.map((name) => columnFinding("extraColumn", name, 0, "it is not in the contract and was left out")),
  ];
}

function repeatedFindings(table: Table): { findings: Finding[]; rows: number } {
  const { columns } = table.contract;
  const data = (names: readonly string[]) => names.flatMap((name) => table.columns.get(name) ?? []);
  const ids = columns.filter(({ role }) => role === "id").map(({ name }) => name);
  const rest = columns.filter(({ role }) => role === "feature" || role === "target").map(({ name }) => name);
  const numbers = (rows: readonly number[]): number[] => rows.map((row) => table.rowNumbers[row] as number);
  const byId = ids.every((name) => table.columns.has(name)) ? repeatedRows(data(ids), table.rows) : [];
  const byContent = repeatedRows(data(rest), table.rows);
  const findings: Finding[] = [];
  if (byId.length > 0) {
    findings.push(
      tableFinding(
        "duplicateId",
        byId.length,
        `${byId.length === 1 ? "One row has" : `${byId.length} rows have`} the id (${ids.join(", ")}) of an earlier row.`,
        numbers(byId),
      ),
    );
  }
  if (byContent.length > 0) {
    findings.push(
      tableFinding(
        "duplicateRow",
        byContent.length,
        `${byContent.length === 1 ? "One row equals" : `${byContent.length} rows equal`} an earlier row in every feature and the target.`,
        numbers(byContent),
      ),
    );
  }
  return { findings, rows: new Set([...byId, ...byContent]).size };
}

function targetFindings(table: Table, rarest: number): Finding[] {
  const { target } = table.contract;
  const data = target === undefined ? undefined : table.columns.get(target.column);
  if (target === undefined || data?.storage !== "coded" || table.rows === 0) return [];
  const counts = new Map(target.classes.map((label) => [label, 0]));
  for (const code of data.codes) {
    const label = data.levels[code];
    const count = label === undefined ? undefined : counts.get(label);
    if (label !== undefined && count !== undefined) counts.set(label, count + 1);
  }
  const rows = [...counts.values()].reduce((a, b) => a + b, 0);
  const present = [...counts].filter(([, count]) => count > 0);
  if (rows === 0) {
    const unknown = unknownLabels(table);
    // Rows to be scored may come with an empty target column.
    return unknown.rows === 0
      ? []
      : [
          columnFinding(
            "oneClass",
            target.column,
            unknown.rows,
            `no row has a class; its labels are ${listedLabels(unknown)}`,
          ),
        ];
  }
  if (present.length < 2) {
    return [
      columnFinding(
        "oneClass",
        target.column,
        rows,
        `every row is ${JSON.stringify(present[0]?.[0])}; give rows of both classes`,
      ),
    ];
  }
  const [label, count] = present.reduce((a, b) => (b[1] < a[1] ? b : a));
  if (count >= rarest * rows) return [];
  const message = `only ${((100 * count) / rows).toFixed(2)} % of the rows are ${JSON.stringify(label)}`;
  return [columnFinding("imbalance", target.column, count, message)];
}

const severities = ["error", "warning", "info"] as const;
const unsound = new Set<Finding["rule"]>(["constant", "allMissing", "idLike", "leak", "missingColumn"]);

function qualityScore(table: Table, findings: readonly Finding[], repeated: number): number {
  const features = table.contract.columns.filter(({ role }) => role === "feature");
  const total = table.rows + table.rejected.length;
  if (table.rows === 0 || features.length === 0) return 0;
  const missing = features.reduce((sum, { name }) => {
    const data = table.columns.get(name);
    return sum + (data === undefined ? 0 : missingCount(table, data) / table.rows);
  }, 0);
  const flawed = new Set(findings.filter(({ rule }) => unsound.has(rule)).map(({ column }) => column));
  const sound = features.filter(({ name }) => !flawed.has(name)).length;
  return (
    (table.rows / total) * (1 - missing / features.length) * (1 - repeated / table.rows) * (sound / features.length)
  );
}

/**
 * Checks a table that was read by its contract: rows set aside and why, missing values, new values and labels,
 * repeated ids and rows, columns that are constant or unique, features that nearly predict the target, and the
 * classes of the target.
 *
 * @throws ChurnkitError OPTION_INVALID for a limit out of its range.
 * @example
 * ```ts
 * import { defineDataset, tableFromRecords, validateTable } from "churnkit/data";
 * import { z } from "zod";
 *
 * const data = defineDataset({
 *   name: "customers",
 *   schema: z.object({ tenure: z.int().min(0), left: z.enum(["No", "Yes"]) }),
 *   target: "left",
 *   positive: "Yes",
 * });
 * const validation = validateTable(tableFromRecords(data.contract, [{ tenure: 3, left: "No" }, { tenure: 9, left: "Yes" }]));
 * console.log(validation.valid, validation.qualityScore);
 * ```
 */
export function validateTable(table: Table, options: ValidationOptions = {}): Validation {
  const missingRate = share("missingRate", options.missingRate ?? 0.3, 0, 1);
  const imbalance = share("imbalance", options.imbalance ?? 0.05, 0, 0.5);
  const leakAuc = share("leakAuc", options.leakAuc ?? 0.99, 0.5, 1);
  const repeated = repeatedFindings(table);
  const found: Finding[] = [
    ...(table.rows === 0 ? [tableFinding("noRows", table.rejected.length, "No rows are left.")] : []),
    ...formFindings(table.form ?? []),
    ...absentFindings(table),
    ...rejectedFindings(table.rejected),
    ...targetFindings(table, imbalance),
    ...table.contract.columns.flatMap((column) => {
      const data = table.columns.get(column.name);
      return column.role === "feature" && data !== undefined ? columnFindings(table, column, data, missingRate) : [];
    }),
    ...findLeaks(table, { threshold: leakAuc }),
    ...repeated.findings,
  ];
  const findings = severities.flatMap((severity) => found.filter((finding) => finding.severity === severity));
  return {
    valid: findings.every(({ severity }) => severity !== "error"),
    rows: table.rows + table.rejected.length,
    rejected: table.rejected.length,
    qualityScore: qualityScore(table, findings, repeated.rows),
    findings,
  };
}
