export { lackWords, type MonitorName, type MonitorPolicies } from "./findings.js";
export { monitorPoints, monitorSignals } from "./points.js";
export type { MonitorReport } from "./report.js";
export { type MonitorState, parseMonitorState } from "./state.js";
