/** The time, and waiting. Code that waits for hours takes one, so that a rehearsal can run it on a virtual clock. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Resolves after that many milliseconds.
   *
   * @throws the signal's reason, as soon as it is aborted.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Does real work, such as a request, while the time of a virtual clock stands still. The system's clock has none. */
  readonly during?: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Longer timers end at once. */
const longestTimer = 2 ** 31 - 1;

/** Resolves after that many milliseconds, 24 days at most; rejects with the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      },
      Math.min(ms, longestTimer),
    );
    if (signal?.aborted === true) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}

/** The system's time. */
export const systemClock: Clock = { now: () => Date.now(), sleep };

/**
 * How far another machine's time may be ahead of this clock, in milliseconds: five minutes. Data recorded for a
 * future time would count against everything that happens until then.
 */
const clockSkew = 300_000;

/** Returns whether a time, in milliseconds since 1970, is ahead of the clock by more than {@link clockSkew}. */
export const liesAhead = (time: number, now: number): boolean => time > now + clockSkew;

/** Thrown instead of waiting: whoever sees it goes on later, from the beginning. */
export class Paused extends Error {
  override readonly name = "Paused";

  constructor() {
    super("The work waits. Call it again later; it continues.");
  }
}

/**
 * A clock for work that may be cut off anywhere and called again, as in a Lambda function: instead of waiting for long, it ends the call.
 *
 * @param patience milliseconds that it really waits, in all: so a call that failed is tried again, and one that fails for good is seen.
 */
export function pausing(clock: Clock, patience = 8_000): Clock {
  const { during = (work) => work() } = clock;
  let left = patience;
  return {
    now: () => clock.now(),
    sleep(ms, signal) {
      if (ms > left) return Promise.reject(new Paused());
      left -= ms;
      return during(() => sleep(ms, signal));
    },
  };
}

/** Passes on what must not be handled as a failure. */
export function unlessPaused<T>(error: T): T {
  if (error instanceof Paused) throw error;
  return error;
}
