/**
 * Typed steps, and the main job made of them.
 *
 * @module churnkit/pipeline
 */
export { mainJob, type MainJobInput, type MainJobResult } from "./main-job/main-job.js";
export { nextCommands, writeReport } from "./main-job/report.js";
export type { ServeFigures } from "./main-job/serve-check.js";
export type { MainJobSource, OpenedSource } from "./main-job/source.js";
export { pipeline, type Pipeline, type PipelineEvent, type Step, type StepContext } from "./pipeline.js";
