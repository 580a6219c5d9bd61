/** Advice for errors that give none themselves. */
const advice: Readonly<Record<string, string>> = {
  ExpiredTokenException: "The credentials have expired: sign in again, or let the SDK find a role.",
  ExpiredToken: "The credentials have expired: sign in again, or let the SDK find a role.",
  UnrecognizedClientException: "The credentials are not known to AWS: check the profile or role.",
  InvalidClientTokenId: "The credentials are not known to AWS: check the profile or role.",
  InvalidSignatureException: "The signature is not accepted: check the secret key, and this machine's clock.",
  RequestExpired: "The request arrived too late for its signature: check this machine's clock.",
  CredentialsProviderError: "There are no credentials: set a profile, or run with a role.",
  ThrottlingException: "AWS throttles these calls: try again later.",
  ResourceLimitExceeded: "The account's limit is reached: remove something, or ask AWS for a higher limit.",
};

/** AWS names the missing permission, even if it belongs to another service. */
const lacking = /not authorized to perform: ([\w-]+:\w+)/;

/**
 * What to do about an error of an AWS call, in a sentence or two, and in parentheses the error itself.
 *
 * @param action permission that the call needs, such as `sagemaker:CreateEndpoint`, for a denial that names none.
 * @param on what the permission is for, such as `the model package group churn`.
 */
export function awsAdvice(cause: unknown, action: string, on?: string): string {
  const { name, message } = cause instanceof Error ? cause : { name: "Error", message: String(cause) };
  return `${adviceOn({ name, message, status: statusOf(cause) }, action, on)} (${name}: ${message.split("\n", 1)[0] ?? ""})`;
}

function adviceOn(
  { name, message, status }: { readonly name: string; readonly message: string; readonly status: number },
  action: string,
  on: string | undefined,
): string {
  if (name === "AccessDeniedException" || name === "AccessDenied") {
    const needed = lacking.exec(message)?.[1] ?? action;
    return `The caller is not allowed to: it needs the permission ${needed}${on === undefined ? "" : ` on ${on}`}.`;
  }
  if (Object.hasOwn(advice, name)) return advice[name] ?? "";
  if (status >= 500) return "AWS still failed after the retries: try again later.";
  return status >= 400
    ? "It was refused."
    : "It is still unreachable after the retries: check the network, the endpoint and the proxy.";
}

const statusOf = (error: unknown): number =>
  (error as { readonly $metadata?: { readonly httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode ?? 0;
