/**
 * Drift, performance with and without labels, bias, attribution, monitors and the retraining policy.
 *
 * @module churnkit/drift
 */
export { driftAdvice, type Advice } from "./compare/advice.js";
export { compareTables, type DriftOptions, type TableDriftOptions } from "./compare/compare.js";
export { compareProfiles, driftAgainst } from "./compare/compare-profiles.js";
export { conceptDrift, type ScoredRows } from "./compare/concept.js";
export type { Importances } from "./compare/ranking.js";
export {
  defaultDriftPolicy,
  driftPolicy,
  policies,
  type DriftPolicy,
  type Floors,
  type PolicyChoice,
  type PolicyName,
} from "./policy.js";
export {
  driftTests,
  severities,
  type ColumnDrift,
  type ConceptDrift,
  type DistributionBin,
  type DriftReport,
  type DriftRole,
  type DriftTest,
  type DriftVerdict,
  type PartDrift,
  type RankedDrift,
  type SegmentColumn,
  type SegmentDrift,
  type Severity,
  type Shift,
} from "./report.js";
export type { UnknownLabels } from "../data/table/labels.js";
export { parseSegmentProfiles } from "./segments/parse.js";
export {
  compareSegmentProfiles,
  mergeSegmentProfiles,
  profileSegments,
  profileSegmentsAgainst,
  type SegmentProfiles,
} from "./segments/profiles.js";
export type { SegmentRule } from "./segments/rules.js";
export { sequentialStep, sequentialStart } from "./sequential/monitor.js";
export { parseSequential, parseWindows } from "./sequential/parse.js";
export { hourlyPlan, sequentialPlan, type SequentialPlan } from "./sequential/plan.js";
export type { EndedAlarm, SequentialAlarm, SequentialDecision, SequentialLook, SequentialState } from "./sequential/state.js";
export { addPeriod, startWindows, type DueWindow, type ProfileWindows, type WindowParts } from "./sequential/windows.js";
export { benjaminiHochberg } from "./tests/adjust.js";
export { chiSquareHomogeneity, quantileBinTest, type ChiSquare } from "./tests/chi-square.js";
export { cramerVonMises, type CvmTest } from "./tests/cramer-von-mises.js";
export { cramerVonMisesTail } from "./tests/cramer-von-mises-limit.js";
export {
  countBetween,
  hellinger,
  jensenShannon,
  jensenShannonNullMean,
  psi,
  psiNullMean,
  psiOfSamples,
  quantileEdges,
  totalVariation,
  type ZeroRule,
} from "./tests/divergence.js";
export { fisherExact } from "./tests/fisher.js";
export { gTest, type GTest } from "./tests/g-test.js";
export { ksTest, type KsStatistic, type KsTest } from "./tests/kolmogorov-smirnov.js";
export { ksOfProfiles, type ProfileKs } from "./tests/profile-ks.js";
export { wassersteinOfProfiles } from "./tests/profile-wasserstein.js";
export { newLevelTest, type MetLevels, type NewLevelTest } from "./tests/new-levels.js";
export { twoProportions, type ProportionTest } from "./tests/proportions.js";
export { chiSquareTail, kolmogorovTail, normalTwoSidedTail, type Tail } from "./tests/special.js";
export { stratifiedRates, type StratifiedTest, type Stratum } from "./tests/stratified.js";
export { wassersteinDistance } from "./tests/wasserstein.js";

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
export { calibrationPolicy, defaultCalibrationPolicy, type CalibrationPolicy } from "./performance/calibration-policy.js";
export { calibrationSummary, parseCalibrationSummary, type CalibrationBin, type CalibrationSummary } from "./performance/calibration-summary.js";
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
export { joinIssues, type IssueCount, type JoinIssue } from "./performance/labelled/issues.js";
export {
  days,
  hours,
  joinLabels,
  type JoinedPrediction,
  type LabelledPredictions,
  type LabelPolicy,
} from "./performance/labelled/join.js";
export { periodLengths, type PeriodLength } from "./performance/labelled/periods.js";
export type { LabelRecord, Moment, PredictionRecord } from "./performance/labelled/records.js";
export {
  performanceSeries,
  type PerformancePair,
  type PerformanceSeries,
  type PeriodCounts,
  type PeriodPerformance,
  type SeriesOptions,
} from "./performance/labelled/series.js";
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
export { realisedPerformance, type RealisedOptions, type RealisedPerformance } from "./performance/realised.js";
export { driftPoints, driftSignals } from "./metric-points.js";
export {
  retrainingController,
  type RetrainingController,
  type RetrainingControllerOptions,
  type RetrainingRound,
  type RunReport,
} from "./retraining/controller.js";
export { decideRetraining, retrainingBlocks, type RetrainingBlock, type RetrainingDecision } from "./retraining/decide.js";
export { heartbeat, isAlive, type Heartbeat, type Liveness } from "./retraining/heartbeat.js";
export { rememberTriggers, type Measurement, type RetrainingSignals } from "./retraining/observe.js";
export { defaultRetrainingPolicy, retrainingPolicy, retrainingTriggers, type RetrainingPolicy, type RetrainingTrigger } from "./retraining/policy.js";
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
export { attributionBaseline, mergeAttributions, parseAttributionBaseline, type AttributedColumn, type AttributionBaseline } from "./attribution/baseline.js";
export { attributionDrift, type AttributionChange, type AttributionDrift, type RankedAttribution } from "./attribution/compare.js";
export { ndcg } from "./attribution/ndcg.js";
export { attributionPolicy, defaultAttributionPolicy, type AttributionPolicy } from "./attribution/policy.js";
export { monitorBaseline, monitorExplainer, type AttributionSettings, type MonitorBaseline, type MonitorBaselineInput } from "./monitor/baseline.js";
export { captureIssues, captureLog, type CapturedPrediction, type CaptureIssue, type CaptureIssueCount, type CaptureLog } from "./monitor/capture/capture.js";
export { labelLog, readLabelLines, type LabelLog, type LabelReadOptions } from "./monitor/capture/read-labels.js";
export { captureOutputs, type CaptureOutput } from "./monitor/capture/output.js";
export { readCaptureLines, type CaptureLimits, type CaptureReadOptions } from "./monitor/capture/read.js";
export { captureToStore, type CaptureStoreOptions, type CaptureWriter } from "./monitor/capture/write.js";
export type { PredictionMeta } from "./monitor/counting.js";
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
} from "./monitor/findings.js";
export { watchedArtefact, type TrainedBaselineOptions } from "./monitor/from-training.js";
export type { WindowParts as MonitorWindowParts, Windows as MonitorWindows } from "./monitor/windows.js";
export type { MonitorHistory } from "./monitor/history.js";
export type { LabelReport, LabelRules, SampledLabel, SampledPrediction } from "./monitor/labels.js";
export type { StandingAlarm } from "./monitor/looks.js";
export {
  constraintsJson,
  parseConstraints,
  policyOfConstraints,
  type FeatureConstraints,
  type MonitoringConfig,
  type MonitorConstraints,
} from "./monitor/model-monitor/constraints.js";
export { modelMonitorFiles } from "./monitor/model-monitor/files.js";
export type { InferredType } from "./monitor/model-monitor/columns.js";
export { statisticsJson, type CommonStatistics, type FeatureStatistics, type MonitorStatistics } from "./monitor/model-monitor/statistics.js";
export { constraintChecks, constraintViolations, type ConstraintViolation, type ConstraintViolations } from "./monitor/model-monitor/violations.js";
export { createMonitor, type Monitor, type MonitorLabel, type MonitorOptions } from "./monitor/monitor.js";
export { monitorBaselineOf, parseMonitorBaseline, withMonitorBaseline } from "./monitor/parse-baseline.js";
export { monitorPoints, monitorSignals } from "./monitor/points.js";
export type { MonitorAdvice, MonitorAlarm, MonitorReport, MonitorVerdict } from "./monitor/report.js";
export { runMonitor, type MonitorRun, type MonitorRunOptions } from "./monitor/run.js";
export { monitorPeriods, parseMonitorState, type MonitorPeriod, type MonitorSettings, type MonitorState, type SkippedCounts } from "./monitor/state.js";
export type { AttributedRow, IssueTally, Tally } from "./monitor/tally.js";
