export { type Cell, cellReader, isIssue } from "./cells.js";
export { classReader, foldedLabel } from "./cells/class.js";
export { dateReader, formatDate, hasTime, isWritableDate, parseIsoDate, writableDates } from "./cells/date.js";
export { type CellIssue, cutText } from "./cells/issue.js";
export { textLimits } from "./cells/label.js";
export { nearestText } from "./cells/nearest.js";
export { numberReader } from "./cells/number.js";
export { describeNumberFormat } from "./cells/number-format.js";
export { contractHash } from "./contract-hash.js";
export {
  type Column,
  type ColumnKind,
  columnKinds,
  type Contract,
  type NumberColumn,
  type NumberFormat,
  type Target,
} from "./contract.js";
export { ignoreColumns } from "./ignore.js";
export { contractLimits } from "./limits.js";
export { parseContract } from "./parse-contract.js";
export type { Finding, QualityRule } from "./rules.js";
export { memberNamed, spellingsOf } from "./spellings.js";
export { toTypeScript } from "./typescript.js";
