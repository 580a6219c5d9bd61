import { quietly, unref } from "../../base/async/index.js";
import type { RunBackend } from "./backend.js";
import { contentBytes, type RunEntry, type RunEvent, type RunRef } from "./entries.js";
import type { RunDelivery } from "./run.js";
import type { Spool } from "./spool.js";

/** How long the sending of entries may take, in milliseconds. */
export interface DeliveryLimits {
  /** One call of the tracker, while the work goes on. */
  readonly sendMs: number;
  /** All that is left, at the end of the run: the only time that anybody waits for. */
  readonly endMs: number;
}

/** Where entries go, and who hears of problems. */
export interface DeliveryOptions {
  readonly backend: RunBackend;
  /** Without one, entries that cannot be sent wait in memory, and are lost with the process. */
  readonly spool: Spool | undefined;
  readonly limits: DeliveryLimits;
  readonly onProblem: ((message: string) => void) | undefined;
}

/** The way of one run's entries to its tracker. */
export interface Delivery {
  push(event: RunEvent): void;
  /** Sends the rest, within the limit, and keeps what cannot be sent. */
  close(): Promise<RunDelivery>;
}

/** Entries in one call. */
const mostTogether = 500;
/** How long entries gather, so that a call has many. */
const gatherMs = 500;
/** Pause after a failure. */
const retryMs = 20_000;
/** Entries, and bytes of artifacts, that may wait in memory where no spool takes them. */
const mostWaiting = 100_000;
const mostBytes = 2 ** 28;

export function deliver(run: RunRef, { backend, spool, limits, onProblem }: DeliveryOptions): Delivery {
  const waiting: RunEntry[] = [];
  const counts = { sent: 0, kept: 0, lost: 0 };
  const ending = new AbortController();
  let sequence = 0;
  let bytes = 0;
  // Earlier entries wait in the spool, or a call failed: later ones must not overtake them.
  let behind = false;
  let nextTry = 0;
  let problem: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let turn = Promise.resolve();

  function failed(error: unknown): void {
    const first = problem === undefined;
    problem = error instanceof Error ? error.message : String(error);
    const message = problem;
    if (first) quietly(() => onProblem?.(message));
  }

  async function send(entries: readonly RunEntry[]): Promise<boolean> {
    try {
      await within(limits.sendMs, ending.signal, (signal) => backend.send(run, entries, signal));
      counts.sent += entries.length;
      return true;
    } catch (error) {
      failed(error);
      nextTry = Date.now() + retryMs;
      return false;
    }
  }

  /** Sends what waits in the spool; false if the tracker still fails. */
  async function catchUp(): Promise<boolean> {
    if (spool === undefined) return true;
    const release = await spool.claim(run);
    if (release === undefined) return false;
    try {
      for (const one of await spool.waiting(run)) {
        const entries = await one.entries();
        if (!(await send(entries))) return false;
        await one.remove();
        counts.kept -= entries.length;
      }
    } finally {
      await release();
    }
    // Another process has sent the rest.
    counts.sent += counts.kept;
    counts.kept = 0;
    return true;
  }

  async function keep(entries: readonly RunEntry[]): Promise<boolean> {
    try {
      await spool?.keep(run, entries);
      if (spool !== undefined) counts.kept += entries.length;
      return spool !== undefined;
    } catch (error) {
      failed(error);
      return false;
    }
  }

  async function flush(): Promise<void> {
    if (behind && Date.now() >= nextTry && !ending.signal.aborted) {
      try {
        behind = !(await catchUp());
      } catch (error) {
        failed(error);
      }
    }
    while (waiting.length > 0) {
      const entries = waiting.slice(0, mostTogether);
      behind ||= ending.signal.aborted || !(await send(entries));
      if (behind && !(await keep(entries))) return;
      bytes -= waiting.splice(0, entries.length).reduce((sum, entry) => sum + contentBytes(entry), 0);
    }
  }

  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      turn = turn.then(flush);
    }, gatherMs);
    unref(timer);
  };

  return {
    push(event) {
      const entry = { sequence: ++sequence, event };
      // The end of a run always has room.
      if (event.kind !== "end" && (waiting.length >= mostWaiting || bytes + contentBytes(entry) > mostBytes)) {
        counts.lost++;
        failed(new Error(tooMuch));
        return;
      }
      waiting.push(entry);
      bytes += contentBytes(entry);
      soon();
    },
    async close() {
      clearTimeout(timer);
      const deadline = setTimeout(() => ending.abort(new Error(late(backend.name, limits.endMs))), limits.endMs);
      await turn;
      // However recent the last failure; and once more if the spool took nothing either.
      for (let tries = 0; tries < 2 && (tries === 0 || waiting.length > 0); tries++) {
        nextTry = 0;
        await flush();
      }
      clearTimeout(deadline);
      counts.lost += waiting.length;
      waiting.length = 0;
      const state = counts.lost > 0 ? "lost" : counts.kept > 0 ? "kept" : "sent";
      return { state, ...counts, ...(state === "sent" ? {} : { problem }) };
    },
  };
}

const tooMuch = `More than ${mostWaiting} entries, or ${mostBytes / 2 ** 20} MiB of artifacts, would wait in memory.`;
const late = (name: string, ms: number): string => `${name} did not answer within ${ms / 1000} s.`;

/** Runs a call until it is done, its time is over or the signal aborts, even if the call itself goes on. */
export async function within<T>(
  ms: number,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const abort = (): void => own.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(() => own.abort(new Error(`There was no answer within ${ms / 1000} s.`)), ms);
  const over = new Promise<never>((_, reject) => {
    own.signal.addEventListener("abort", () => reject(own.signal.reason as Error), { once: true });
  });
  // Nobody may be waiting when it rejects.
  over.catch(() => undefined);
  try {
    own.signal.throwIfAborted();
    return await Promise.race([call(own.signal), over]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
