export { biasMetrics, type BiasMetric } from "./bias-metrics.js";
export { type BiasReport, biasReport, type BiasVerdict, quantilesFor } from "./bias-report.js";
export { countBias } from "./count-table.js";
export type { BiasCounts } from "./counts.js";
export { type Facet, type ResolvedFacet, resolveFacet } from "./facets.js";
export { groupRates, type GroupRates } from "./group-rates.js";
export type { Estimate } from "./intervals.js";
