/**
 * AWS on this machine: the definitions that churnkit makes, run on a virtual clock.
 *
 * @module churnkit/rehearsal
 */
export { virtualClock, type VirtualClock } from "./clock.js";
export { applyTemplate, type RehearsedStack, type StackOptions } from "./cloudformation/apply.js";
export { AwsError } from "./front/aws-error.js";
export type { AwsCall } from "./front/front.js";
export type { LambdaContext, LambdaHandler } from "./lambda/functions.js";
export { type Moto, startMoto } from "./moto.js";
export { rehearse, type Rehearsal, type RehearsalEntry, type RehearsalOptions } from "./rehearse.js";
export type { Misbehave, Misbehavior, ServedVariant } from "./sagemaker/endpoints/misbehave.js";
export type { ContainerEntry, Job as RehearsedJob } from "./sagemaker/job.js";
export type { Buckets } from "./sagemaker/objects.js";
export type { State, StateMachine } from "../deploy/aws/index.js";
export { StateFault } from "./states/fault.js";
export { runStateMachine, type StateEvent, type StateServices } from "./states/interpreter.js";
export type { TaskHandler } from "./states/tasks.js";
export { timelineHtml, timelineText } from "./timeline.js";
