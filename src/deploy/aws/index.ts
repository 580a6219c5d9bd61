/**
 * Definitions for AWS as plain data: requests of jobs, models and endpoints, pipelines, state machines, alarms, scaling and permissions.
 * Nothing here sends anything.
 *
 * @module churnkit/deploy/aws
 */
export { listPrices } from "./cost/prices.js";
export { monthlyCost, type MonthlyCost } from "./cost/monthly-cost.js";
export { policyFor } from "./access/policy.js";
export { compilePipeline } from "./pipeline/compile/compile.js";
export type { CompileOptions } from "./pipeline/compile/options.js";
export { type PipelineDefinition, pipelineDefinition } from "./pipeline/definition.js";
export { refs } from "./pipeline/references.js";
export { steps } from "./pipeline/steps.js";
export { type EndpointConfig, endpointConfig } from "./requests/endpoint-config.js";
export { endpointRequest, updateEndpoint } from "./requests/endpoint.js";
export type { Guardrails } from "./requests/guardrails.js";
export { modelRequest } from "./requests/model.js";
export { type ProcessingJob, processingJob } from "./requests/processing-job.js";
export type { Referable } from "./requests/referable.js";
export { type TrainingJob, trainingJob } from "./requests/training-job.js";
export { transformJob } from "./requests/transform-job.js";
export { tuningJob } from "./requests/tuning-job.js";
export { checkStateMachine } from "./states/check.js";
export { compileStateMachine } from "./states/compile.js";
export type { State, StateMachine } from "./states/definition.js";
export { stateMachine } from "./states/machine.js";
export { pipelineMachine } from "./states/pipeline-machine.js";
export { releaseMachine } from "./states/release-machine.js";
export { retrainingMachine } from "./states/retraining.js";
export { type AwsTarget, parseAwsTarget } from "./target.js";
export { alarms } from "./watch/alarms.js";
export { dashboard } from "./watch/dashboard.js";
export type { WatchedEndpoint } from "./watch/endpoint.js";
export { eventRules } from "./watch/event-rules.js";
export { scaling } from "./watch/scaling.js";
export { budget, logRetention } from "./watch/upkeep.js";
export type { SearchSpace } from "../../model/tuning/index.js";
