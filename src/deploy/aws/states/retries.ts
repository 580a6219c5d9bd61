import type { Retrier } from "./definition.js";

/** Errors of a call that may pass when it is made again, by service: throttling and faults of the service. */
const passing: Readonly<Record<string, readonly string[]>> = {
  sagemaker: ["SageMaker.AmazonSageMakerException", "SageMaker.SageMakerException", "SageMaker.SdkClientException"],
  lambda: [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.ClientExecutionTimeoutException",
  ],
  s3: ["S3.S3Exception", "S3.SdkClientException"],
  sns: ["SNS.AmazonSNSException", "SNS.SdkClientException"],
};

/** Repetitions of a call, at random moments so that many executions do not come again at once. */
export function retriesOf(service: "sagemaker" | "lambda" | "s3" | "sns"): readonly Retrier[] {
  const calls: Retrier = {
    ErrorEquals: passing[service] ?? [],
    IntervalSeconds: 5,
    MaxAttempts: 6,
    BackoffRate: 2,
    MaxDelaySeconds: 120,
    JitterStrategy: "FULL",
  };
  if (service !== "sagemaker") return [calls];
  // Other jobs must end first.
  const quota: Retrier = {
    ErrorEquals: ["SageMaker.ResourceLimitExceededException"],
    IntervalSeconds: 300,
    MaxAttempts: 6,
    BackoffRate: 1.5,
  };
  return [quota, calls];
}
