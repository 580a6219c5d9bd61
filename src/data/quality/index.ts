export { findLeaks } from "./leaks.js";
export { newLevelFindings, NewLevels } from "./new-levels.js";
export { validateTable } from "./validate.js";
