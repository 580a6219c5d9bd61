export { findLeaks } from "./leaks.js";
export { newLevelFindings, NewLevels } from "./new-levels.js";
export { type Validation, validateTable } from "./validate.js";
