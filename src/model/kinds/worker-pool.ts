import type { Worker } from "node:worker_threads";
import { ChurnkitError, type ErrorCode } from "../../base/errors.js";
import { workerFile } from "../worker-file.js";

/** A kind of work for threads: what they are sent, what they tell meanwhile, and what they return. Structured-cloneable. */
export interface ThreadWork {
  readonly kind: string;
  readonly job: object;
  readonly event: unknown;
  readonly result: unknown;
}

/** What a thread is sent. */
export interface ThreadTask<Work extends ThreadWork = ThreadWork> {
  readonly kind: Work["kind"];
  readonly job: Work["job"];
}

/** Messages of a thread. */
export type ThreadMessage<Work extends ThreadWork = ThreadWork> =
  | { readonly type: "event"; readonly event: Work["event"] }
  | { readonly type: "done"; readonly result: Work["result"] }
  | { readonly type: "failed"; readonly code: ErrorCode | undefined; readonly message: string };

/** Threads that train, one job each at a time. */
export interface WorkerPool<Work extends ThreadWork> {
  run(job: Work["job"], onEvent?: (event: Work["event"]) => void, signal?: AbortSignal): Promise<Work["result"]>;
  close(): Promise<void>;
}

/**
 * Starts `size` training threads, or returns undefined without threads: in a browser or worker runtime, or when the
 * package's files were bundled away. The caller then trains on its own thread, with the same result.
 *
 * @param options.replace Starts another thread for one that died, so that the next job finds one.
 */
export async function openWorkerPool<Work extends ThreadWork>(
  kind: Work["kind"],
  size: number,
  { replace = false }: { readonly replace?: boolean } = {},
): Promise<WorkerPool<Work> | undefined> {
  const entry = await workerFile("train-worker");
  if (!entry) return undefined;
  const { Worker } = await import("node:worker_threads");
  const start = (): Thread<Work> => threadOf<Work>(kind, new Worker(entry));
  const idle = Array.from({ length: size }, start);
  const all = new Set(idle);
  const waiting: ((thread: Thread<Work>) => void)[] = [];
  const ending: Promise<void>[] = [];
  let closed = false;

  const take = (): Promise<Thread<Work>> => {
    const thread = idle.pop();
    return thread ? Promise.resolve(thread) : new Promise((resolve) => waiting.push(resolve));
  };
  /** A thread of a job that was given up may still be at work; it is lost too, and ended. */
  const renewed = (thread: Thread<Work>): Thread<Work> => {
    if (!replace || !thread.lost || closed) return thread;
    ending.push(thread.end());
    all.delete(thread);
    const next = start();
    all.add(next);
    return next;
  };
  const release = (thread: Thread<Work>): void => {
    const whole = renewed(thread);
    const next = waiting.shift();
    if (next) next(whole);
    else idle.push(whole);
  };

  return {
    async run(job, onEvent, signal) {
      const thread = await take();
      try {
        signal?.throwIfAborted();
        return await thread.run(job, onEvent, signal);
      } finally {
        release(thread);
      }
    },
    async close() {
      closed = true;
      await Promise.all([...ending, ...[...all].map((thread) => thread.end())]);
    },
  };
}

/** One thread of the pool. After its end it refuses jobs with the cause of its end. */
interface Thread<Work extends ThreadWork> {
  /** Whether it has ended, or was given up. */
  readonly lost: boolean;
  run: WorkerPool<Work>["run"];
  end(): Promise<void>;
}

function threadOf<Work extends ThreadWork>(kind: Work["kind"], worker: Worker): Thread<Work> {
  let lost: Error | undefined;
  let onLost: ((error: Error) => void) | undefined;
  const lose = (why: string, cause?: unknown): void => {
    lost ??= threadFailed(why, cause);
    onLost?.(lost);
  };
  // The listener stays for the thread's life: an error of an idle one would end the process.
  worker.on("error", (cause) => lose(cause instanceof Error ? cause.message : String(cause), cause));
  worker.on("exit", (code) => lose(`it ended with code ${code}`));

  return {
    get lost() {
      return lost !== undefined;
    },
    run: (job, onEvent, signal) =>
      new Promise((resolve, reject) => {
        if (lost) return reject(lost);
        const settle = (finish: () => void): void => {
          worker.off("message", onMessage);
          onLost = undefined;
          signal?.removeEventListener("abort", onAbort);
          finish();
        };
        /** Gives up the job; the thread is still busy with it, so it takes no other. */
        const abandon = (reason: unknown): void => {
          lost ??= threadFailed("its job was canceled");
          settle(() => reject(reason instanceof Error ? reason : new Error(String(reason))));
        };
        const onMessage = (message: ThreadMessage<Work>): void => {
          if (message.type === "done") return settle(() => resolve(message.result));
          if (message.type === "failed") return settle(() => reject(failureOf(message)));
          try {
            onEvent?.(message.event);
          } catch (error) {
            // The event loop calls this, so no caller would catch a rethrown error.
            abandon(error);
          }
        };
        const onAbort = (): void => abandon(signal?.reason);
        onLost = (error) => settle(() => reject(error));
        signal?.addEventListener("abort", onAbort, { once: true });
        worker.on("message", onMessage);
        worker.postMessage({ kind, job } satisfies ThreadTask<Work>);
      }),
    async end() {
      await worker.terminate();
    },
  };
}

const failureOf = ({ code, message }: Extract<ThreadMessage, { type: "failed" }>): ChurnkitError =>
  code ? new ChurnkitError(code, message) : threadFailed(message);

const threadFailed = (why: string, cause?: unknown): ChurnkitError =>
  new ChurnkitError(
    "THREAD_FAILED",
    `A training thread failed: ${why}. If memory is short, train with fewer threads (workers: 1).`,
    { cause },
  );
