import { thin, type Curve } from "../../model/evaluate/index.js";
import type { Plot } from "../sections.js";
import { color } from "../theme.js";
import { PLOT_HEIGHT, PLOT_WIDTH, guide, quantity, rowsOf, seriesColor, type Series } from "./series.js";

/** A curve of one model, thinned so that a page stays small. */
export const seriesOf = (name: string, curve: Curve): Series => ({ name, points: thin(curve, 200) });

const shares = { domain: [0, 1], format: "%" } as const;

function lines(
  series: readonly Series[],
  x: Record<string, unknown>,
  y: Record<string, unknown>,
): Record<string, unknown> {
  return {
    data: { values: rowsOf(series) },
    mark: { type: "line", strokeWidth: 2, clip: true },
    encoding: { x, y, order: { field: "order" }, color: seriesColor(series.map(({ name }) => name)) },
  };
}

/** ROC curves: share of churners found against share of others flagged. */
export function rocPlot(series: readonly Series[]): Plot {
  return {
    title: "ROC",
    caption: "Share of positives found against share of negatives flagged, over all thresholds; dashed: chance.",
    spec: {
      width: PLOT_WIDTH,
      height: PLOT_HEIGHT,
      layer: [
        guide([0, 0], [1, 1]),
        lines(series, quantity("x", "false positive rate", shares), quantity("y", "true positive rate", shares)),
      ],
    },
  };
}

/** Precision over recall; the dashed line is the share of positives, the result of chance. */
export function precisionRecallPlot(series: readonly Series[], baseRate: number): Plot {
  return {
    title: "Precision and recall",
    caption:
      "How many of the flagged are positives, against how many positives are flagged; dashed: flagging at random.",
    spec: {
      width: PLOT_WIDTH,
      height: PLOT_HEIGHT,
      layer: [
        guide([0, baseRate], [1, baseRate]),
        lines(series, quantity("x", "recall", shares), quantity("y", "precision", shares)),
      ],
    },
  };
}

/** Precision, recall and F1 of one model over the threshold, with the chosen one marked. */
export function thresholdPlot(precisionRecall: Curve, threshold: number): Plot {
  const points = thin(precisionRecall, 200).flatMap(({ x: recall, y: precision, threshold: x }) =>
    x === null ? [] : [{ x, recall, precision }],
  );
  const series: Series[] = [
    { name: "precision", points: points.map(({ x, precision }) => ({ x, y: precision })) },
    { name: "recall", points: points.map(({ x, recall }) => ({ x, y: recall })) },
    {
      name: "F1",
      points: points.map(({ x, recall, precision }) => ({
        x,
        y: recall + precision === 0 ? 0 : (2 * recall * precision) / (recall + precision),
      })),
    },
  ];
  return {
    title: "Precision, recall and F1 by threshold",
    caption: "A higher threshold flags fewer customers; dashed: the model's threshold.",
    spec: {
      width: PLOT_WIDTH,
      height: PLOT_HEIGHT,
      layer: [
        thresholdRule(threshold),
        lines(series, quantity("x", "threshold", { domain: [0, 1] }), quantity("y", "share", shares)),
      ],
    },
  };
}

const thresholdRule = (threshold: number): Record<string, unknown> => ({
  data: { values: [{ x: threshold }] },
  mark: { type: "rule", strokeDash: [4, 4], color: color("soft") },
  encoding: { x: { field: "x", type: "quantitative" } },
});

/** Money saved over the threshold, with the chosen one marked. */
export function profitPlot(series: readonly Series[], threshold: number): Plot {
  return {
    title: "Profit by threshold",
    caption:
      "Money saved by contacting everybody above the threshold, compared with contacting nobody; dashed: the model's threshold.",
    spec: {
      width: PLOT_WIDTH,
      height: PLOT_HEIGHT,
      layer: [
        thresholdRule(threshold),
        lines(series, quantity("x", "threshold", { domain: [0, 1] }), quantity("y", "money saved", { format: "~s" })),
      ],
    },
  };
}
