export { compareLearners } from "./compare-learners.js";
export type { CrossValidation, FoldMean, FoldOptions } from "./cross-validate.js";
export { itemName, withLists } from "./space/options.js";
export { type ChoiceRange, type SearchRange, searchSpace, type SearchSpace } from "./space/search-space.js";
export { searchOptions } from "./run-tuning.js";
export { tune, tuningMethods, type TuneOptions, type TuneResult } from "./tune.js";
