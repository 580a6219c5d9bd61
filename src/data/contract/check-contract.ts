import { cellReader, isIssue } from "./cells.js";
import { dateFormatProblem } from "./cells/date-format.js";
import { numberFormatProblem } from "./cells/number-format.js";
import { textLimits } from "./cells/label.js";
import type { Column, Contract, Target } from "./contract.js";
import { contractLimits, namesProblems } from "./limits.js";
import type { Problem } from "./problem.js";

function repeated(texts: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return texts.find((text) => seen.size === seen.add(text).size);
}

function listProblem(what: string, texts: readonly string[], limit: number): string | undefined {
  if (texts.length > limit) return `there are ${texts.length} ${what}s; the limit is ${limit}`;
  const double = repeated(texts);
  if (double !== undefined) return `the ${what} ${JSON.stringify(double.slice(0, 80))} occurs twice`;
  const blank = texts.find((text) => text !== text.trim());
  if (blank !== undefined) {
    return `the ${what} ${JSON.stringify(blank.slice(0, 80))} has blanks at its ends; texts are trimmed before they are compared`;
  }
  const long = texts.find((text) => text.length > textLimits.category);
  if (long !== undefined) return `a ${what} has ${long.length} characters; the limit is ${textLimits.category}`;
  return undefined;
}

function valueLists(column: Column): (string | undefined)[] {
  if (column.kind === "category") {
    const { levels, open } = column;
    return [
      listProblem("level", levels, contractLimits.levels),
      levels.includes("") ? "the empty text means missing, so it cannot be a level; use .nullable()" : undefined,
      levels.length === 0 && !open ? "a closed category needs levels" : undefined,
      clash("a level", levels, column.missing),
    ];
  }
  if (column.kind === "boolean") {
    const fold = (texts: readonly string[]): string[] =>
      column.caseSensitive ? [...texts] : texts.map((text) => text.toLowerCase());
    const texts = [...fold(column.truthy), ...fold(column.falsy)];
    return [
      listProblem("text of the boolean", texts, contractLimits.texts),
      column.truthy.length === 0 || column.falsy.length === 0
        ? "true and false need at least one text each"
        : undefined,
      texts.includes("") ? "the empty text means missing, so it cannot mean true or false" : undefined,
      clash("a text for true or false", texts, column.missing),
    ];
  }
  return [];
}

function clash(what: string, texts: readonly string[], missing: readonly string[]): string | undefined {
  const markers = new Set(missing);
  const both = texts.find((text) => markers.has(text) && text !== "");
  return both === undefined ? undefined : `${JSON.stringify(both.slice(0, 80))} is both ${what} and a missing marker`;
}

function limitProblems(column: Column): (string | undefined)[] {
  if (column.kind !== "number" && column.kind !== "date") return [];
  const { min = -Infinity, max = Infinity } = column;
  const low = column.kind === "number" ? Math.max(min, column.exclusiveMin ?? -Infinity) : min;
  const high = column.kind === "number" ? Math.min(max, column.exclusiveMax ?? Infinity) : max;
  const open = column.kind === "number" && (column.exclusiveMin === low || column.exclusiveMax === high);
  return [
    low > high || (open && low === high) ? `the limits allow no value (${low} to ${high})` : undefined,
    column.observed !== undefined && column.observed.min > column.observed.max
      ? "the observed range is empty"
      : undefined,
    column.kind === "number" && column.multipleOf !== undefined && !(column.multipleOf > 0)
      ? "the step must be greater than 0"
      : undefined,
  ];
}

function formatProblem(column: Column): string | undefined {
  if (column.kind === "number" && column.numberFormat !== undefined) return numberFormatProblem(column.numberFormat);
  if (column.kind === "date" && column.dateFormat !== undefined) return dateFormatProblem(column.dateFormat);
  return undefined;
}

function columnProblems(column: Column): string[] {
  const found = [
    formatProblem(column),
    listProblem("missing marker", column.missing, contractLimits.texts),
    ...valueLists(column),
    ...limitProblems(column),
  ].filter((problem) => problem !== undefined);
  if (column.kind === "text" && column.maxLength !== undefined && column.maxLength < 1) {
    found.push("maxLength must be 1 or more");
  }
  if (column.default !== undefined && found.length === 0) {
    const cell = cellReader({ ...column, default: undefined, nullable: false, optional: false }).fromJson(
      column.default,
    );
    if (isIssue(cell)) found.push(`the default breaks the column's own rules (${cell.message})`);
  }
  return found;
}

function targetProblems(columns: readonly Column[], target: Target): string[] {
  const column = columns.find(({ name }) => name === target.column);
  if (column === undefined) return [`the target ${JSON.stringify(target.column)} is not a column`];
  if (column.role !== "target") return ["the target column must have the role target"];
  if (column.kind !== "category") return ["the target must be a category"];
  const classes = new Set(target.classes);
  const levels = new Set(column.levels);
  if (classes.size < 2) return ["the target needs at least two classes"];
  if (
    classes.size !== target.classes.length ||
    levels.size !== classes.size ||
    !target.classes.every((c) => levels.has(c))
  ) {
    return ["the classes of the target must be its levels, each once"];
  }
  return classes.has(target.positive)
    ? []
    : [
        `the positive class ${JSON.stringify(target.positive)} is not one of ${target.classes.map((c) => JSON.stringify(c)).join(", ")}`,
      ];
}

/**
 * Finds contradictions in a contract, wherever it came from: names, lists, limits, defaults, target. Empty for a
 * sound contract.
 */
export function contractProblems(contract: Contract): Problem[] {
  const problem = (path: string, message: string): Problem => ({ code: "CONTRACT_INVALID", path, message });
  const { columns, target } = contract;
  const problems = namesProblems(columns.map(({ name }) => name)).map((message) => problem("", message));
  if (columns.length === 0) problems.push(problem("", "there are no columns"));
  for (const column of columns) {
    problems.push(...columnProblems(column).map((message) => problem(column.name, message)));
    if (column.role === "target" && column.name !== target?.column) {
      problems.push(problem(column.name, "it has the role target, but the contract's target is another column"));
    }
  }
  if (target !== undefined)
    problems.push(...targetProblems(columns, target).map((message) => problem(target.column, message)));
  return problems;
}
