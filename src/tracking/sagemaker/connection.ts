import type { SageMakerClientConfig } from "@aws-sdk/client-sagemaker";
import { awsAdvice, openSagemaker, type Sagemaker } from "../../base/aws/index.js";
import { ChurnkitError } from "../../base/errors.js";

/** SageMaker's API, as far as experiments need it. */
export interface Experiments extends Sagemaker {
  readonly region: string;
  /** @throws ChurnkitError AWS_FAILED. */
  readonly call: <T>(operation: string, work: () => Promise<T>) => Promise<T>;
}

/** @throws ChurnkitError PEER_MISSING, OPTION_INVALID. */
export async function connect(clientConfig: SageMakerClientConfig | undefined): Promise<Experiments> {
  const sagemaker = await openSagemaker("Tracking in SageMaker", { clientConfig, maxAttempts: 3 });
  return { ...sagemaker, region: await sagemaker.client.config.region(), call };
}

async function call<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new ChurnkitError(
      "AWS_FAILED",
      `SageMaker could not run ${operation}. ${awsAdvice(cause, `sagemaker:${operation}`, "the experiment")}`,
      { where: { value: operation }, cause },
    );
  }
}
