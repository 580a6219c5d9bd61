import type * as Sdk from "@aws-sdk/client-sagemaker";
import { ChurnkitError } from "../errors.js";

/** SageMaker's API. */
export interface Sagemaker {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.SageMakerClient;
}

/**
 * Loads the SDK and makes a client, or takes the caller's.
 *
 * @param purpose what needs it, as the beginning of a sentence: `Tracking in SageMaker`.
 * @throws ChurnkitError PEER_MISSING, OPTION_INVALID without a region.
 */
export async function openSagemaker(
  purpose: string,
  given: {
    readonly client?: Sdk.SageMakerClient | undefined;
    readonly clientConfig?: Sdk.SageMakerClientConfig | undefined;
    readonly maxAttempts: number;
  },
): Promise<Sagemaker> {
  const sdk = await load(purpose);
  if (given.client !== undefined) return { sdk, client: given.client };
  const { maxAttempts, clientConfig } = given;
  try {
    const client = new sdk.SageMakerClient({ maxAttempts, retryMode: "standard", ...clientConfig });
    // Check now, because otherwise the first call would report a missing region.
    await client.config.region();
    return { sdk, client };
  } catch (cause) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      "SageMaker needs a region: set AWS_REGION, or give clientConfig: { region }.",
      { cause },
    );
  }
}

async function load(purpose: string): Promise<typeof Sdk> {
  try {
    return await import("@aws-sdk/client-sagemaker");
  } catch (cause) {
    throw new ChurnkitError(
      "PEER_MISSING",
      `${purpose} needs the package @aws-sdk/client-sagemaker. Install it: npm install @aws-sdk/client-sagemaker`,
      { cause },
    );
  }
}
