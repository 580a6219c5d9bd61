export { compareLearners } from "./compare-learners.js";
export type { CrossValidation, FoldMean, FoldOptions } from "./cross-validate.js";
