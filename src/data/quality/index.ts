export { newLevelFindings } from "./columns.js";
export { findLeaks } from "./leaks.js";
export { validateTable } from "./validate.js";
