import { ChurnkitError } from "../../base/errors.js";
import { awsAdvice } from "../../base/aws/index.js";

/** How IAM calls a service whose package has another name. */
const prefixes: Readonly<Record<string, string>> = {
  "application-auto-scaling": "application-autoscaling",
  "cloudwatch-logs": "logs",
  "sagemaker-runtime": "sagemaker",
  sfn: "states",
};

/** The error of a call: what was tried, why it failed, and what to do. */
export function callFailed(service: string, operation: string, cause: unknown): ChurnkitError {
  const action = `${prefixes[service] ?? service}:${operation}`;
  return new ChurnkitError("AWS_FAILED", `AWS could not run ${action}. ${awsAdvice(cause, action)}`, {
    where: { value: action },
    cause,
  });
}

/** Name of the error that AWS answered, such as `ResourceNotFound`, if a call failed so. */
export function awsErrorName(error: unknown): string | undefined {
  if (!ChurnkitError.isInstance(error) || error.code !== "AWS_FAILED") return undefined;
  return error.cause instanceof Error ? error.cause.name : undefined;
}

/** Message of that error; SageMaker calls several of its errors `ValidationException`. */
export function awsErrorMessage(error: unknown): string {
  const cause = awsErrorName(error) === undefined ? undefined : (error as ChurnkitError).cause;
  return cause instanceof Error ? cause.message : "";
}

/** Whether AWS answered that there is no such thing. SageMaker says so in several ways. */
export function isNotFound(error: unknown): boolean {
  const name = awsErrorName(error) ?? "";
  if (/NotFound/.test(name)) return true;
  return name === "ValidationException" && /not f(ou|i)nd|n't find|does not exist/i.test(awsErrorMessage(error));
}

/** What a call answers, or undefined if what it names does not exist. */
export async function orMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
