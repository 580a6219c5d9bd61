import { ChurnkitError } from "../errors.js";
import { sleep } from "./clock.js";

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
