/**
 * Drift of data and predictions: comparisons, slices, decisions over time, and the tests behind them.
 *
 * @module churnkit/drift
 */
export { driftAdvice } from "./compare/advice.js";
export { compareTables, type DriftOptions } from "./compare-tables.js";
export { compareProfiles, driftAgainst } from "./compare-profiles.js";
export { conceptDrift } from "./compare/concept.js";
export type { DriftPolicy } from "./policy.js";
export type { ColumnDrift, DriftReport, Severity } from "./report.js";
export { parseSegmentProfiles } from "./segments/parse-segments.js";
export {
  compareSegmentProfiles,
  mergeSegmentProfiles,
  profileSegments,
  profileSegmentsAgainst,
  type SegmentProfiles,
} from "./segments/profiles.js";
export { sequentialStep, sequentialStart } from "./sequential/monitor.js";
export { parseSequential, parseWindows } from "./sequential/parse-sequential.js";
export type { SequentialState } from "./sequential/state.js";
export { addPeriod, startWindows, type ProfileWindows } from "./sequential/windows.js";
