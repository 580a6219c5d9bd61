import type { ColumnDrift, DistributionBin, Severity } from "../../drift/report.js";
import type { Floors } from "../../drift/policy.js";
import type { Plot } from "../sections.js";
import { colour } from "../theme.js";
import { PLOT_HEIGHT, PLOT_WIDTH } from "./series.js";

const severityColour: Record<Severity, string> = {
  none: colour("first"),
  warning: colour("warning"),
  critical: colour("critical"),
};

/** Names are data of any length: cut so that a plot keeps its shape. */
const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/** Cut names for an axis, numbered where two have become alike. */
function axisNames(names: readonly string[], length: number): string[] {
  const used = new Set<string>();
  return names.map((name) => {
    const short = cut(name, length);
    let unique = short;
    for (let i = 2; used.has(unique); i++) unique = `${short} (${i})`;
    used.add(unique);
    return unique;
  });
}

/** An axis of names in their own order. */
const nameAxis = { field: "name", type: "nominal", title: null, sort: null, axis: { ticks: false, domain: false } };

/** PSI by column, the largest first, with the policy's lines. Bars end at 0.5 at the latest; their label doesn't. */
export function psiPlot(columns: readonly ColumnDrift[], floors: Floors, most = 30): Plot {
  const shown = [...columns]
    .filter(({ psi }) => psi !== null)
    .sort((a, b) => (b.psi ?? 0) - (a.psi ?? 0))
    .slice(0, most);
  const names = axisNames(shown.map(({ name }) => name), 28);
  const values = shown.map(({ psi, severity }, place) => ({
    name: names[place],
    psi: psi ?? 0,
    label: (psi ?? 0).toFixed(3),
    severity,
  }));
  const end = Math.max(1.2 * floors.critical, Math.min(0.5, ...values.slice(0, 1).map(({ psi }) => psi)));
  const rule = (at: number, severity: Severity) => ({
    data: { values: [{ at }] },
    mark: { type: "rule", strokeDash: [4, 4], color: severityColour[severity] },
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
    wide: true,
    spec: {
      width: 2 * PLOT_WIDTH,
      height: { step: 19 },
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
              scale: { domain: Object.keys(severityColour), range: Object.values(severityColour) },
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

/** Both distributions of a column over each other. */
export function distributionPlot(column: Pick<ColumnDrift, "name" | "kind" | "distribution" | "message">): Plot {
  const { name, kind, distribution, message } = column;
  const intervals = distribution.every(({ low }) => low !== undefined);
  return {
    title: cut(name, 60),
    caption: message,
    spec: intervals && distribution.length > 0 ? overlay(distribution, kind === "date") : bars(largest(distribution, 14)),
  };
}

const samples = ["reference", "current"] as const;
const color = {
  field: "sample",
  type: "nominal",
  scale: { domain: samples, range: [colour("first"), colour("second")] },
};

/** Two histograms as steps with a light filling. */
function overlay(bins: readonly DistributionBin[], dates: boolean): Record<string, unknown> {
  const values = samples.flatMap((sample) => [
    ...bins.map((bin) => ({ sample, x: bin.low ?? 0, share: bin[sample] })),
    // The last step needs its right end.
    { sample, x: bins[bins.length - 1]?.high ?? 0, share: bins[bins.length - 1]?.[sample] ?? 0 },
  ]);
  const type = dates ? "temporal" : "quantitative";
  return {
    width: PLOT_WIDTH,
    height: PLOT_HEIGHT - 80,
    data: { values },
    mark: { type: "area", interpolate: "step-after", fillOpacity: 0.18, line: { strokeWidth: 2 } },
    encoding: {
      x: { field: "x", type, title: null, scale: { zero: false, nice: false, ...(dates && { type: "utc" }) }, axis: { tickCount: 6 } },
      y: { field: "share", type: "quantitative", title: "share of rows", stack: null, axis: { tickCount: 4, format: "%" } },
      color,
    },
  };
}

function bars(bins: readonly DistributionBin[]): Record<string, unknown> {
  const names = axisNames(bins.map(({ label }) => label), 26);
  const values = bins.flatMap((bin, i) => samples.map((sample) => ({ name: names[i], sample, share: bin[sample] })));
  return {
    width: PLOT_WIDTH,
    height: { step: 11 },
    data: { values },
    mark: { type: "bar", cornerRadiusEnd: 2 },
    encoding: {
      y: { ...nameAxis, scale: { paddingInner: 0.3 } },
      yOffset: { field: "sample", sort: samples },
      x: { field: "share", type: "quantitative", title: "share of rows", axis: { tickCount: 5, format: "%" } },
      color,
    },
  };
}

/** The most frequent levels in their order, the others as one bar. */
function largest(bins: readonly DistributionBin[], most: number): DistributionBin[] {
  if (bins.length <= most) return [...bins];
  const kept = new Set([...bins].sort((a, b) => b.reference + b.current - a.reference - a.current).slice(0, most - 1));
  const rest = bins.filter((bin) => !kept.has(bin));
  const sum = (sample: "reference" | "current"): number => rest.reduce((total, bin) => total + bin[sample], 0);
  const others = { label: `(${rest.length} others)`, reference: sum("reference"), current: sum("current") };
  return [...bins.filter((bin) => kept.has(bin)), others];
}
