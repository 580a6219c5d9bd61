export { rowsToScore, type LineOptions, type RowsToScore, type ScoredRows } from "./score-rows.js";
export { scoreInOrder } from "./threads.js";
