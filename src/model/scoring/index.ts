export { compile, type CompileOptions, type ScoredRecord, type Scorer } from "./compile.js";
