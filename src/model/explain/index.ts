export { explain, explainerOf } from "./explainer.js";
export type { Explainer, Explanation } from "./explanation.js";
export { type ColumnImportance, importance, importanceByColumn } from "./importance.js";
export { type ReasonedScore, reasons } from "./reasons.js";
