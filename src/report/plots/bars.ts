import { color } from "../theme.js";
import { axisNames, nameAxis } from "./names.js";
import { PLOT_WIDTH } from "./series.js";

/** One bar of a plot. */
interface Bar {
  readonly name: string;
  readonly value: number;
  /** The number beside the bar. */
  readonly label: string;
}

/** Horizontal bars from 0 in their own order, each with its number. */
export function bars(shown: readonly Bar[], title: string): Record<string, unknown> {
  const names = axisNames(
    shown.map(({ name }) => name),
    20,
  );
  const values = shown.map(({ value, label }, place) => ({ name: names[place], value, label }));
  const end = 1.15 * Math.max(...values.map(({ value }) => value), 1e-9);
  const start = Math.min(...values.map(({ value }) => value), 0);
  const x = {
    field: "value",
    type: "quantitative",
    title,
    scale: { domain: [start, end], nice: false },
    axis: { tickCount: 5 },
  };
  return {
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
  };
}
