/** Ends a call without progress. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly expired: boolean;
  /** Progress: the time starts again, plus `extraMs` for work that depends on size. */
  alive(extraMs?: number): void;
  /** Returns the result of `work`, or an error when time runs out first, even if `work` never ends. */
  within<T>(work: Promise<T>): Promise<T>;
  /** Stops the time until `alive` is called again, because the caller is waiting for somebody else. */
  stop(): void;
}

/** @param ended a signal that ends it as well. */
export function watch(ms: number, ended?: AbortSignal): Watch {
  const controller = new AbortController();
  let expired = false;
  let fail = (): void => undefined;
  const over = new Promise<never>((_, reject) => {
    fail = () => reject(new Error("expired"));
  });
  // There may be no waiter when the time is over.
  over.catch(() => undefined);
  const expire = (): void => {
    expired = true;
    fail();
    controller.abort();
  };
  let timer = setTimeout(expire, ms);
  return {
    signal: ended === undefined ? controller.signal : AbortSignal.any([controller.signal, ended]),
    get expired() {
      return expired;
    },
    alive(extraMs = 0) {
      clearTimeout(timer);
      timer = setTimeout(expire, ms + extraMs);
    },
    within: (work) => Promise.race([work, over]),
    stop: () => clearTimeout(timer),
  };
}
