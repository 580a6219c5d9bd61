export { mainJob, type MainJobResult } from "./main-job.js";
export { nextCommands, writeReport } from "./report.js";
export type { MainJobSource } from "./source.js";
