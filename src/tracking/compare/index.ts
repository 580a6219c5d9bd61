export { compareRuns, differentRows, type RunComparison } from "./compare-runs.js";
export { runComparisonHtml } from "./comparison-page.js";
export { measuredTexts } from "./measured.js";
