/**
 * Jobs, pipelines of them as JSON, and the runner on this machine.
 *
 * @module churnkit/jobs
 */
export { readArtifact, type ArtifactKind, type StoredArtifact } from "./artifacts.js";
export { parsePipeline, type PipelineGraph, type PipelineStep } from "./graph.js";
export { defineJob, type Job, type JobIo } from "./job.js";
export { pipelineMermaid } from "./mermaid.js";
export { runPipeline, type PipelineRun, type RunOptions } from "./run.js";
export { jobs } from "./standard/jobs.js";
