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

/** Resolves after that many milliseconds; rejects with the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
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

/** A clock for work that may be cut off anywhere and called again: instead of waiting, it ends the call. */
export const pausing = (clock: Clock): Clock => ({
  now: () => clock.now(),
  sleep: () => Promise.reject(new Paused()),
});

/** Passes on what must not be handled as a failure. */
export function unlessPaused<T>(error: T): T {
  if (error instanceof Paused) throw error;
  return error;
}
