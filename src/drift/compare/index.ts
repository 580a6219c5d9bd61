export { driftAdvice } from "./advice.js";
export type { Comparison } from "./column.js";
export { compareColumns } from "./profile-columns.js";
export { reportOf } from "./summary.js";
export { verdictOf, worst } from "./verdict.js";
export { percent, pText } from "./words.js";
