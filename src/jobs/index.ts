/**
 * Jobs, pipelines of them as JSON, and the runner on this machine.
 *
 * @module churnkit/jobs
 */
export { readArtifact } from "./artifacts.js";
export { parsePipeline, type PipelineGraph } from "./graph.js";
export { defineJob, type Job } from "./job.js";
export { pipelineMermaid } from "./mermaid.js";
export { runPipeline } from "./run.js";
export { trainingMetrics, type TrainingMetric } from "../model/training/index.js";
export { jobs } from "./standard/jobs.js";
