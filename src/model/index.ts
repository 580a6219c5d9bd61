/**
 * Learners, training, evaluation, explanation and bundles.
 *
 * @module churnkit/model
 */
export type {
  Artifact,
  Calibration,
  Costs,
  Decision,
  EnsembleModel,
  GoldenRow,
  LinearModel,
  ModelNode,
  NetworkModel,
  Provenance,
  TreesModel,
} from "./artifact.js";
export { auto, type AutoCandidate, type AutoChoice, type AutoOptions } from "./auto-learner.js";
export { boosting, boostingDefaults, type BoostingOptions } from "./kinds/trees/boosting-learner.js";
export type { Budget, BudgetOptions, Cap } from "./budget.js";
export type { ArchiveLimits } from "./bundle/archive.js";
export {
  fromBundleFiles,
  toBundleFiles,
  type BundleFiles,
  type BundleOptions,
  type BundleReader,
} from "./bundle/format.js";
export { goldenRows, type GoldenOptions } from "./bundle/golden.js";
export { loadBundle } from "./bundle/load.js";
export type { Manifest, ManifestFile } from "./bundle/manifest.js";
export { openBundle, type Bundle, type OpenBundleOptions } from "./bundle/open.js";
export { checkBundleTarget, saveBundle } from "./bundle/save.js";
export { bundleSource, type BundleSource } from "./bundle/source.js";
export { calibrate, fitCalibration } from "./calibration.js";
export { compile, type CompileOptions, type ScoredRecord, type Scorer } from "./compile.js";

export type { BootstrapOptions } from "./evaluate/bootstrap.js";
export { compareScores, type CompareScoresOptions, type ScoreComparison } from "./evaluate/compare-scores.js";
export type { Confusion } from "./evaluate/confusion.js";
export { thin, type Curve, type CurvePoint } from "./evaluate/curves.js";
export { evaluate } from "./evaluate/evaluate.js";
export { evaluateScores, summarize, type EvaluateScoresOptions, type Evaluation } from "./evaluate/evaluate-scores.js";
export type { LiftBin } from "./evaluate/lift.js";
export { metricOf } from "./evaluate/metric-of.js";
export { metricNames, metrics, type MetricName, type MetricSummary, type MetricValue } from "./evaluate/metrics.js";
export type { ReliabilityBin } from "./evaluate/reliability.js";

export { forest, forestDefaults, type ForestOptions } from "./kinds/trees/forest-learner.js";
export type {
  EpochRecord,
  HeldOut,
  LabeledMatrix,
  Learned,
  Learner,
  LearnerContext,
  TrainingProgress,
} from "./learner.js";
export { learnerNamed, learnerNames } from "./learners.js";
export { fitLogistic, type LogisticFitOptions } from "./kinds/linear/fit-logistic.js";
export { logistic, type LogisticOptions } from "./kinds/linear/learner.js";
export {
  churnNetwork,
  churnNetworkDefaults,
  churnNetworkSpec,
  type ChurnNetworkOptions,
} from "./kinds/network/learner.js";
export type {
  AdamOptions,
  SessionOptions,
  SessionState,
  TrainingData,
  TrainingEngine,
  TrainingSession,
} from "./kinds/network/engine.js";
export { fromModelJson, toModelJson, toWeightsBin, type LayersModelJson } from "./kinds/network/format.js";
export { initialWeights } from "./kinds/network/initial-weights.js";
export { loadKernel, type Kernel, type KernelExports } from "./kinds/network/kernel.js";
export {
  tensorLayout,
  type HiddenLayer,
  type NetworkSpec,
  type NetworkWeights,
  type TensorSpec,
} from "./kinds/network/spec.js";
export { wasmEngine } from "./kinds/network/wasm/engine.js";
export {
  chooseThreshold,
  costThreshold,
  givenThreshold,
  thresholdByCapacity,
  thresholdByCost,
  thresholdByF1,
  type Capacity,
  type ThresholdRule,
} from "./threshold.js";
export { seenRows, trainingFactsOf, type SeenRows, type TrainingFacts } from "./training-facts.js";
export type { RowFilter } from "./row-filter.js";
export { train, type TrainedModel, type TrainOptions } from "./train.js";
export { backgroundFromProfile, backgroundFromTable, type BackgroundOptions } from "./explain/background.js";
export { explain, explainerOf, type ExplainerOptions } from "./explain/explainer.js";
export {
  attributionMethods,
  type AttributionMethod,
  type ExplainedColumn,
  type Explainer,
  type Explanation,
} from "./explain/explanation.js";
export { importance, importanceByColumn, type ColumnImportance } from "./explain/importance.js";
export {
  reasons,
  type Reason,
  type ReasonedScore,
  type ReasonOptions,
  type UnreasonedScore,
} from "./explain/reasons.js";
