import type { Clock } from "../../base/async/index.js";
import { ChurnkitError } from "../../base/errors.js";
import { awsErrorName } from "./call-failed.js";

const throttled = /^(Throttl|TooManyRequests|RequestLimitExceeded|SlowDown)/;
/** Milliseconds before each further try: two and a half minutes in all. */
const pauses = [5_000, 10_000, 20_000, 40_000, 80_000];

/** Makes a call that AWS throttles or fails, tried again for minutes: the SDK itself gives up after seconds. */
export async function patiently<T>(clock: Clock, call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (const pause of pauses) {
    signal?.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      if (!passes(error)) throw error;
      await clock.sleep(pause, signal);
    }
  }
  return call();
}

function passes(error: unknown): boolean {
  const name = awsErrorName(error);
  if (name === undefined || !ChurnkitError.isInstance(error)) return false;
  const { $metadata } = error.cause as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return throttled.test(name) || ($metadata?.httpStatusCode ?? 0) >= 500;
}
