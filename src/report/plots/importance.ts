import type { ColumnImportance } from "../../model/explain/index.js";
import type { Plot } from "../sections.js";
import { color } from "../theme.js";
import { axisNames, nameAxis } from "./names.js";
import { PLOT_WIDTH } from "./series.js";

/** Mean |SHAP| by column, the largest first. */
export function importancePlot(columns: readonly ColumnImportance[], most = 15): Plot {
  const shown = columns.slice(0, most);
  const names = axisNames(
    shown.map(({ column }) => column),
    20,
  );
  const values = shown.map(({ meanAbsolute }, place) => ({
    name: names[place],
    value: meanAbsolute,
    label: meanAbsolute.toFixed(3),
  }));
  const end = 1.15 * Math.max(...values.map(({ value }) => value), 1e-9);
  const x = {
    field: "value",
    type: "quantitative",
    title: "mean |attribution|, log odds",
    scale: { domain: [0, end], nice: false },
    axis: { tickCount: 5 },
  };
  return {
    title: "What moves the scores",
    caption: columns.length > shown.length ? `The ${shown.length} largest of ${columns.length} columns.` : undefined,
    spec: {
      width: PLOT_WIDTH,
      height: { step: 16 },
      layer: [
        {
          data: { values },
          mark: { type: "bar", cornerRadiusEnd: 2, color: color("first") },
          encoding: { x, y: nameAxis },
        },
        {
          data: { values },
          mark: { type: "text", align: "left", dx: 4 },
          encoding: { x, y: nameAxis, text: { field: "label", type: "nominal" } },
        },
      ],
    },
  };
}
