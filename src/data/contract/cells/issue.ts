import type { QualityRule } from "../../quality/rules.js";
import type { CellIssue } from "../../table/table.js";

/** A text as it stands in a message: cut to 80 characters. */
export function cutText(text: string, limit = 80): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 3)}...`;
}

/** Names a refused value, whatever it is, without running code of its own. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return cutText(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  return cutText(String(value));
}

/**
 * Builds the issue for one refused cell.
 *
 * @param problem what is wrong and what to do, as the end of the sentence "column: value ...".
 */
export function cellIssue(column: string, rule: QualityRule, value: unknown, problem: string): CellIssue {
  const shown = describeValue(value);
  const named = typeof value === "string" ? JSON.stringify(shown) : shown;
  return { column, rule, value: shown, message: `Column "${cutText(column)}": ${named} ${problem}.` };
}
