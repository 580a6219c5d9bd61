import type * as Sdk from "@aws-sdk/client-sagemaker";
import { ChurnkitError } from "../../base/errors.js";

/** What every call needs. */
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
    // Asked now, since a missing region would otherwise be told by the first call.
    await made.config.region();
    return { sdk, client: made };
  } catch (cause) {
    throw new ChurnkitError("OPTION_INVALID", "SageMaker needs a region: set AWS_REGION, or give clientConfig: { region }.", { cause });
  }
}

async function load(): Promise<typeof Sdk> {
  try {
    return await import("@aws-sdk/client-sagemaker");
  } catch (cause) {
    throw new ChurnkitError("PEER_MISSING", "The SageMaker registry needs the package @aws-sdk/client-sagemaker. Install it: npm install @aws-sdk/client-sagemaker", { cause });
  }
}

/** What to do about errors that say nothing of it themselves. */
const advice: Readonly<Record<string, string>> = {
  ExpiredTokenException: "The credentials have expired: sign in again, or let the SDK find a role.",
  ExpiredToken: "The credentials have expired: sign in again, or let the SDK find a role.",
  UnrecognizedClientException: "The credentials are not known to AWS: check the profile or role.",
  InvalidSignatureException: "The signature is not accepted: check the secret key, and this machine's clock.",
  RequestExpired: "The request came too late for its signature: check this machine's clock.",
  CredentialsProviderError: "There are no credentials: set a profile, or run where a role is given.",
  ThrottlingException: "SageMaker throttles these calls: try again later.",
  ResourceLimitExceeded: "The account's limit is reached: remove versions, or ask for more.",
};

/** The error of a call: what was tried, why it failed, and which permission it needs where it was denied. */
export function sagemakerFailed(operation: string, group: string, cause: unknown): ChurnkitError {
  const { name = "Error", message = "" } = cause instanceof Error ? cause : { message: String(cause) };
  const denied = name === "AccessDeniedException" || name === "AccessDenied";
  const what = denied ? `The caller may not: it needs the permission sagemaker:${operation} on the model package group ${group}.` : (advice[name] ?? `${name}: ${message}.`.replace(/\.\.$/, "."));
  return new ChurnkitError("STORE_FAILED", `SageMaker could not do ${operation} for ${group}. ${what}`, { where: { value: operation }, cause });
}
