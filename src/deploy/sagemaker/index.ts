/**
 * Helpers that act on SageMaker: they start jobs, change endpoints and release models, idempotent by name.
 *
 * @module churnkit/deploy/sagemaker
 */
export { type AwsSession, awsSession, type AwsSessionOptions, type ClientConfig } from "./session.js";
export { type JobProgress, type JobWaitOptions, sagemakerJobs } from "./jobs/index.js";
