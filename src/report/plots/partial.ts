import type { PartialDependence } from "../../model/explain/index.js";
import type { Plot } from "../sections.js";
import { color } from "../theme.js";
import { bars } from "./bars.js";
import { PLOT_HEIGHT, PLOT_WIDTH, quantity } from "./series.js";

/** Rows whose own curves are drawn. */
const mostCurves = 40;

/** How the mean score depends on a column: a curve for numbers and dates with those of some rows, bars for labels. */
export function partialPlot(found: PartialDependence): Plot {
  const { column, grid, mean, scale } = found;
  const title = `${scale === "logOdds" ? "log odds" : "probability"}${found.centered ? ", change" : ""}`;
  const places = grid.map((value) => (typeof value === "number" ? value : dateOf(value)));
  if (places.some((place) => place === undefined)) {
    const shown = grid.map((value, i) => ({
      name: value === null ? "missing" : String(value),
      value: mean[i] ?? 0,
      label: (mean[i] ?? 0).toFixed(3),
    }));
    return { title: column, spec: bars(shown, `mean ${title}`) };
  }
  const dates = typeof grid[0] === "string";
  const x = dates
    ? { field: "x", type: "temporal", scale: { type: "utc" }, title: null, axis: { tickCount: 4 } }
    : quantity("x", column, { zero: false });
  const y = quantity("y", title, { zero: scale === "probability" && !found.centered });
  return {
    title: column,
    caption: "Thick: the mean; thin: single customers.",
    spec: {
      width: PLOT_WIDTH,
      height: PLOT_HEIGHT,
      layer: [
        {
          data: { values: curvesOf(found, places) },
          mark: { type: "line", strokeWidth: 0.7, opacity: 0.35, color: color("soft") },
          encoding: { x, y, detail: { field: "row", type: "nominal" } },
        },
        {
          data: { values: places.map((place, i) => ({ x: place, y: mean[i] })) },
          mark: { type: "line", strokeWidth: 2.5, color: color("first") },
          encoding: { x, y },
        },
      ],
    },
  };
}

/** The curves of some rows, spread over all. */
function curvesOf({ curves, rows, grid }: PartialDependence, places: readonly (number | undefined)[]): object[] {
  const step = Math.max(1, rows / mostCurves);
  return Array.from({ length: Math.min(rows, mostCurves) }, (_, i) => Math.floor(i * step)).flatMap((row) =>
    places.map((x, i) => ({ row, x, y: curves[row * grid.length + i] })),
  );
}

/** The time of an ISO date, undefined for anything else. */
function dateOf(value: PartialDependence["grid"][number]): number | undefined {
  return typeof value === "string" && /^\d{4}-\d\d-\d\d(T|$)/.test(value) ? Date.parse(value) : undefined;
}
