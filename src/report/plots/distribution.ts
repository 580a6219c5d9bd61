import type { ColumnDrift, DistributionBin } from "../../drift/report.js";
import type { Plot } from "../sections.js";
import { color } from "../theme.js";
import { axisNames, cut, nameAxis } from "./names.js";
import { PLOT_HEIGHT, PLOT_WIDTH } from "./series.js";

/** Both distributions of a column, overlaid. */
export function distributionPlot(column: Pick<ColumnDrift, "name" | "kind" | "distribution" | "message">): Plot {
  const { name, kind, distribution, message } = column;
  const intervals = distribution.every(({ low }) => low !== undefined);
  return {
    title: cut(name, 60),
    caption: message,
    spec:
      intervals && distribution.length > 0 ? overlay(distribution, kind === "date") : bars(largest(distribution, 14)),
  };
}

const samples = ["reference", "current"] as const;
const bySample = {
  field: "sample",
  type: "nominal",
  scale: { domain: samples, range: [color("first"), color("second")] },
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
    height: PLOT_HEIGHT - 40,
    data: { values },
    mark: { type: "area", interpolate: "step-after", fillOpacity: 0.18, line: { strokeWidth: 2 } },
    encoding: {
      x: {
        field: "x",
        type,
        title: null,
        scale: { zero: false, nice: false, ...(dates && { type: "utc" }) },
        axis: { tickCount: 6 },
      },
      y: {
        field: "share",
        type: "quantitative",
        title: "share of rows",
        stack: null,
        axis: { tickCount: 4, format: "%" },
      },
      color: bySample,
    },
  };
}

function bars(bins: readonly DistributionBin[]): Record<string, unknown> {
  const names = axisNames(
    bins.map(({ label }) => label),
    18,
  );
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
      color: bySample,
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
