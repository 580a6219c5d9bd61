/**
 * Tracked runs: parameters, metrics, artifacts and tags of trainings and reports.
 *
 * @module churnkit/tracking
 */
export { compareRuns, type RunComparison, runComparisonHtml } from "./compare/index.js";
export { fileTracker } from "./files/file-tracker.js";
export type { RunRecord } from "./runs/record.js";
export type { RunTracker, TrackedRun } from "./runs/run.js";
