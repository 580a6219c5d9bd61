import type { DriftReport } from "../../drift/report.js";
import type { Floors } from "../../drift/policy.js";
import type { Plot } from "../sections.js";
import { color } from "../theme.js";
import { axisNames } from "./names.js";
import { PLOT_HEIGHT, PLOT_WIDTH, quantity, seriesColor } from "./series.js";

/** A report and its period. */
export interface DriftPeriod {
  /** A name for the axis, such as a date or week; periods keep the given order. */
  readonly period: string;
  readonly report: Pick<DriftReport, "columns">;
}

/** PSI over time of the columns that moved most in any period, with the policy's lines. */
export function driftHistoryPlot(periods: readonly DriftPeriod[], floors: Floors, most = 4): Plot {
  const peaks = new Map<string, number>();
  for (const { report } of periods) {
    for (const { name, psi } of report.columns) peaks.set(name, Math.max(peaks.get(name) ?? 0, psi ?? 0));
  }
  const worst = [...peaks]
    .sort((a, b) => b[1] - a[1])
    .slice(0, most)
    .map(([name]) => name);
  const series = axisNames(worst, 24);
  const shown = axisNames(
    periods.map(({ period }) => period),
    16,
  );
  const values = periods.flatMap(({ report }, at) =>
    worst.flatMap((name, i) => {
      const psi = report.columns.find((column) => column.name === name)?.psi ?? null;
      return psi === null ? [] : [{ period: shown[at], series: series[i], psi }];
    }),
  );
  const rule = (at: number, role: "warning" | "critical") => ({
    data: { values: [{ psi: at }] },
    mark: { type: "rule", strokeDash: [4, 4], color: color(role) },
    encoding: { y: { field: "psi", type: "quantitative" } },
  });
  const left = peaks.size > worst.length ? ` The ${worst.length} columns of ${peaks.size} that moved most.` : "";
  return {
    title: "Drift over time",
    caption: `PSI against the reference by period. Dashed: warning at ${floors.warning} and critical at ${floors.critical}, beyond what chance brings.${left}`,
    spec: {
      width: PLOT_WIDTH,
      height: PLOT_HEIGHT,
      layer: [
        {
          data: { values },
          mark: { type: "line", point: true, strokeWidth: 2 },
          encoding: {
            x: {
              field: "period",
              type: "ordinal",
              sort: shown,
              title: null,
              axis: { labelAngle: 0, labelOverlap: true },
            },
            y: quantity("psi", "population stability index"),
            color: seriesColor(series),
          },
        },
        rule(floors.warning, "warning"),
        rule(floors.critical, "critical"),
      ],
    },
  };
}
