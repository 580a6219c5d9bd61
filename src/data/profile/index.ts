export { cellFinder } from "./cuts.js";
export { mergeProfiles, withColumn } from "./merge.js";
export { type CutOptions, numericAgainst } from "./numeric.js";
export { parseProfile, profileDecoder } from "./parse.js";
export { predictionsName, predictionsOf, profilePredictions, withMarkedPredictions } from "./predictions.js";
export {
  type CategoryProfile,
  type ColumnProfile,
  countOfValues,
  isNumericProfile,
  type NumericProfile,
  type Profile,
} from "./profile.js";
export { quantileOfProfile, summarizeNumeric } from "./summary.js";
export { columnAgainst, isProfiled, profileAgainst, profileColumn, profileTable } from "./table.js";
