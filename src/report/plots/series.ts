import { seriesColors, color } from "../theme.js";

/** One line of a plot. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/**
 * About the width of a phone's screen, so that letters are legible there too; wider screens show several plots per
 * line.
 */
export const PLOT_WIDTH = 340;
export const PLOT_HEIGHT = 180;

/** Rows of all series for Vega, in drawing order. */
export const rowsOf = (series: readonly Series[]): { series: string; x: number; y: number; order: number }[] =>
  series.flatMap(({ name, points }) => points.map(({ x, y }, order) => ({ series: name, x, y, order })));

/** A color for each series, with a legend if there is more than one. */
export const seriesColor = (names: readonly string[]): Record<string, unknown> => ({
  field: "series",
  type: "nominal",
  scale: { domain: names, range: names.map((_, i) => seriesColors[i % seriesColors.length]) },
  ...(names.length > 1 ? {} : { legend: null }),
});

/** An axis of numbers. */
export const quantity = (
  field: string,
  title: string,
  options: { readonly domain?: readonly [number, number]; readonly format?: string; readonly zero?: boolean } = {},
): Record<string, unknown> => ({
  field,
  type: "quantitative",
  title,
  scale: { ...(options.domain && { domain: options.domain, nice: false }), zero: options.zero ?? true },
  axis: { tickCount: 5, ...(options.format && { format: options.format }) },
});

/** A faint line from one point to another: chance, or perfection. */
export const guide = (from: readonly [number, number], to: readonly [number, number]): Record<string, unknown> => ({
  data: { values: [from, to].map(([x, y]) => ({ x, y })) },
  mark: { type: "line", strokeDash: [4, 4], color: color("soft"), strokeWidth: 1 },
  encoding: { x: { field: "x", type: "quantitative" }, y: { field: "y", type: "quantitative" } },
});
