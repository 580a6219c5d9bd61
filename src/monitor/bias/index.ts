export type { Facet } from "./facets.js";
export { biasMetrics } from "./bias-metrics.js";
