/**
 * Learners, training, evaluation, explanation and bundles.
 *
 * @module churnkit/model
 */
export type { Artifact, Costs } from "./artifact.js";
export { auto } from "./training/auto/learner.js";
export { boosting } from "./kinds/trees/boosting-learner.js";
export { type Campaign, campaignCosts } from "./campaign/campaign.js";
export { type CampaignEvaluation, evaluateCampaign } from "./campaign/evaluate.js";
export { type CampaignPlan, planCampaign } from "./campaign/plan.js";
export { toBundleFiles } from "./bundle/format.js";
export { loadBundle } from "./bundle/load.js";
export { openBundle, type Bundle } from "./bundle/open.js";
export { saveBundle } from "./bundle/save.js";
export { bundleSource } from "./bundle/source.js";
export { compile, type ScoredRecord, type Scorer } from "./scoring/compile.js";
export { oneClass } from "./scoring/one-class.js";

export { compareScores } from "./evaluate/compare-scores.js";
export { type ClassEvaluation, evaluateClasses } from "./evaluate/evaluate-classes.js";
export { evaluate } from "./evaluate/evaluate.js";
export { evaluateScores, type Evaluation } from "./evaluate/evaluate-scores.js";
export { metricNames, metrics, type MetricName } from "./evaluate/metrics.js";

export { importTrees } from "./import/import-trees.js";
export { forest } from "./kinds/trees/forest-learner.js";
export type { Learner } from "./kinds/learner.js";
export { logistic } from "./kinds/linear/learner.js";
export { churnNetwork, type ChurnNetworkOptions } from "./kinds/network/learner.js";
export type { TrainingEngine } from "./kinds/network/engine.js";
export { wasmEngine } from "./kinds/network/wasm/engine.js";
export { chooseThreshold, costThreshold, type ThresholdRule } from "./training/threshold.js";
export { seenRows, trainingFactsOf } from "./training/training-facts.js";
export { train, type TrainedModel, type TrainOptions } from "./training/train.js";
export type { Trial } from "./training/trial.js";
export { compareLearners, type LearnerComparison } from "./tuning/compare-learners.js";
export type { SearchSpace } from "./tuning/space/search-space.js";
export { tune, type TuneOptions, type TuneResult } from "./tuning/tune.js";
export { crossValidate, type CrossValidation } from "./tuning/cross-validate.js";
export { backgroundFromProfile } from "./explain/background.js";
export { counterfactuals, type Counterfactuals } from "./explain/changed/counterfactuals.js";
export { partialDependence, type PartialDependence } from "./explain/changed/partial-dependence.js";
export { permutationImportance, type PermutationImportance } from "./explain/changed/permutation-importance.js";
export { explainerOf } from "./explain/explainer.js";
export type { Explainer, Explanation } from "./explain/explanation.js";
export { importance, importanceByColumn } from "./explain/importance.js";
export { reasons, type ReasonedScore } from "./explain/reasons.js";
