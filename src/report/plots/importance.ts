import type { ColumnImportance, PermutationImportance } from "../../model/explain/index.js";
import type { Plot } from "../sections.js";
import { bars } from "./bars.js";

const captionOf = (shown: number, all: number): string | undefined =>
  all > shown ? `The ${shown} largest of ${all} columns.` : undefined;

/** Mean |SHAP| by column, the largest first. */
export function importancePlot(columns: readonly ColumnImportance[], most = 15): Plot {
  const shown = columns.slice(0, most).map(({ column, meanAbsolute }) => ({
    name: column,
    value: meanAbsolute,
    label: meanAbsolute.toFixed(3),
  }));
  return {
    title: "What moves the scores",
    caption: captionOf(shown.length, columns.length),
    spec: bars(shown, "mean |attribution|, log odds"),
  };
}

/** How much worse the model is without each column, the worst first. */
export function permutationPlot(found: readonly PermutationImportance[], most = 15): Plot {
  const shown = found.slice(0, most).map(({ columns, worsening, standardError }) => ({
    name: columns.join(" + "),
    value: worsening,
    label: `${worsening.toFixed(4)} ± ${(2 * standardError).toFixed(4)}`,
  }));
  return {
    title: "What the model needs",
    caption: captionOf(shown.length, found.length),
    spec: bars(shown, "rise of the log loss, values shuffled"),
  };
}
