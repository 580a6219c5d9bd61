import type { Column } from "../../data/contract/index.js";
import type { RecordValue } from "../../data/table/index.js";

const longest = 60;

/** Formats a number with at most five significant digits; whole numbers are unchanged. */
function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  return String(Number(value.toPrecision(5)));
}

/**
 * A column with its value as the subject of a sentence: `tenure of 2 months`, `contract of "One year"`, `paperless
 * being true`, `a missing charges`.
 */
export function subjectOf(name: string, column: Pick<Column, "kind" | "unit"> | undefined, value: RecordValue): string {
  if (value === null) return `a missing ${name}`;
  if (typeof value === "boolean") return `${name} being ${value}`;
  if (typeof value === "number")
    return `${name} of ${numberText(value)}${column?.unit === undefined ? "" : ` ${column.unit}`}`;
  if (column?.kind === "date") return `${name} of ${value}`;
  return `${name} of ${JSON.stringify(value.length > longest ? `${value.slice(0, longest - 1)}…` : value)}`;
}

/** Log odds with their sign: "+0.81", "-1.20". */
export const signed = (logOdds: number): string => `${logOdds < 0 ? "-" : "+"}${Math.abs(logOdds).toFixed(2)}`;

/** Names as a list of words: "a", "a and b", "a, b and c". */
export function listed(names: readonly string[]): string {
  const last = names[names.length - 1] ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}
