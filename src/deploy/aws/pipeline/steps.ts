import { conditionStep, failStep, lambdaStep } from "./flow-steps.js";
import { modelStep, processingStep, registerStep, trainingStep, transformStep, tuningStep } from "./job-steps.js";

/**
 * Makers of the steps of a SageMaker pipeline. Those that run a job or make a model take the target and the same description as
 * the builder of its request, without a name; each text and number may be one of {@link refs}.
 *
 * @example
 * ```ts
 * import { parseAwsTarget, refs, steps } from "churnkit/deploy/aws";
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
 * const train = steps.training(
 *   "Train",
 *   target,
 *   { channels: { train: { uri: refs.parameter("DataUri") } }, instanceType: "ml.m5.xlarge", maxSeconds: 3600 },
 *   { cache: "P30D", retries: [{ errors: ["SageMaker.CAPACITY_ERROR"], seconds: 60, attempts: 3 }] },
 * );
 * console.assert(train.Type === "Training");
 * ```
 */
export const steps = {
  processing: processingStep,
  training: trainingStep,
  tuning: tuningStep,
  transform: transformStep,
  model: modelStep,
  register: registerStep,
  condition: conditionStep,
  lambda: lambdaStep,
  fail: failStep,
} as const;
