import pLimit from "p-limit";

/** Milliseconds that a batch computes before other requests get their turn: about what one of them takes. */
const sliceMilliseconds = 0.25;

/** Lets everything else run that is ready: requests, timers. */
const pause = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve, 0);
  });

/** Gives way to other requests where the work has gone on for long. */
export type GiveWay = () => Promise<void>;

/**
 * Batches one behind the other, in slices of a part of a millisecond: however many come at once, another request waits for no
 * more than one slice.
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
