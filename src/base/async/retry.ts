import { ChurnkitError } from "../errors.js";

const maxAttempts = 200;

/** Did somebody else change an object first? */
export const isConflict = (error: unknown): boolean =>
  ChurnkitError.isInstance(error) && error.code === "STORE_CONFLICT";

/**
 * Makes a compare-and-swap change again from its start whenever somebody else was first, up to 200 times.
 *
 * @throws what the change fails with; STORE_CONFLICT after the last attempt.
 */
export async function retryOnConflict<T>(change: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await change();
    } catch (error) {
      if (!isConflict(error) || attempt === maxAttempts) throw error;
      await sleep(Math.min(attempt, 20) * 4 * Math.random());
    }
  }
}

/** Waits; rivals that wait a random time do not meet again. */
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
