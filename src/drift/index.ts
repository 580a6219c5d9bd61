export { compareProfiles, compareTables, driftAgainst, type DriftOptions } from "./compare/compare.js";
export { defaultDriftPolicy, driftPolicy, type DriftPolicy, type Floors } from "./policy.js";
export {
  driftTests,
  severities,
  type ColumnDrift,
  type DistributionBin,
  type DriftReport,
  type DriftTest,
  type DriftVerdict,
  type Severity,
  type Shift,
} from "./report.js";
export { benjaminiHochberg } from "./tests/adjust.js";
export { chiSquareHomogeneity, quantileBinTest, type ChiSquare } from "./tests/chi-square.js";
export {
  countBetween,
  hellinger,
  jensenShannon,
  psi,
  psiNullMean,
  psiOfSamples,
  quantileEdges,
  totalVariation,
  type ZeroRule,
} from "./tests/divergence.js";
export { ksTest, type KsStatistic, type KsTest } from "./tests/kolmogorov-smirnov.js";
export { ksOfProfiles, type ProfileKs } from "./tests/profile-ks.js";
export { newLevelTest, type NewLevelTest } from "./tests/new-levels.js";
export { twoProportions, type ProportionTest } from "./tests/proportions.js";
export { chiSquareTail, kolmogorovTail, normalTwoSidedTail, type Tail } from "./tests/special.js";
export { wassersteinDistance } from "./tests/wasserstein.js";
