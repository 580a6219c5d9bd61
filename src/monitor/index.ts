/**
 * Monitoring of a model in service: performance with and without labels, bias, attribution, monitors and the
 * retraining policy.
 *
 * @module churnkit/monitor
 */
export { countBias, mergeBias } from "./bias/count-table.js";
export type { BiasCounts } from "./bias/counts.js";
export { biasDrift, type BiasDrift } from "./bias/drift.js";
export { parseBiasCounts } from "./bias/parse.js";
export { biasReport, type BiasReport } from "./bias/bias-report.js";
export { calibrationDrift, type CalibrationDrift } from "./performance/calibration-drift.js";
export {
  calibrationSummary,
  parseCalibrationSummary,
  type CalibrationSummary,
} from "./performance/calibration-summary.js";
export {
  confidenceCounter,
  mergeConfidence,
  parseConfidenceCounts,
  type ConfidenceCounts,
} from "./performance/confidence-counts.js";
export { estimateFromCounts, estimatePerformance, type PerformanceEstimate } from "./performance/estimate.js";
export { days, joinLabels, type LabeledPredictions, type LabelPolicy } from "./performance/labeled/join.js";
export type { LabelRecord, PredictionRecord } from "./performance/labeled/records.js";
export { performanceSeries, type PerformanceSeries } from "./performance/labeled/series.js";
export { modelQuality, type QualityDrift } from "./performance/quality.js";
export { driftPoints, driftSignals } from "./retraining/drift-points.js";
export { retrainingController, type RetrainingController } from "./retraining/controller.js";
export { decideRetraining, type RetrainingDecision } from "./retraining/decide.js";
export { heartbeat, isAlive } from "./retraining/heartbeat.js";
export type { RetrainingSignals } from "./retraining/observe.js";
export { defaultRetrainingPolicy, retrainingPolicy, type RetrainingPolicy } from "./retraining/retraining-policy.js";
export { startRetraining, stopRetraining } from "./retraining/state-store.js";
export { newRetrainingState, type RetrainingState } from "./retraining/retraining-state.js";
export {
  attributionBaseline,
  mergeAttributions,
  parseAttributionBaseline,
  type AttributionBaseline,
} from "./attribution/attribution-baseline.js";
export { attributionDrift, type AttributionDrift } from "./attribution/compare.js";
export { monitorBaseline, monitorExplainer, type MonitorBaseline } from "./baseline/baseline.js";
export { captureLog, type CapturedPrediction } from "./capture/capture.js";
export { labelLog, readLabelLines } from "./capture/read-labels.js";
export { readCaptureLines } from "./capture/read.js";
export { captureToStore, type CaptureWriter } from "./capture/write.js";
export { eraseCustomers, type ErasureReport } from "./erasure/erase.js";
export { watchedArtifact } from "./baseline/from-training.js";
export {
  constraintsJson,
  parseConstraints,
  policyOfConstraints,
  type MonitorConstraints,
} from "./model-monitor/constraints.js";
export { statisticsJson } from "./model-monitor/statistics.js";
export { constraintViolations } from "./model-monitor/violations.js";
export { monitorLambda } from "./monitor-lambda.js";
export type { MonitorLabel } from "./counting/intake.js";
export { createMonitor, type Monitor, type MonitorOptions } from "./monitor.js";
export { monitorBaselineOf, parseMonitorBaseline, withMonitorBaseline } from "./baseline/parse-baseline.js";
export { predictionTable } from "./prediction-log/table.js";
export { updatePredictionLog } from "./prediction-log/update.js";
export { monitorPoints, monitorSignals } from "./judging/points.js";
export type { MonitorReport } from "./judging/report.js";
export { runMonitor } from "./run-monitor.js";
export { parseMonitorState, type MonitorState } from "./judging/state.js";
