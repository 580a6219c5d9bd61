import type { AwsSession } from "../session.js";
import type { StartableJob } from "./kind.js";
import { processing } from "./processing.js";
import { startJob } from "./start.js";
import { stopJob } from "./stop.js";
import { training } from "./training.js";
import { transform } from "./transform.js";
import { tuning } from "./tuning.js";
import { type JobWaitOptions, waitForJob } from "./wait.js";

export type { JobProgress } from "./kind.js";
export type { JobWaitOptions } from "./wait.js";

/** What can be done with one kind of job. */
interface Verbs<Description, Result> {
  /**
   * Starts the job. A job of this name with the same input is taken up instead, also one that has ended, so that a script can be
   * started again after any failure.
   *
   * @returns the job's name in SageMaker.
   * @throws ChurnkitError OPTION_INVALID for a description that SageMaker would refuse, and for a job of this name with other input.
   */
  readonly start: (description: Description) => Promise<string>;
  /**
   * Waits for the end of a job, by its name in SageMaker.
   *
   * @throws ChurnkitError JOB_FAILED with the reason, what to do, and the end of the log, if it fails, is stopped, or is not done in time.
   */
  readonly wait: (name: string, options?: JobWaitOptions) => Promise<Result>;
  /**
   * Stops a job, and waits until it has ended. A job that has ended stays as it is.
   *
   * @returns how it ended: `Stopped`, or `Completed` or `Failed` if that came first.
   */
  readonly stop: (name: string) => Promise<string>;
}

/**
 * Starts, awaits and stops jobs of SageMaker. Nothing is kept here: after a crash, call the same again.
 *
 * @example
 * ```ts
 * import { parseAwsTarget } from "churnkit/deploy/aws";
 * import { awsSession, sagemakerJobs } from "churnkit/deploy/sagemaker";
 *
 * const target = parseAwsTarget({
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * });
 * const session = awsSession(target);
 * const { training } = sagemakerJobs(session);
 * async function train(): Promise<string> {
 *   const name = await training.start({
 *     name: "train-1",
 *     channels: { train: { uri: "s3://churn-data/train" } },
 *     instanceType: "ml.m5.xlarge",
 *     maxSeconds: 3600,
 *   });
 *   const { artifact } = await training.wait(name, { onProgress: ({ stage }) => console.log(stage) });
 *   return artifact;
 * }
 * console.assert(typeof train === "function");
 * session.close();
 * ```
 */
export const sagemakerJobs = (session: AwsSession) => ({
  training: verbs(session, training),
  tuning: verbs(session, tuning),
  processing: verbs(session, processing),
  transform: verbs(session, transform),
});

const verbs = <Description, Request extends object, Described extends object, Result>(
  session: AwsSession,
  kind: StartableJob<Description, Request, Described, Result>,
): Verbs<Description, Result> => ({
  start: (description) => startJob(kind, session, description),
  wait: (name, options) => waitForJob(kind, session, name, options),
  stop: (name) => stopJob(kind, session, name),
});
