import type { Block, Cell } from "../sections.js";
import type { CardColumn } from "./data.js";

/** A share as text. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The columns of a model's data: kinds, missing values and what is in them. */
export const columnsTable = (columns: readonly CardColumn[]): Block => ({
  kind: "table",
  columns: [
    { label: "column" },
    { label: "kind" },
    { label: "role" },
    { label: "missing", number: true },
    { label: "values", sentence: true },
  ],
  rows: columns.map((column): Cell[] => [
    column.unit === null ? column.name : `${column.name} (${column.unit})`,
    column.kind,
    column.role,
    column.missing === null ? "–" : percent(column.missing),
    [valuesText(column), column.description].filter(Boolean).join(". "),
  ]),
});

function valuesText({ kind, numbers, levels }: CardColumn): string {
  if (levels !== null) {
    const named = levels.most.map(({ level, share }) => `${level} ${percent(share)}`).join(", ");
    const more = levels.count > levels.most.length ? `, and ${levels.count - levels.most.length} more` : "";
    return `${levels.count} levels: ${named}${more}`;
  }
  if (numbers === null) return "not profiled";
  const { min, max, mean, standardDeviation } = numbers;
  if (kind === "boolean") return `true in ${percent(mean)}`;
  if (kind === "date") return `${dayText(min)} to ${dayText(max)}`;
  const unit = kind === "text" ? " characters" : "";
  return `${short(min)} to ${short(max)}${unit}, mean ${short(mean)}, standard deviation ${short(standardDeviation)}`;
}

const short = (value: number): string => String(Number(value.toPrecision(4)));
/** The day of a time; a time that no calendar has stays a number. */
const dayText = (milliseconds: number): string =>
  Math.abs(milliseconds) <= 8.64e15 ? new Date(milliseconds).toISOString().slice(0, 10) : String(milliseconds);
