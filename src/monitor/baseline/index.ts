export { checkFacets, monitorBaseline, type MonitorBaseline, monitorExplainer } from "./baseline.js";
export { watchedArtifact } from "./from-training.js";
export { monitorBaselineOf, parseMonitorBaseline, withMonitorBaseline } from "./parse-baseline.js";
