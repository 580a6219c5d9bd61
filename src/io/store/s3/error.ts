import { ChurnkitError } from "../../../base/errors.js";
import type { S3Place } from "./place.js";

/** The store's calls, with their purpose and the permission that each needs. */
const operations = {
  GetObject: { verb: "read", action: "s3:GetObject" },
  PutObject: { verb: "write", action: "s3:PutObject" },
  CreateMultipartUpload: { verb: "write", action: "s3:PutObject" },
  UploadPart: { verb: "write", action: "s3:PutObject" },
  ListParts: { verb: "continue", action: "s3:ListMultipartUploadParts" },
  CompleteMultipartUpload: { verb: "write", action: "s3:PutObject" },
  DeleteObject: { verb: "delete", action: "s3:DeleteObject" },
  ListObjectsV2: { verb: "list", action: "s3:ListBucket" },
} as const;

export type S3Operation = keyof typeof operations;

const expired = "The credentials have expired: sign in again (aws sso login), or let the SDK fetch fresh ones.";
const unknownKey =
  "The credentials are not accepted: check the access key, the secret and the session token, and which profile is in use.";
const clock =
  "The clock of this machine differs from S3's by more than 15 minutes: set it (timedatectl set-ntp true, chronyc makestep).";
const busy = "S3 still asks to slow down after the retries: make fewer requests at once, or spread them over prefixes.";
const region =
  "The bucket is in a different region than the client: set clientConfig.region or AWS_REGION to the bucket's.";
const kmsKey =
  "The KMS key that encrypts the object cannot be used: check that it exists, is enabled, and is in the bucket's region.";
const noCredentials =
  "No credentials were found: set AWS_PROFILE, AWS_ACCESS_KEY_ID, a role of the machine, or clientConfig.credentials.";
const unreachable = "S3 is still unreachable after the retries: check the network, the endpoint and the proxy.";

/** Usual remedies, by the name of an error in S3 or the SDK. */
const advice: Readonly<Record<string, string>> = {
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  RequestExpired: expired,
  TokenRefreshRequired: expired,
  InvalidAccessKeyId: unknownKey,
  InvalidToken: unknownKey,
  SignatureDoesNotMatch: unknownKey,
  RequestTimeTooSkewed: clock,
  SlowDown: busy,
  ServiceUnavailable: busy,
  TooManyRequestsException: busy,
  PermanentRedirect: region,
  AuthorizationHeaderMalformed: region,
  IllegalLocationConstraintException: region,
  "KMS.DisabledException": kmsKey,
  "KMS.InvalidStateException": kmsKey,
  "KMS.KMSInvalidStateException": kmsKey,
  "KMS.NotFoundException": kmsKey,
  CredentialsProviderError: noCredentials,
  TimeoutError: unreachable,
  InternalError: "S3 still failed after the retries: try again.",
  InvalidObjectState: "The object is archived: restore it to a storage class that can be read at once.",
  NoSuchUpload: "Someone else or a lifecycle rule aborted the upload: write the object again.",
  BadDigest: "The bytes changed in transit: try again.",
};

interface SdkError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly Region?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

const asSdkError = (error: unknown): SdkError => (typeof error === "object" && error !== null ? error : {});
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const nameOf = (error: unknown): string => textOf(asSdkError(error).name);
const statusOf = (error: unknown): number => asSdkError(error).$metadata?.httpStatusCode ?? 0;

/** Whether the request was sent more than once; then an earlier one may have succeeded with its answer lost. */
export const wasRetried = (error: unknown): boolean => (asSdkError(error).$metadata?.attempts ?? 1) > 1;

/** Returns whether the answer says that the object does not exist. */
export const isAbsent = (error: unknown): boolean =>
  statusOf(error) === 404 && !["NoSuchBucket", "NoSuchUpload"].includes(nameOf(error));

/** Returns whether the answer says that the upload is over, completed or aborted. */
export const isOver = (error: unknown): boolean => nameOf(error) === "NoSuchUpload";

export const isPreconditionFailed = (error: unknown): boolean => statusOf(error) === 412;

/** Returns whether two writes met, so that S3 asks to try again. Nothing was written. */
export const isRace = (error: unknown): boolean =>
  ["ConditionalRequestConflict", "OperationAborted"].includes(nameOf(error)) || statusOf(error) === 409;

/** Returns whether the request was signed at a time too far from S3's. */
export const isSkewed = (error: unknown): boolean => nameOf(error) === "RequestTimeTooSkewed";

/** Access to the object itself, not to an account, was refused. */
export const isDenied = (error: unknown): boolean => statusOf(error) === 403 && !Object.hasOwn(advice, nameOf(error));

/** No answer, or an uninformative one: the request may have succeeded. */
export const isUncertain = (error: unknown): boolean =>
  statusOf(error) === 0
    ? nameOf(error) !== "CredentialsProviderError"
    : statusOf(error) >= 500 || statusOf(error) === 200;

/** Turns the SDK's error into STORE_FAILED with the object, S3's message and a remedy; a ChurnkitError is passed on. */
export function s3Failed(
  place: S3Place,
  operation: S3Operation,
  key: string | undefined,
  cause: unknown,
): ChurnkitError {
  if (ChurnkitError.isInstance(cause)) return cause;
  return storeFailed(place, operations[operation].verb, key, help(place, operation, key, cause), cause);
}

/** Makes STORE_FAILED in the wording of all of this driver's errors. */
export function storeFailed(
  place: S3Place,
  verb: string,
  key: string | undefined,
  why: string,
  cause?: unknown,
): ChurnkitError {
  const uri = place.uriOf(key);
  return new ChurnkitError("STORE_FAILED", `Cannot ${verb} ${uri}. ${why}`, {
    where: { file: uri },
    ...(cause === undefined ? {} : { cause }),
  });
}

function help(place: S3Place, operation: S3Operation, key: string | undefined, error: unknown): string {
  const name = nameOf(error);
  const said = textOf(asSdkError(error).message);
  if (name === "NoSuchBucket")
    return `There is no bucket ${place.bucket}: create it, or check its name, its region and the account.`;
  if (Object.hasOwn(advice, name)) {
    const inRegion = textOf(asSdkError(error).Region);
    return `${advice[name] ?? ""}${inRegion === "" ? "" : ` It is ${inRegion}.`}${quoted(name, said)}`;
  }
  if (statusOf(error) === 403) return denied(place, operation, key, said);
  if (isUncertain(error))
    return `${statusOf(error) >= 500 ? (advice["InternalError"] ?? "") : unreachable}${quoted(name, said)}`;
  return `S3 refuses it.${quoted(name, said)}`;
}

const quoted = (name: string, said: string): string =>
  said === "" || said === "UnknownError" ? ` (${name})` : ` (${name}: ${said})`;

/** S3 names a missing permission of the key service, and mostly its own, in its message. */
const lacking =
  /not authorized to perform: ([\w-]+:\w+)(?: on (?:the )?resource(?: associated with this ciphertext)?:? "?(arn:[^\s"]+))?/;

function denied(place: S3Place, operation: S3Operation, key: string | undefined, said: string): string {
  const [, action = operations[operation].action, arn] = lacking.exec(said) ?? [];
  const resource = arn ?? (action.startsWith("kms:") ? "the KMS key" : place.arnOf(key));
  const answer = quoted("AccessDenied", said);
  return `The credentials are not allowed ${action} on ${resource}: allow it in their policy, and check the bucket's policy for a Deny.${answer}`;
}
