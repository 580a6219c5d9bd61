import type { RejectedRow } from "../table/table.js";
import { shownRows } from "../contract/finding.js";
import { qualityRules, type Finding, type QualityRule } from "../contract/rules.js";

/** The rule an issue names; readers of other versions may name one that is not in the table. */
const ruleOf = (name: string): QualityRule => (Object.hasOwn(qualityRules, name) ? (name as QualityRule) : "type");

/** Gathers the issues of rows set aside by column and rule: one finding each, with the first issue's message. */
export function rejectedFindings(rejected: readonly RejectedRow[]): Finding[] {
  const groups = new Map<
    string,
    { rule: QualityRule; column: string; message: string; rows: number[]; count: number }
  >();
  for (const { row, issues } of rejected) {
    for (const issue of issues) {
      const key = JSON.stringify([issue.column, issue.rule]);
      const group = groups.get(key) ?? {
        rule: ruleOf(issue.rule),
        column: issue.column,
        message: issue.message,
        rows: [],
        count: 0,
      };
      groups.set(key, group);
      group.count++;
      if (group.rows.length < shownRows) group.rows.push(row);
    }
  }
  return [...groups.values()].map(({ rule, column, message, rows, count }) => ({
    rule,
    column: column === "" ? null : column,
    severity: "error",
    count,
    rows,
    message: count === 1 ? `Row ${rows[0]}: ${message}` : `${count} rows, such as row ${rows[0]}: ${message}`,
  }));
}
