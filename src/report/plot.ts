import type { TopLevelSpec } from "vega-lite";
import { inLight, vegaConfig } from "./theme.js";

/** A Vega-Lite specification: plain JSON. */
export type PlotSpec = Readonly<Record<string, unknown>>;

const drawn = new WeakMap<PlotSpec, Promise<string>>();

/** Draws a specification, each once: a plot may stand in a page and in a file of its own. */
export function drawPlot(spec: PlotSpec): Promise<string> {
  const known = drawn.get(spec) ?? draw(spec);
  drawn.set(spec, known);
  return known;
}

/**
 * Draws a Vega-Lite specification as SVG, without a browser and without the network. The same specification gives the
 * same text. Colors may be custom properties of CSS ("var(--ink)"), which the page resolves.
 */
async function draw(spec: PlotSpec): Promise<string> {
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

/** Draws a specification as an SVG file: its colors are those of the light page, because no page resolves them. */
export const drawFile = async (spec: PlotSpec): Promise<string> => inLight(await drawPlot(spec));
