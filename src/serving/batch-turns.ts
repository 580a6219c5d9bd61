import pLimit from "p-limit";

/** Milliseconds that a batch computes before it yields to other requests: about the time of one of them. */
const sliceMilliseconds = 0.25;

/** Yields to everything that is ready to run: requests, timers. */
export const pause = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve, 0);
  });

/** Yields to other requests after a long stretch of work. */
export type GiveWay = () => Promise<void>;

/**
 * Batches one after the other, in slices of a part of a millisecond: however many arrive at once, another request
 * waits for no more than one slice.
 */
export function batchTurns(): <T>(work: (giveWay: GiveWay) => Promise<T>) => Promise<T> {
  const inTurn = pLimit(1);
  return (work) =>
    inTurn(async () => {
      await pause();
      let since = performance.now();
      return work(async () => {
        if (performance.now() - since < sliceMilliseconds) return;
        await pause();
        since = performance.now();
      });
    });
}
