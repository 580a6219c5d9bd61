export { classAt } from "./class-results.js";
export { compile, type CompileOptions, type ScoredRecord, type Scorer } from "./compile.js";
export { oneClass } from "./one-class.js";
export { plainModel, plainScorer, type PlainClasses, type PlainModel } from "./plain.js";
export { recordScorer } from "./record-scorer.js";
