import { ChurnkitError } from "../../base/errors.js";
import { type Column, formatDate } from "../../data/contract/index.js";
import { quantileOfSorted } from "../../stats/ranks/index.js";
import type { Table } from "../../data/table/index.js";

/** A column of numbers with at most this many values is a segment by value; with more, a segment by quarters. */
const mostValues = 10;

/**
 * Groups a table's rows by one of its columns: by label, by true and false, by value if a number has at most ten of
 * them, else by quarters of the rows ("up to 12", "above 12 to 29", ...).
 *
 * @returns each row's level; null if the value is missing.
 * @throws ChurnkitError OPTION_INVALID if the table has no such column.
 */
export function segmentOf(table: Table, name: string): (string | null)[] {
  const column = table.contract.columns.find((each) => each.name === name);
  const data = table.columns.get(name);
  if (column === undefined || data === undefined) {
    const names = [...table.columns.keys()].slice(0, 20).join(", ");
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${table.source}: the column ${JSON.stringify(name.slice(0, 80))} to group by is missing; the columns are ${names}.`,
      {
        where: { file: table.source, column: name },
      },
    );
  }
  if (data.storage === "coded") return Array.from(data.codes, (code) => data.levels[code] ?? null);
  const levelOf = numericLevels(column, data.values);
  return Array.from(data.values, (value) => (Number.isNaN(value) ? null : levelOf(value)));
}

function numericLevels(column: Column, values: Float64Array): (value: number) => string {
  if (column.kind === "boolean") return (value) => String(value !== 0);
  const show = column.kind === "date" ? (value: number): string => formatDate(value, column.precision) : String;
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (new Set(sorted).size <= mostValues) return show;
  const edges = [...new Set([0.25, 0.5, 0.75].map((share) => quantileOfSorted(sorted, share)))];
  const last = edges.length - 1;
  return (value) => {
    const above = edges.findIndex((edge) => value <= edge);
    if (above === 0) return `up to ${show(edges[0] ?? 0)}`;
    if (above < 0) return `above ${show(edges[last] ?? 0)}`;
    return `above ${show(edges[above - 1] ?? 0)} to ${show(edges[above] ?? 0)}`;
  };
}
