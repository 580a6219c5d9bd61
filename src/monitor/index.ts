/**
 * Watching a model in service: performance with and without labels, bias, attribution, monitors and the retraining policy.
 *
 * @module churnkit/monitor
 */
export { countBias, mergeBias, type BiasCountOptions } from "./bias/count-table.js";
export type { BiasCounts, FacetCounts, GroupCounts } from "./bias/counts.js";
export { biasDrift, type BiasChange, type BiasDrift } from "./bias/drift.js";
export type { Facet, FacetRange } from "./bias/facets.js";
export { biasMetricNames, biasMetrics, type BiasMetric } from "./bias/metrics.js";
export { parseBiasCounts } from "./bias/parse.js";
export { biasPolicy, defaultBiasPolicy, type AllowedRange, type BiasPolicy } from "./bias/policy.js";
export { biasReport, type BiasReport, type BiasValue, type BiasVerdict, type GroupBias } from "./bias/report.js";
export {
  calibrationDrift,
  calibrationTests,
  type CalibrationDrift,
  type CalibrationOptions,
  type CalibrationTest,
  type JudgedBin,
} from "./performance/calibration-drift.js";
export {
  calibrationPolicy,
  defaultCalibrationPolicy,
  type CalibrationPolicy,
} from "./performance/calibration-policy.js";
export {
  calibrationSummary,
  parseCalibrationSummary,
  type CalibrationBin,
  type CalibrationSummary,
} from "./performance/calibration-summary.js";
export {
  confidenceCounter,
  mergeConfidence,
  parseConfidenceCounts,
  type ConfidenceCounter,
  type ConfidenceCounts,
} from "./performance/confidence-counts.js";
export {
  estimateAssumption,
  estimateFromCounts,
  estimatePerformance,
  type EstimatedValue,
  type EstimateOptions,
  type PerformanceEstimate,
} from "./performance/estimate.js";
export { joinIssues, type IssueCount, type JoinIssue } from "./performance/labeled/issues.js";
export {
  days,
  hours,
  joinLabels,
  type JoinedPrediction,
  type LabeledPredictions,
  type LabelPolicy,
} from "./performance/labeled/join.js";
export { periodLengths, type PeriodLength } from "./performance/labeled/periods.js";
export type { LabelRecord, Moment, PredictionRecord } from "./performance/labeled/records.js";
export {
  performanceSeries,
  type PerformancePair,
  type PerformanceSeries,
  type PeriodCounts,
  type PeriodPerformance,
  type SeriesOptions,
} from "./performance/labeled/series.js";
export { performanceMetricNames, performanceMetrics, type PerformanceMetric } from "./performance/metrics.js";
export {
  defaultQualityPolicy,
  modelQuality,
  type QualityChange,
  type QualityDrift,
  type QualityMetric,
  type QualityPolicy,
  type QualityValues,
  type RowsBehind,
} from "./performance/quality.js";
export { realizedPerformance, type RealizedOptions, type RealizedPerformance } from "./performance/realized.js";
export { driftPoints, driftSignals } from "./retraining/drift-points.js";
export {
  retrainingController,
  type RetrainingController,
  type RetrainingControllerOptions,
  type RetrainingRound,
  type RunReport,
} from "./retraining/controller.js";
export {
  decideRetraining,
  retrainingBlocks,
  type RetrainingBlock,
  type RetrainingDecision,
} from "./retraining/decide.js";
export { heartbeat, isAlive, type Heartbeat, type Liveness } from "./retraining/heartbeat.js";
export { rememberTriggers, type Measurement, type RetrainingSignals } from "./retraining/observe.js";
export {
  defaultRetrainingPolicy,
  retrainingPolicy,
  retrainingTriggers,
  type RetrainingPolicy,
  type RetrainingTrigger,
} from "./retraining/policy.js";
export type { RetrainingOutcome, RetrainingRunContext, RetrainingWork } from "./retraining/run.js";
export { nextDue, type RetrainingSchedule } from "./retraining/schedule.js";
export { readRetrainingState, startRetraining, stopRetraining } from "./retraining/state-store.js";
export {
  newRetrainingState,
  runStatuses,
  type FinishedRun,
  type PendingTrigger,
  type RetrainingRun,
  type RetrainingState,
  type RunStatus,
} from "./retraining/state.js";
export { beginRun, endRun, releaseCrashed, renewRun, type RunEnd } from "./retraining/transitions.js";
export {
  attributionBaseline,
  mergeAttributions,
  parseAttributionBaseline,
  type AttributedColumn,
  type AttributionBaseline,
} from "./attribution/baseline.js";
export {
  attributionDrift,
  type AttributionChange,
  type AttributionDrift,
  type RankedAttribution,
} from "./attribution/compare.js";
export { ndcg } from "./attribution/ndcg.js";
export { attributionPolicy, defaultAttributionPolicy, type AttributionPolicy } from "./attribution/policy.js";
export {
  monitorBaseline,
  monitorExplainer,
  type AttributionSettings,
  type MonitorBaseline,
  type MonitorBaselineInput,
} from "./baseline/baseline.js";
export {
  captureIssues,
  captureLog,
  type CapturedPrediction,
  type CaptureIssue,
  type CaptureIssueCount,
  type CaptureLog,
} from "./capture/capture.js";
export { labelLog, readLabelLines, type LabelLog, type LabelReadOptions } from "./capture/read-labels.js";
export { captureOutputs, type CaptureOutput } from "./capture/output.js";
export { readCaptureLines, type CaptureLimits, type CaptureReadOptions } from "./capture/read.js";
export { captureToStore, type CaptureStoreOptions, type CaptureWriter } from "./capture/write.js";
export type { PredictionMeta } from "./counting/counting.js";
export {
  monitorNames,
  monitors,
  type AttributionFinding,
  type BiasFinding,
  type DataQualityFinding,
  type Finding as MonitorFinding,
  type ModelQualityFinding,
  type MonitorName,
  type MonitorPolicies,
  type OutcomeCounts,
} from "./judging/findings.js";
export { watchedArtifact, type TrainedBaselineOptions } from "./baseline/from-training.js";
export type { WindowParts as MonitorWindowParts, Windows as MonitorWindows } from "../drift/sequential/windows.js";
export type { MonitorHistory } from "./judging/history.js";
export type { LabelReport, LabelRules, SampledLabel, SampledPrediction } from "./counting/labels.js";
export type { StandingAlarm } from "./judging/looks.js";
export {
  constraintsJson,
  parseConstraints,
  policyOfConstraints,
  type FeatureConstraints,
  type MonitoringConfig,
  type MonitorConstraints,
} from "./model-monitor/constraints.js";
export { modelMonitorFiles } from "./model-monitor/files.js";
export type { InferredType } from "./model-monitor/columns.js";
export {
  statisticsJson,
  type CommonStatistics,
  type FeatureStatistics,
  type MonitorStatistics,
} from "./model-monitor/statistics.js";
export {
  constraintChecks,
  constraintViolations,
  type ConstraintViolation,
  type ConstraintViolations,
} from "./model-monitor/violations.js";
export { createMonitor, type Monitor, type MonitorLabel, type MonitorOptions } from "./monitor.js";
export { monitorBaselineOf, parseMonitorBaseline, withMonitorBaseline } from "./baseline/parse-baseline.js";
export { monitorPoints, monitorSignals } from "./judging/points.js";
export type { MonitorAdvice, MonitorAlarm, MonitorReport, MonitorVerdict } from "./judging/report.js";
export { runMonitor, type MonitorRun, type MonitorRunOptions } from "./run.js";
export {
  monitorPeriods,
  parseMonitorState,
  type MonitorPeriod,
  type MonitorSettings,
  type MonitorState,
  type SkippedCounts,
} from "./state.js";
export type { AttributedRow, IssueTally, Tally } from "./counting/tally.js";
