import type { ClassEvaluation, Confusion } from "../../model/evaluate/index.js";
import type { Plot } from "../sections.js";
import { color } from "../theme.js";
import { PLOT_WIDTH } from "./series.js";

/** One cell of a matrix: rows of a true class that were called something. */
interface Cell {
  readonly truth: string;
  readonly call: string;
  readonly count: number;
  /** Of the rows of the true class. */
  readonly share: number;
  readonly right: boolean;
}

/** The confusion matrix at one threshold: counts, shaded by their share of the true class. */
export function confusionPlot(matrix: Confusion, threshold: number): Plot {
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = matrix;
  const positives = Math.max(1, truePositives + falseNegatives);
  const negatives = Math.max(1, trueNegatives + falsePositives);
  const cell = (truth: string, call: string, count: number, of: number, right: boolean): Cell => ({
    truth,
    call: `called ${call}`,
    count,
    share: count / of,
    right,
  });
  return {
    title: "Confusion matrix",
    caption: `At the threshold ${Number(threshold.toPrecision(3))}; per cent of the true class.`,
    spec: cellSpec(
      [
        cell("positive", "positive", truePositives, positives, true),
        cell("positive", "negative", falseNegatives, positives, false),
        cell("negative", "positive", falsePositives, negatives, false),
        cell("negative", "negative", trueNegatives, negatives, true),
      ],
      85,
    ),
  };
}

/** Up to so many classes a cell has room for its per cent. */
const mostDetailed = 8;
/** Pixels of a class's name. */
const longestLabel = 90;

/** The confusion matrix of all classes, by the most probable one. */
export function classConfusionPlot({ classes, confusion }: ClassEvaluation): Plot {
  const cells = classes.flatMap(({ label: truth, rows }, t) =>
    classes.map(({ label: call }, c): Cell => {
      const count = confusion[t]?.[c] ?? 0;
      return { truth, call, count, share: count / Math.max(1, rows), right: t === c };
    }),
  );
  return {
    title: "Confusion matrix of all classes",
    caption: "By the most probable class; per cent of the true class.",
    spec: cellSpec(cells, classes.length <= mostDetailed ? 46 : 24, classes.length),
  };
}

/** @param height of a line of cells. */
function cellSpec(cells: readonly Cell[], height: number, lines = 2): Plot["spec"] {
  const values = cells.map((cell) => ({
    ...cell,
    label: cell.count.toLocaleString("en-US"),
    detail: `${(100 * cell.share).toFixed(1)} %`,
  }));
  const axis = { domain: false, ticks: false, ...(lines > 2 && { labelLimit: longestLabel }) };
  const x = {
    field: "call",
    type: "ordinal",
    title: null,
    sort: null,
    axis: { ...axis, labelAngle: lines > 2 ? -45 : 0, orient: "top" },
  };
  const y = { field: "truth", type: "ordinal", title: "truth", sort: null, axis };
  const detailed = lines <= mostDetailed;
  const [large, small, shift] = lines > 2 ? [detailed ? 12 : 10, 9, 7] : [20, 12, 11];
  return {
    width: PLOT_WIDTH,
    height: height * lines,
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
        mark: { type: "text", fontSize: large, fontWeight: 600, dy: detailed ? 3 - shift : 0 },
        encoding: { text: { field: "label", type: "nominal" } },
      },
      ...(detailed
        ? [
            {
              mark: { type: "text", fontSize: small, dy: 3 + shift },
              encoding: { text: { field: "detail", type: "nominal" } },
            },
          ]
        : []),
    ],
  };
}
