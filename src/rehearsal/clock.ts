import type { Clock } from "../base/async/index.js";
import { ChurnkitError } from "../base/errors.js";

/** A clock that stands still while real work is pending, and otherwise jumps to the next thing that is due. */
export interface VirtualClock extends Clock {
  /** Calls something at a time, or as soon as time moves if that is past. Returns how to call it off. */
  at(time: number, due: () => void): () => void;
  /** Real work: time stands still until it has settled. Returns what it returns. */
  readonly during: <T>(work: () => Promise<T>) => Promise<T>;
  /**
   * Lets time pass until the work has settled.
   *
   * @throws the work's own error; ChurnkitError JOB_FAILED if the work waits for something that nothing will bring.
   */
  until<T>(work: Promise<T>): Promise<T>;
  /** Lets time pass up to a moment, and brings what is due by then. */
  advanceTo(time: number): Promise<void>;
}

interface Timer {
  readonly time: number;
  readonly due: () => void;
}

/** What Node calls work on files and connecting. It does not tell other work, which must be registered. */
const momentary = /^(FS|CloseReq|GetAddrInfo|TCPConnect)/;
/** Turns of the event loop without work before time moves: what has just settled gets its turn to start something. */
const quietTurns = 8;

/**
 * Makes a virtual clock.
 *
 * @param start its first time, in milliseconds since 1970.
 * @param stuckAfter real milliseconds after which waiting without anything due is an error. Default 10,000.
 * @example
 * ```ts
 * import { virtualClock } from "churnkit/rehearsal";
 *
 * const clock = virtualClock(Date.UTC(2026, 0, 1));
 * await clock.until(clock.sleep(30 * 24 * 3_600_000));
 * console.assert(new Date(clock.now()).toISOString() === "2026-01-31T00:00:00.000Z");
 * ```
 */
export function virtualClock(start: number, { stuckAfter = 10_000 } = {}): VirtualClock {
  let time = start;
  let pending = 0;
  const timers = timerList();

  const at = (when: number, due: () => void): (() => void) => {
    checkTime(when);
    return timers.add({ time: Math.max(when, time), due });
  };

  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const abort = (): void => {
        cancel();
        reject(signal?.reason as Error);
      };
      const cancel = at(time + ms, () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      });
      signal?.addEventListener("abort", abort, { once: true });
    });

  const during = async <T>(work: () => Promise<T>): Promise<T> => {
    pending++;
    try {
      return await work();
    } finally {
      pending--;
    }
  };

  const isBusy = (): boolean => pending > 0 || process.getActiveResourcesInfo().some((name) => momentary.test(name));

  /** Resolves once the event loop has nothing of its own to do. */
  async function quiet(): Promise<void> {
    for (let turns = 0; turns < quietTurns; turns++) {
      await turn(isBusy() ? 1 : 0);
      if (isBusy()) turns = -1;
    }
  }

  /** Brings the next thing that is due by `limit`; false if there is none. */
  function step(limit: number): boolean {
    const next = timers.take(limit);
    if (next === undefined) return false;
    time = next.time;
    next.due();
    return true;
  }

  async function until<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    work.then(settle, settle);
    let lastStep = Date.now();
    for (;;) {
      await quiet();
      if (settled) return work;
      if (step(Infinity)) lastStep = Date.now();
      else if (Date.now() - lastStep > stuckAfter)
        throw new ChurnkitError(
          "JOB_FAILED",
          `The rehearsal waits at ${new Date(time).toISOString()}, but nothing is due that would end the wait. Register real work with the clock.`,
        );
    }
  }

  async function advanceTo(limit: number): Promise<void> {
    checkTime(limit);
    do await quiet();
    while (step(limit));
    time = Math.max(time, limit);
  }

  return { now: () => time, at, sleep, during, until, advanceTo };
}

/** Timers by their time, of the same time the first one first. */
function timerList() {
  const timers: Timer[] = [];
  return {
    /** Returns how to take it off the list. */
    add(timer: Timer): () => void {
      const after = timers.findIndex(({ time }) => time > timer.time);
      timers.splice(after < 0 ? timers.length : after, 0, timer);
      return () => {
        const index = timers.indexOf(timer);
        if (index >= 0) timers.splice(index, 1);
      };
    },
    /** Takes the next one off the list if it is due by `limit`. */
    take: (limit: number): Timer | undefined =>
      timers[0] === undefined || timers[0].time > limit ? undefined : timers.shift(),
  };
}

/** A time that is no number would come before all others, and never be reached. */
function checkTime(time: number): void {
  if (Number.isNaN(time))
    throw new ChurnkitError(
      "OPTION_INVALID",
      "A time of the virtual clock is no number. Give milliseconds since 1970.",
    );
}

/** One turn of the event loop; with `ms`, no sooner than that. */
const turn = (ms: number): Promise<void> =>
  new Promise((resolve) => (ms > 0 ? setTimeout(resolve, ms) : setImmediate(resolve)));
