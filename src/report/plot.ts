import type { TopLevelSpec } from "vega-lite";
import { vegaConfig } from "./theme.js";

/** A Vega-Lite specification: plain JSON. */
export type PlotSpec = Readonly<Record<string, unknown>>;

/**
 * Draws a Vega-Lite specification as SVG, without a browser and without the network. The same specification gives the
 * same text. Colors may be custom properties of CSS ("var(--ink)"), which the page resolves.
 */
export async function drawPlot(spec: PlotSpec): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  // Clip paths are numbered by a global counter.
  vega.resetSVGDefIds();
  const described = { ...spec, config: vegaConfig } as unknown as TopLevelSpec;
  const { spec: compiled } = vegaLite.compile(described, { logger: vega.logger(vega.None) });
  const refuse = (): never => {
    throw new Error("a plot must not load anything");
  };
  const view = new vega.View(vega.parse(compiled), {
    renderer: "none",
    logLevel: vega.None,
    loader: { ...vega.loader(), load: refuse, http: refuse, file: refuse },
  });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
