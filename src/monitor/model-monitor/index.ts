export { parseConstraints } from "./constraints.js";
export { modelMonitorFiles } from "./files.js";
