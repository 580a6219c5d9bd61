import { awsAdvice } from "../../../base/aws/index.js";
import { ChurnkitError } from "../../../base/errors.js";

/** Makes the error of a call: what was tried, why it failed, and if it was denied, which permission it needs. */
export function sagemakerFailed(operation: string, group: string, cause: unknown): ChurnkitError {
  return new ChurnkitError(
    "STORE_FAILED",
    `SageMaker could not run ${operation} for ${group}. ${awsAdvice(cause, `sagemaker:${operation}`, `the model package group ${group}`)}`,
    { where: { value: operation }, cause },
  );
}

/** Returns whether the answer says that the group or package does not exist. */
export const isAbsent = (error: unknown): boolean =>
  error instanceof Error && /does not exist|not found/i.test(error.message);
