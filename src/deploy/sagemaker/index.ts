/**
 * Helpers that act on SageMaker: they start jobs, change endpoints and release models, idempotent by name.
 *
 * @module churnkit/deploy/sagemaker
 */
export { sageMakerClient, type SageMakerClient } from "./endpoints/client.js";
export { deployEndpoint, type EndpointOutcome } from "./endpoints/deploy.js";
export { guardedTraffic } from "./endpoints/guarded-traffic.js";
export { idleEndpoints } from "./endpoints/idle.js";
export type { EndpointDeployment } from "./endpoints/planned.js";
export { pruneEndpoint } from "./endpoints/prune.js";
export { endpointReadings } from "./endpoints/readings.js";
export { removeEndpoint } from "./endpoints/remove.js";
export { rollBackEndpoint } from "./endpoints/roll-back.js";
export type { TrafficBetween } from "./endpoints/trial.js";
export { variantTraffic } from "./endpoints/variant-traffic.js";
export { setVariantWeights } from "./endpoints/weights.js";
export { adoptVersion, decideVersion, sagemakerPipeline } from "./pipelines/index.js";
export { type AwsSession, awsSession } from "./session.js";
export { sagemakerJobs } from "./jobs/index.js";
export { planText, type ReleasePlan } from "./release/plan.js";
export { release, type Release, type ReleaseOptions, type ReleaseOutcome, releaseStep } from "./release/release.js";
export { readReleasedBaseline } from "./release/released-baseline.js";
export { rollBackRelease } from "./release/roll-back.js";
export { releaseStatus, type ReleaseStatus } from "./release/status.js";
