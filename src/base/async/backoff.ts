import { sleep } from "./clock.js";

/**
 * Waits before another try: from 0.1 s, doubling with each try up to 5 s, with a random part, so that clients that failed together
 * do not return together.
 *
 * @param tries how often it was tried before, 0 after the first failure.
 * @param leastMs what the other side asked for.
 * @throws the signal's reason, as soon as it is aborted.
 */
export const backoff = (tries: number, leastMs: number, signal?: AbortSignal): Promise<void> =>
  sleep(Math.max(Math.min(100 * (1 << Math.min(tries, 6)), 5_000) * (0.5 + Math.random() / 2), leastMs), signal);
