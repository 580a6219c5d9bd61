import { qualityRules, type Finding, type FindingSeverity, type QualityRule } from "./rules.js";

/** Limit on the rows named in a finding. */
export const shownRows = 20;

/** A finding about one column. The message ends the sentence "Column x: ...", without a full stop. */
export function columnFinding(
  rule: QualityRule,
  column: string,
  count: number,
  message: string,
  more: { readonly rows?: readonly number[]; readonly severity?: FindingSeverity } = {},
): Finding {
  const { rows = [], severity = qualityRules[rule].severity } = more;
  return { rule, column, severity, count, rows: rows.slice(0, shownRows), message: `Column "${column}": ${message}.` };
}

/** Findings about the form of a file, from what its reader noted. */
export const formFindings = (notes: readonly string[]): Finding[] =>
  notes.map((message) => tableFinding("form", 0, message));

/** A finding about the whole table. */
export function tableFinding(rule: QualityRule, count: number, message: string, rows: readonly number[] = []): Finding {
  return { rule, column: null, severity: qualityRules[rule].severity, count, rows: rows.slice(0, shownRows), message };
}
