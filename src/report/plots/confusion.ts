import type { Confusion } from "../../model/evaluate/index.js";
import type { Plot } from "../sections.js";
import { color } from "../theme.js";
import { PLOT_WIDTH } from "./series.js";

/** The confusion matrix at one threshold: counts, shaded by their share of the true class. */
export function confusionPlot(matrix: Confusion, threshold: number): Plot {
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = matrix;
  const positives = Math.max(1, truePositives + falseNegatives);
  const negatives = Math.max(1, trueNegatives + falsePositives);
  const cell = (truth: string, call: string, count: number, share: number, right: boolean) => ({
    truth,
    call,
    count,
    share,
    right,
    label: count.toLocaleString("en-US"),
    detail: `${(100 * share).toFixed(1)} %`,
  });
  const values = [
    cell("positive", "called positive", truePositives, truePositives / positives, true),
    cell("positive", "called negative", falseNegatives, falseNegatives / positives, false),
    cell("negative", "called positive", falsePositives, falsePositives / negatives, false),
    cell("negative", "called negative", trueNegatives, trueNegatives / negatives, true),
  ];
  const x = {
    field: "call",
    type: "ordinal",
    title: null,
    sort: null,
    axis: { labelAngle: 0, orient: "top", domain: false, ticks: false },
  };
  const y = { field: "truth", type: "ordinal", title: "truth", sort: null, axis: { domain: false, ticks: false } };
  return {
    title: "Confusion matrix",
    caption: `At the threshold ${Number(threshold.toPrecision(3))}; per cent of the true class.`,
    spec: {
      width: PLOT_WIDTH,
      height: 170,
      data: { values },
      encoding: { x, y },
      layer: [
        {
          mark: { type: "rect", stroke: color("card"), strokeWidth: 4, cornerRadius: 6 },
          encoding: {
            color: {
              field: "right",
              type: "nominal",
              scale: { domain: [true, false], range: [color("first"), color("second")] },
              legend: null,
            },
            opacity: {
              field: "share",
              type: "quantitative",
              scale: { domain: [0, 1], range: [0.08, 0.6] },
              legend: null,
            },
          },
        },
        {
          mark: { type: "text", fontSize: 20, fontWeight: 600, dy: -8 },
          encoding: { text: { field: "label", type: "nominal" } },
        },
        { mark: { type: "text", fontSize: 12, dy: 14 }, encoding: { text: { field: "detail", type: "nominal" } } },
      ],
    },
  };
}
