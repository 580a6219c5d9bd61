/**
 * Drift of data and predictions: comparisons, slices, decisions over time, and the tests behind them.
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
export type {
  EndedAlarm,
  SequentialAlarm,
  SequentialDecision,
  SequentialLook,
  SequentialState,
} from "./sequential/state.js";
export {
  addPeriod,
  startWindows,
  type DueWindow,
  type ProfileWindows,
  type WindowParts,
} from "./sequential/windows.js";
export { benjaminiHochberg } from "../stats/adjust.js";
export { chiSquareHomogeneity, quantileBinTest, type ChiSquare } from "../stats/chi-square.js";
export { cramerVonMises, type CvmTest } from "../stats/cramer-von-mises.js";
export { cramerVonMisesTail } from "../stats/cramer-von-mises-limit.js";
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
} from "../stats/divergence.js";
export { fisherExact } from "../stats/fisher.js";
export { gTest, type GTest } from "../stats/g-test.js";
export { ksTest, type KsStatistic, type KsTest } from "../stats/kolmogorov-smirnov.js";
export { ksOfProfiles, type ProfileKs } from "./compare/profile-ks.js";
export { wassersteinOfProfiles } from "./compare/profile-wasserstein.js";
export { newLevelTest, type MetLevels, type NewLevelTest } from "../stats/new-levels.js";
export { twoProportions, type ProportionTest } from "../stats/proportions.js";
export { chiSquareTail, kolmogorovTail, normalTwoSidedTail, type Tail } from "../stats/special.js";
export { stratifiedRates, type StratifiedTest, type Stratum } from "../stats/stratified.js";
export { wassersteinDistance } from "../stats/wasserstein.js";
