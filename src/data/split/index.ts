export { type Fold, kFold } from "./folds.js";
export { split, splitByRowNumbers } from "./split.js";
export { timeFolds } from "./time-folds.js";
export { splitByTime } from "./time.js";
