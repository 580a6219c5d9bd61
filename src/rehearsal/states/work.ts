import type { Clock } from "../../base/async/index.js";
import { StateFault } from "./fault.js";

/** Runs some of the work at a time; the first failure gives up the rest. */
export async function together<Item>(
  items: readonly Item[],
  most: number,
  outer: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<unknown>,
): Promise<unknown[]> {
  const giveUp = new AbortController();
  const signal = AbortSignal.any([outer, giveUp.signal]);
  const results: unknown[] = Array.from({ length: items.length });
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) {
      if (giveUp.signal.aborted) return;
      results[index] = await work(item, signal);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
    return results;
  } catch (error) {
    giveUp.abort(error);
    throw error;
  }
}

/** Runs work that has so many seconds; then its signal is aborted, and it counts as failed. */
export async function within<T>(
  seconds: number | undefined,
  clock: Clock,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw signal.reason as Error;
  const [over, done] = [new AbortController(), new AbortController()];
  const inner = AbortSignal.any([signal, over.signal]);
  const given = new Promise<never>((_, reject) => {
    inner.addEventListener("abort", () => reject(inner.reason as Error), { once: true });
  });
  if (seconds !== undefined)
    clock.sleep(seconds * 1000, done.signal).then(
      () => over.abort(new StateFault("States.Timeout", `It took longer than ${seconds} s.`)),
      () => undefined,
    );
  try {
    return await Promise.race([work(inner), given]);
  } finally {
    done.abort();
  }
}
