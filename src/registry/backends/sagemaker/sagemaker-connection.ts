import type * as Sdk from "@aws-sdk/client-sagemaker";
import { ChurnkitError } from "../../../base/errors.js";

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

/** Advice for errors that give none themselves. */
const advice: Readonly<Record<string, string>> = {
  ExpiredTokenException: "The credentials have expired: sign in again, or let the SDK find a role.",
  ExpiredToken: "The credentials have expired: sign in again, or let the SDK find a role.",
  UnrecognizedClientException: "The credentials are not known to AWS: check the profile or role.",
  InvalidSignatureException: "The signature is not accepted: check the secret key, and this machine's clock.",
  RequestExpired: "The request arrived too late for its signature: check this machine's clock.",
  CredentialsProviderError: "There are no credentials: set a profile, or run with a role.",
  ThrottlingException: "SageMaker throttles these calls: try again later.",
  ResourceLimitExceeded: "The account's limit is reached: remove versions, or ask for more.",
};

/** AWS names the missing permission, even if it belongs to another service. */
const lacking = /not authorized to perform: ([\w-]+:\w+)/;

/** Makes the error of a call: what was tried, why it failed, and if it was denied, which permission it needs. */
export function sagemakerFailed(operation: string, group: string, cause: unknown): ChurnkitError {
  const { name, message } = cause instanceof Error ? cause : { name: "Error", message: String(cause) };
  return new ChurnkitError(
    "STORE_FAILED",
    `SageMaker could not run ${operation} for ${group}. ${help()} (${name}: ${message.split("\n", 1)[0]})`,
    { where: { value: operation }, cause },
  );

  function help(): string {
    if (name === "AccessDeniedException" || name === "AccessDenied") {
      return `The caller is not allowed to: it needs the permission ${lacking.exec(message)?.[1] ?? `sagemaker:${operation}`} on the model package group ${group}.`;
    }
    const status = statusOf(cause);
    if (Object.hasOwn(advice, name)) return advice[name] ?? "";
    if (status >= 500) return "SageMaker still failed after the retries: try again later.";
    return status >= 400
      ? "It was refused."
      : "It is still unreachable after the retries: check the network, the endpoint and the proxy.";
  }
}

const statusOf = (error: unknown): number =>
  (error as { readonly $metadata?: { readonly httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode ?? 0;

/** Returns whether the answer says that the group or package does not exist. */
export const isAbsent = (error: unknown): boolean =>
  error instanceof Error && /does not exist|not found/i.test(error.message);
