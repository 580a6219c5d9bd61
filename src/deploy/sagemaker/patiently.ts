import { type Clock, retryAfter } from "../../base/async/index.js";
import { awsErrorName, isNotFound } from "./call-failed.js";
import type { AwsSession } from "./session.js";

const throttled = /^(Throttl|TooManyRequests|RequestLimitExceeded|SlowDown)/;
/** Of a network that fails, not of an address that is wrong. */
const cutOff = /^(ECONNRESET|EPIPE|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH)$/;
/** Milliseconds before each further try: two and a half minutes in all. */
const pauses = [5_000, 10_000, 20_000, 40_000, 80_000];

/** Makes a call that AWS throttles or fails, tried again for minutes: the SDK itself gives up after seconds. */
export const patiently = <T>(clock: Clock, call: () => Promise<T>, signal?: AbortSignal): Promise<T> =>
  retryAfter(pauses, clock, call, passes, signal);

function passes(error: unknown): boolean {
  const name = awsErrorName(error);
  if (name === undefined) return false;
  const { code = "", $metadata } = (error as { readonly cause: SdkError }).cause;
  return (
    throttled.test(name) || name === "TimeoutError" || cutOff.test(code) || ($metadata?.httpStatusCode ?? 0) >= 500
  );
}

/** What the SDK adds to an error: Node's code where there was no answer, or the answer's status. */
interface SdkError {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const visibleAfter = [2_000, 4_000, 8_000, 16_000, 30_000];

/**
 * Makes a call again while it does not find what was made a moment before: AWS's parts learn of each other with a delay.
 */
export const onceVisible = <T>({ clock }: AwsSession, call: () => Promise<T>): Promise<T> =>
  retryAfter(visibleAfter, clock, call, isNotFound);
