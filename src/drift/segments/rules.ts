import { ChurnkitError } from "../../base/errors.js";
import type { Column } from "../../data/contract/index.js";
import type { ColumnData, Table } from "../../data/table/index.js";
import { sortedValues } from "../../stats/ranks/index.js";
import { formatterOf } from "../compare/words.js";
import { quantileEdges } from "../../stats/distances/index.js";

/** Rule that slices rows by one column, frozen by the reference. Plain JSON. */
export type SegmentRule =
  /** A slice for each of the most frequent levels, and one for all others. */
  | { readonly column: string; readonly by: "levels"; readonly levels: readonly string[] }
  /** A slice for each range between the reference's quartiles; a boolean's two values are ranges too. */
  | {
      readonly column: string;
      readonly by: "ranges";
      readonly kind: "number" | "boolean" | "date";
      readonly edges: readonly number[];
    };

/** Limits of segments. */
export const segmentLimits = { columns: 10, levels: 20 } as const;

/**
 * Freezes the slicing of a table by some columns.
 *
 * @throws ChurnkitError OPTION_INVALID for a missing column, one of free text, or too many.
 */
export function segmentRules(reference: Table, columns: readonly string[]): SegmentRule[] {
  if (columns.length > segmentLimits.columns) {
    throw invalid(`${columns.length} segment columns were given; at most ${segmentLimits.columns} are allowed`, "");
  }
  const byName = new Map(reference.contract.columns.map((column) => [column.name, column]));
  return [...new Set(columns)].map((name) => {
    const column = byName.get(name);
    const data = reference.columns.get(name);
    if (column === undefined || data === undefined) {
      throw invalid(`${reference.source} has no column "${name}" to slice by`, name);
    }
    return ruleOf(column, data);
  });
}

function ruleOf(column: Column, data: ColumnData): SegmentRule {
  const { name, kind } = column;
  if (kind === "text") throw invalid(`The column "${name}" is free text and cannot be sliced by`, name);
  if (data.storage === "coded") return { column: name, by: "levels", levels: frequentLevels(data.codes, data.levels) };
  if (kind === "category") throw invalid(`The column "${name}" holds numbers where its contract says labels`, name);
  const edges = kind === "boolean" ? [1] : quantileEdges(sortedValues(data.values), 4).filter(Number.isFinite);
  return { column: name, by: "ranges", kind, edges };
}

function frequentLevels(codes: Int32Array, levels: readonly string[]): string[] {
  const counts = new Float64Array(levels.length);
  for (const code of codes) if (code >= 0) counts[code] = (counts[code] as number) + 1;
  return levels
    .map((level, code) => ({ level, count: counts[code] as number }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || (a.level < b.level ? -1 : 1))
    .slice(0, segmentLimits.levels)
    .map(({ level }) => level);
}

/** Labels of a rule's slices; the last two are for all other values and the missing ones. */
export function segmentLabels(rule: SegmentRule): string[] {
  if (rule.by === "levels") return [...rule.levels, "(other levels)", "(missing)"];
  const { edges } = rule;
  if (rule.kind === "boolean") return ["false", "true", "(missing)"];
  const format = formatterOf(rule);
  const ranges = edges.map((edge, i) => {
    const below = edges[i - 1];
    return below === undefined ? `below ${format(edge)}` : `${format(below)} to ${format(edge)}`;
  });
  const last = edges[edges.length - 1];
  return [...ranges, last === undefined ? "all" : `${format(last)} and above`, "(missing)"];
}

/**
 * Row positions of a table by slice, in the order of {@link segmentLabels}.
 *
 * @throws ChurnkitError CONTRACT_MISMATCH if the column is absent or has a different kind now.
 */
export function segmentPositions(rule: SegmentRule, table: Table): Uint32Array[] {
  const data = table.columns.get(rule.column);
  if (data === undefined || (data.storage === "coded") !== (rule.by === "levels")) {
    const what = data === undefined ? "is not in" : "is of another kind in";
    throw new ChurnkitError(
      "CONTRACT_MISMATCH",
      `The column "${rule.column}", by which to slice, ${what} ${table.source}. Leave it out of the segments.`,
      { where: { file: table.source, column: rule.column } },
    );
  }
  const slices = sliceOfRows(rule, data);
  const counts = new Uint32Array(segmentLabels(rule).length);
  for (const slice of slices) counts[slice] = (counts[slice] as number) + 1;
  const positions = [...counts].map((count) => new Uint32Array(count));
  counts.fill(0);
  slices.forEach((slice, row) => {
    const at = counts[slice] as number;
    (positions[slice] as Uint32Array)[at] = row;
    counts[slice] = at + 1;
  });
  return positions;
}

function sliceOfRows(rule: SegmentRule, data: ColumnData): Uint8Array {
  if (rule.by === "levels" && data.storage === "coded") {
    const place = new Map(rule.levels.map((level, i) => [level, i]));
    const other = rule.levels.length;
    const sliceOf = data.levels.map((level) => place.get(level) ?? other);
    return Uint8Array.from(data.codes, (code) => (code < 0 ? other + 1 : (sliceOf[code] ?? other)));
  }
  const edges = rule.by === "ranges" ? rule.edges : [];
  const values = data.storage === "numeric" ? data.values : new Float64Array();
  return Uint8Array.from(values, (value) =>
    Number.isNaN(value) ? edges.length + 1 : edges.filter((edge) => edge <= value).length,
  );
}

function invalid(what: string, column: string): ChurnkitError {
  return new ChurnkitError("OPTION_INVALID", `${what}. Name categories, booleans, numbers or dates.`, {
    where: { path: "segments", column },
  });
}
