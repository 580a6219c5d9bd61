import { type CellIssue, cellIssue, cutText } from "./issue.js";
import type { BooleanColumn, CategoryColumn, TextColumn } from "../contract.js";
import { nearestText } from "./nearest.js";

/** Longest label of a category and, if a text column declares no limit, longest text; in UTF-16 units. */
export const textLimits = { category: 1_000, text: 100_000 } as const;

/** Texts read as true and false where a schema names none: those of `z.stringbool()`. */
export const booleanTexts = {
  truthy: ["true", "1", "yes", "on", "y", "enabled"],
  falsy: ["false", "0", "no", "off", "n", "disabled"],
} as const;

/** Reads the text of a boolean column as 1 or 0. */
export function booleanFromText(column: BooleanColumn): (text: string) => number | CellIssue {
  const fold = column.caseSensitive ? (text: string) => text : (text: string) => text.toLowerCase();
  const truthy = new Set(column.truthy.map(fold));
  const falsy = new Set(column.falsy.map(fold));
  const allowed = [...column.truthy, ...column.falsy]
    .slice(0, 12)
    .map((text) => cutText(text, 20))
    .join(", ");
  return (text) => {
    const folded = fold(text);
    if (truthy.has(folded)) return 1;
    if (falsy.has(folded)) return 0;
    return cellIssue(column.name, "boolean", text, `is neither true nor false; allowed are ${allowed}`);
  };
}

function levelProblem(column: CategoryColumn, label: string): string {
  const shown = column.levels.slice(0, 8).map((level) => JSON.stringify(cutText(level, 40)));
  const more = column.levels.length > shown.length ? `, and ${column.levels.length - shown.length} more` : "";
  const nearest = nearestText(label, column.levels);
  const hint = nearest === undefined ? "" : `; perhaps you meant ${JSON.stringify(cutText(nearest, 40))}`;
  return `is not a level; allowed are ${shown.join(", ")}${more}${hint}`;
}

/** Reads the text of a category column: the label itself. */
export function categoryFromText(column: CategoryColumn): (text: string) => string | CellIssue {
  const levels = new Set(column.levels);
  // A wrong label tends to occur in every row, so its message is built once.
  const refused = new Map<string, CellIssue>();
  return (text) => {
    if (levels.has(text)) return text;
    if (text.length > textLimits.category) {
      return cellIssue(
        column.name,
        "length",
        text,
        `has ${text.length} characters; the limit for a label is ${textLimits.category}`,
      );
    }
    if (column.open) return text;
    let issue = refused.get(text);
    if (issue === undefined) {
      issue = cellIssue(column.name, "level", text, () => levelProblem(column, text));
      if (refused.size < 200) refused.set(text, issue);
    }
    return issue;
  };
}

/** Reads the text of a text column: the text itself. */
export function textFromText(column: TextColumn): (text: string) => string | CellIssue {
  const limit = Math.min(column.maxLength ?? textLimits.text, textLimits.text);
  return (text) => {
    if (text.length <= limit) return text;
    return cellIssue(column.name, "length", text, `has ${text.length} characters; the limit is ${limit}`);
  };
}

/** Returns the text of a JSON scalar in columns of labels: a finite number's or boolean's own text. */
export function labelOfScalar(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : undefined;
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  return undefined;
}
