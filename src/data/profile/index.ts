export { cellFinder } from "./cuts.js";
export { mergeProfiles, withColumn } from "./merge.js";
export { type CutOptions, numericAgainst } from "./numeric-profile.js";
export { parseProfile, profileDecoder } from "./parse-profile.js";
export { predictionsName, predictionsOf, profilePredictions, withMarkedPredictions } from "./predictions.js";
export {
  type CategoryProfile,
  type ColumnProfile,
  countOfValues,
  isNumericProfile,
  type NumericProfile,
  type Profile,
} from "./profile.js";
export { quantileOfProfile, summarizeNumeric } from "./profile-summary.js";
export { columnAgainst, isProfiled, profileAgainst, profileColumn, profileTable } from "./profile-table.js";
