import type * as Sdk from "@aws-sdk/client-sagemaker";
import { ChurnkitError } from "../../../base/errors.js";
import { awsAdvice } from "../../../base/aws-advice.js";

/** Inputs of every call. */
export interface SagemakerConnection {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.SageMakerClient;
}

/** @throws ChurnkitError PEER_MISSING, OPTION_INVALID. */
export async function connect({
  client,
  clientConfig,
}: {
  readonly client?: Sdk.SageMakerClient | undefined;
  readonly clientConfig?: Sdk.SageMakerClientConfig | undefined;
}): Promise<SagemakerConnection> {
  const sdk = await load();
  if (client !== undefined) return { sdk, client };
  try {
    const made = new sdk.SageMakerClient({ maxAttempts: 6, retryMode: "standard", ...clientConfig });
    // Check now, because otherwise the first call would report a missing region.
    await made.config.region();
    return { sdk, client: made };
  } catch (cause) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      "SageMaker needs a region: set AWS_REGION, or give clientConfig: { region }.",
      { cause },
    );
  }
}

async function load(): Promise<typeof Sdk> {
  try {
    return await import("@aws-sdk/client-sagemaker");
  } catch (cause) {
    throw new ChurnkitError(
      "PEER_MISSING",
      "The SageMaker registry needs the package @aws-sdk/client-sagemaker. Install it: npm install @aws-sdk/client-sagemaker",
      { cause },
    );
  }
}

/** Makes the error of a call: what was tried, why it failed, and if it was denied, which permission it needs. */
export function sagemakerFailed(operation: string, group: string, cause: unknown): ChurnkitError {
  const { name, message } = cause instanceof Error ? cause : { name: "Error", message: String(cause) };
  return new ChurnkitError(
    "STORE_FAILED",
    `SageMaker could not run ${operation} for ${group}. ${awsAdvice(cause, `sagemaker:${operation}`, `the model package group ${group}`)} (${name}: ${message.split("\n", 1)[0]})`,
    { where: { value: operation }, cause },
  );
}

/** Returns whether the answer says that the group or package does not exist. */
export const isAbsent = (error: unknown): boolean =>
  error instanceof Error && /does not exist|not found/i.test(error.message);
