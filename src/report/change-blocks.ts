import type { ColumnImportance, Counterfactuals, PermutationImportance } from "../model/explain/index.js";
import type { Block } from "./sections.js";

/** How much worse the model is without each column. */
export const permutationTable = (found: readonly PermutationImportance[]): Block => ({
  kind: "table",
  columns: [
    { label: "shuffled" },
    { label: "rise of the log loss", number: true },
    { label: "standard error", number: true },
  ],
  rows: found.map(({ columns, worsening, standardError }) => [
    columns.join(" + "),
    worsening.toFixed(5),
    standardError.toFixed(5),
  ]),
});

/** Mean |attribution| by two methods. */
export function comparisonTable(shap: readonly ColumnImportance[], lime: readonly ColumnImportance[]): Block {
  const other = new Map(lime.map(({ column, meanAbsolute }, place) => [column, { meanAbsolute, place }]));
  return {
    kind: "table",
    columns: [
      { label: "column" },
      { label: "SHAP", number: true },
      { label: "LIME", number: true },
      { label: "place by SHAP", number: true },
      { label: "by LIME", number: true },
    ],
    rows: shap.map(({ column, meanAbsolute }, place) => [
      column,
      meanAbsolute.toFixed(3),
      (other.get(column)?.meanAbsolute ?? 0).toFixed(3),
      String(place + 1),
      String((other.get(column)?.place ?? place) + 1),
    ]),
  };
}

/** What would bring one customer below the threshold. */
export function changesBlock({ outcome, below, options, best }: Counterfactuals): Block {
  const limit = `below ${below.toFixed(4)}`;
  if (outcome === "already") return { kind: "text", text: `The probability is ${limit} as it is.` };
  if (outcome === "notScored") return { kind: "text", text: "The record cannot be scored." };
  const nearest = best === null ? [] : [best];
  const shown = outcome === "found" ? options : nearest;
  if (shown.length === 0) return { kind: "text", text: `No change that was tried lowers the probability.` };
  return {
    kind: "table",
    caption:
      outcome === "found"
        ? `Changes that would bring the probability ${limit}`
        : `No changes that were tried bring the probability ${limit}; these come nearest`,
    columns: [{ label: "change" }, { label: "probability", number: true }],
    rows: shown.map(({ changes, probability }) => [
      changes.map(({ column, from, to }) => `${column}: ${String(from)} → ${String(to)}`).join("; "),
      probability.toFixed(4),
    ]),
  };
}
