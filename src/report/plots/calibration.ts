import type { ReliabilityBin } from "../../model/evaluate/index.js";
import type { Plot } from "../sections.js";
import { PLOT_HEIGHT, PLOT_WIDTH, guide, quantity, seriesColor } from "./series.js";

/** Reliability of probabilities: observed share over mean prediction by bin, larger dots for more rows. */
export function calibrationPlot(
  models: readonly { readonly name: string; readonly bins: readonly ReliabilityBin[] }[],
): Plot {
  const values = models.flatMap(({ name, bins }) =>
    bins.map(({ meanPrediction, observedRate, rows }) => ({ series: name, x: meanPrediction, y: observedRate, rows })),
  );
  const color = seriesColor(models.map(({ name }) => name));
  const x = quantity("x", "mean probability", { domain: [0, 1], format: "%" });
  const y = quantity("y", "share of positives", { domain: [0, 1], format: "%" });
  return {
    title: "Calibration",
    caption: "Share of positives among rows of about the same probability; on the dashed line probabilities are true.",
    spec: {
      width: PLOT_WIDTH,
      height: PLOT_HEIGHT,
      layer: [
        guide([0, 0], [1, 1]),
        { data: { values }, mark: { type: "line", strokeWidth: 1.5 }, encoding: { x, y, color } },
        {
          data: { values },
          mark: { type: "circle", opacity: 0.8 },
          encoding: {
            x,
            y,
            color,
            size: { field: "rows", type: "quantitative", scale: { range: [20, 260] }, legend: null },
          },
        },
      ],
    },
  };
}
