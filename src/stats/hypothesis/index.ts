export { benjaminiHochberg } from "./adjust.js";
export { chiSquareHomogeneity, quantileBinTest } from "./chi-square.js";
export { fisherExact } from "./fisher.js";
export { gTest } from "./g-test.js";
export { ksLimitTail, type KsTest, ksTest, ksTestOfSorted } from "./kolmogorov-smirnov.js";
export { newLevelTest } from "./new-levels.js";
export { twoProportions } from "./proportions.js";
export { resampledT, type ResampledT } from "./resampled-t.js";
export { stratifiedRates, type Stratum } from "./stratified.js";
