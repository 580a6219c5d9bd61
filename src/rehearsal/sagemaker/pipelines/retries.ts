import type { VirtualClock } from "../../clock.js";
import { AwsError } from "../../front/aws-error.js";
import type { Step } from "./graph.js";

/** Why an attempt of a step failed: the exception's type, as retry policies name it, or `ClientError`. */
export class StepError extends Error {
  constructor(
    readonly type: string,
    reason: string,
  ) {
    super(reason);
  }
}

/** A member of a step's `RetryPolicies`. */
interface Policy {
  readonly ExceptionType: readonly string[];
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxAttempts?: number;
  readonly ExpireAfterMin?: number;
}

export const exceptionTypes = [
  "Step.SERVICE_FAULT",
  "Step.THROTTLING",
  "SageMaker.JOB_INTERNAL_ERROR",
  "SageMaker.CAPACITY_ERROR",
  "SageMaker.RESOURCE_LIMIT",
];

/** What SageMaker repeats without being told; it does not say how often. */
const standing: Policy = { ExceptionType: ["Step.SERVICE_FAULT", "Step.THROTTLING"], MaxAttempts: 5 };

/**
 * Runs attempts of a step until one succeeds or no policy wants another.
 *
 * @param arn of the execution, for the message.
 */
export async function repeated<T>(
  { Name, RetryPolicies = [] }: Step,
  arn: string,
  clock: VirtualClock,
  attempt: (number: number) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const policies = [...(RetryPolicies as readonly Policy[]), standing];
  const begun = clock.now();
  const tries = new Map<Policy, number>();
  for (let number = 1; ; number++) {
    try {
      return await attempt(number);
    } catch (error) {
      if (!(error instanceof StepError) || signal.aborted) throw error;
      const { type, message } = error;
      const final = (why: string): StepError =>
        new StepError(
          type,
          `${message}\nRetry not appropriate on execution of step with PipelineExecutionArn ${arn} and StepId ${Name}. ${why}`,
        );
      const policy = policies.find(({ ExceptionType }) => ExceptionType.includes(type));
      const exception = type.replace(".", "_").toUpperCase();
      if (policy === undefined) throw final(`No retry policy configured for the exception type ${exception}.`);
      const { IntervalSeconds = 1, BackoffRate = 2, MaxAttempts = Infinity, ExpireAfterMin = Infinity } = policy;
      const tried = tries.get(policy) ?? 0;
      const wait = IntervalSeconds * 1000 * BackoffRate ** tried;
      if (tried >= MaxAttempts || clock.now() + wait - begun > ExpireAfterMin * 60_000)
        throw final(`The retry policy for ${exception} is used up.`);
      tries.set(policy, tried + 1);
      await clock.sleep(wait, signal);
    }
  }
}

/** A failed call, as the exception that policies name. */
export function callError(operation: string, error: unknown): StepError {
  const { name, message, status } =
    error instanceof AwsError
      ? error
      : new AwsError("InternalFailure", error instanceof Error ? error.message : String(error), 500);
  const reason = `Failed to invoke sagemaker:${operation}. Error Details: ${message}`;
  if (name === "ThrottlingException") return new StepError("Step.THROTTLING", reason);
  if (name === "ResourceLimitExceeded") return new StepError("SageMaker.RESOURCE_LIMIT", reason);
  return new StepError(status >= 500 ? "Step.SERVICE_FAULT" : "ClientError", reason);
}

/** How a job's reason begins for each exception. */
const beginnings = {
  InternalServerError: "SageMaker.JOB_INTERNAL_ERROR",
  CapacityError: "SageMaker.CAPACITY_ERROR",
  ResourceLimitExceeded: "SageMaker.RESOURCE_LIMIT",
};

/** A failed job, as the exception that policies name. */
export function jobError(reason: string): StepError {
  const [, type = "ClientError"] = Object.entries(beginnings).find(([begin]) => reason.startsWith(begin)) ?? [];
  return new StepError(type, reason);
}
