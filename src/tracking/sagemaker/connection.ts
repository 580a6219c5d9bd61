import type * as Sdk from "@aws-sdk/client-sagemaker";
import { awsAdvice } from "../../base/aws-advice.js";
import { ChurnkitError } from "../../base/errors.js";

/** SageMaker's API, as far as experiments need it. */
export interface Experiments {
  readonly client: Sdk.SageMakerClient;
  readonly sdk: typeof Sdk;
  readonly region: string;
  /** @throws ChurnkitError AWS_FAILED. */
  readonly call: <T>(operation: string, work: () => Promise<T>) => Promise<T>;
}

/** @throws ChurnkitError PEER_MISSING, OPTION_INVALID. */
export async function connect(clientConfig: Sdk.SageMakerClientConfig | undefined): Promise<Experiments> {
  const sdk = await load();
  const client = new sdk.SageMakerClient({ maxAttempts: 3, retryMode: "standard", ...clientConfig });
  return { client, sdk, region: await regionOf(client), call };
}

async function load(): Promise<typeof Sdk> {
  try {
    return await import("@aws-sdk/client-sagemaker");
  } catch (cause) {
    throw new ChurnkitError(
      "PEER_MISSING",
      "Tracking in SageMaker needs the package @aws-sdk/client-sagemaker. Install it: npm install @aws-sdk/client-sagemaker",
      { cause },
    );
  }
}

async function regionOf(client: Sdk.SageMakerClient): Promise<string> {
  try {
    return await client.config.region();
  } catch (cause) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      "SageMaker needs a region: set AWS_REGION, or give clientConfig: { region }.",
      { cause },
    );
  }
}

async function call<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { name, message } = cause instanceof Error ? cause : { name: "Error", message: String(cause) };
    throw new ChurnkitError(
      "AWS_FAILED",
      `SageMaker could not run ${operation}. ${awsAdvice(cause, `sagemaker:${operation}`, "the experiment")} (${name}: ${message.split("\n", 1)[0]})`,
      { where: { value: operation }, cause },
    );
  }
}
