import { ChurnkitError } from "../errors.js";
import { type Clock, sleep, unlessPaused } from "./clock.js";

/**
 * Makes a call that fails again after each of some waits, in milliseconds.
 *
 * @param mayPass whether another try makes sense after an error.
 * @throws the last error; the signal's reason, as soon as it is aborted.
 */
export async function retryAfter<T>(
  waits: readonly number[],
  clock: Clock,
  call: () => Promise<T>,
  mayPass: (error: unknown) => boolean,
  signal?: AbortSignal,
): Promise<T> {
  for (const wait of waits) {
    signal?.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      if (!mayPass(unlessPaused(error))) throw error;
      await clock.sleep(wait, signal);
    }
  }
  return call();
}

const maxAttempts = 200;

/** Returns whether somebody else changed the object first. */
export const isConflict = (error: unknown): boolean =>
  ChurnkitError.isInstance(error) && error.code === "STORE_CONFLICT";

/**
 * Runs a compare-and-swap change again from its start whenever somebody else was first, up to 200 times.
 *
 * @throws the change's own error; STORE_CONFLICT after the last attempt.
 */
export async function retryOnConflict<T>(change: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await change();
    } catch (error) {
      if (!isConflict(error) || attempt === maxAttempts) throw error;
      // A random time, so that rivals do not meet again.
      await sleep(Math.min(attempt, 20) * 4 * Math.random());
    }
  }
}
