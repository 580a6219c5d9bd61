import type { ColumnDrift, Severity } from "../../drift/report.js";
import type { Floors } from "../../drift/policy.js";
import type { Plot } from "../sections.js";
import { color } from "../theme.js";
import { axisNames, nameAxis } from "./names.js";
import { PLOT_WIDTH } from "./series.js";

const severityColor: Record<Severity, string> = {
  none: color("first"),
  warning: color("warning"),
  critical: color("critical"),
};

/** PSI by column, the largest first, with the policy's lines. Bars end at 0.5 at the latest; their label doesn't. */
export function psiPlot(columns: readonly ColumnDrift[], floors: Floors, most = 10): Plot {
  const shown = [...columns]
    .filter(({ psi }) => psi !== null)
    .sort((a, b) => (b.psi ?? 0) - (a.psi ?? 0))
    .slice(0, most);
  const names = axisNames(
    shown.map(({ name }) => name),
    20,
  );
  const values = shown.map(({ psi, severity }, place) => ({
    name: names[place],
    psi: psi ?? 0,
    label: (psi ?? 0).toFixed(3),
    severity,
  }));
  const end = Math.max(1.2 * floors.critical, Math.min(0.5, ...values.slice(0, 1).map(({ psi }) => psi)));
  const rule = (at: number, severity: Severity) => ({
    data: { values: [{ at }] },
    mark: { type: "rule", strokeDash: [4, 4], color: severityColor[severity] },
    encoding: { x: { field: "at", type: "quantitative" } },
  });
  const y = nameAxis;
  const x = {
    field: "psi",
    type: "quantitative",
    title: "population stability index",
    scale: { domain: [0, end], clamp: true, nice: false },
    axis: { tickCount: 5 },
  };
  const left = columns.length > shown.length ? ` The ${shown.length} largest of ${columns.length} columns.` : "";
  return {
    title: "How far each column moved",
    caption: `Dashed: warning at ${floors.warning} and critical at ${floors.critical}, beyond what chance brings.${left}`,
    spec: {
      width: PLOT_WIDTH,
      height: { step: 16 },
      layer: [
        {
          data: { values },
          mark: { type: "bar", cornerRadiusEnd: 2 },
          encoding: {
            x,
            y,
            color: {
              field: "severity",
              type: "nominal",
              scale: { domain: Object.keys(severityColor), range: Object.values(severityColor) },
              legend: null,
            },
          },
        },
        rule(floors.warning, "warning"),
        rule(floors.critical, "critical"),
        {
          data: { values },
          mark: { type: "text", align: "left", dx: 4 },
          encoding: { x, y, text: { field: "label", type: "nominal" } },
        },
      ],
    },
  };
}
