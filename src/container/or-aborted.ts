import { once } from "node:events";

/** Waits for work that cannot hear a signal, such as the read of a pipe that nobody fills; rejects when the signal is aborted. */
export async function orAborted<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const heard = new AbortController();
  const aborted = once(signal, "abort", { signal: heard.signal }).then((): never => {
    throw signal.reason;
  });
  return Promise.race([work(), aborted]).finally(() => heard.abort());
}
