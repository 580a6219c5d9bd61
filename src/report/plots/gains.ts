import type { LiftBin } from "../../model/evaluate/index.js";
import type { Plot } from "../sections.js";
import { color } from "../theme.js";
import { PLOT_HEIGHT, PLOT_WIDTH, guide, quantity, rowsOf, seriesColor } from "./series.js";

/** A model's lift table under the name it has in the plot. */
export interface Ranked {
  readonly name: string;
  readonly bins: readonly LiftBin[];
}

/** Share of all positives found among the highest scores. */
export function gainsPlot(models: readonly Ranked[]): Plot {
  const series = models.map(({ name, bins }) => {
    const rows = bins.reduce((sum, bin) => sum + bin.rows, 0);
    let seen = 0;
    const points = bins.map((bin) => ({ x: (seen += bin.rows) / rows, y: bin.cumulativeGain }));
    return { name, points: [{ x: 0, y: 0 }, ...points] };
  });
  return {
    title: "Gains",
    caption: "Share of all positives among the customers with the highest scores; dashed: in random order.",
    spec: {
      width: PLOT_WIDTH,
      height: PLOT_HEIGHT,
      layer: [
        guide([0, 0], [1, 1]),
        {
          data: { values: rowsOf(series) },
          mark: { type: "line", strokeWidth: 2, point: { size: 25, filled: true } },
          encoding: {
            x: quantity("x", "share of customers, highest scores first", { domain: [0, 1], format: "%" }),
            y: quantity("y", "share of positives found", { domain: [0, 1], format: "%" }),
            color: seriesColor(models.map(({ name }) => name)),
          },
        },
      ],
    },
  };
}

/** Positives per slice of the ranking, relative to all rows. */
export function liftPlot({ bins }: Ranked): Plot {
  return {
    title: "Lift by tenth of the ranking",
    caption: "How many times more positives each tenth holds than customers at large; dashed: no better than chance.",
    spec: {
      width: PLOT_WIDTH,
      height: PLOT_HEIGHT,
      layer: [
        {
          data: { values: bins.map(({ bin, lift }) => ({ bin, lift })) },
          mark: { type: "bar", color: color("first") },
          encoding: {
            x: {
              field: "bin",
              type: "ordinal",
              title: "tenth of the ranking, highest scores first",
              axis: { labelAngle: 0 },
            },
            y: quantity("lift", "lift"),
          },
        },
        {
          data: { values: [{ y: 1 }] },
          mark: { type: "rule", strokeDash: [4, 4], color: color("soft") },
          encoding: { y: { field: "y", type: "quantitative" } },
        },
      ],
    },
  };
}
