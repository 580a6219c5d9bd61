export type { Facet } from "./facets.js";
export { biasMetrics } from "./metrics.js";
