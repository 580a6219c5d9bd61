import type { Worker } from "node:worker_threads";
import { ChurnkitError, type ErrorCode } from "../../../base/errors.js";
import { workerFile } from "../../../io/worker-file.js";
import type { EpochRecord } from "../learner.js";
import type { FitState, FittedNetwork } from "./fit-network.js";
import type { FitEvents, FitJob } from "./job.js";

/** Messages of a training thread. */
export type WorkerMessage =
  | { readonly type: "epoch"; readonly history: readonly EpochRecord[]; readonly state: FitState | undefined }
  | { readonly type: "done"; readonly result: FittedNetwork }
  | { readonly type: "failed"; readonly code: ErrorCode | undefined; readonly message: string };

/** Threads that train networks, one job each at a time. */
export interface WorkerPool {
  run(job: FitJob, events: FitEvents, signal?: AbortSignal): Promise<FittedNetwork>;
  close(): Promise<void>;
}

/**
 * Starts `size` training threads, or returns undefined without threads: in a browser or worker runtime, or when the
 * package's files were bundled away. The caller then trains on its own thread, with the same result.
 */
export async function openWorkerPool(size: number): Promise<WorkerPool | undefined> {
  const entry = await workerFile("train-worker");
  if (!entry) return undefined;
  const { Worker } = await import("node:worker_threads");
  const idle = Array.from({ length: size }, () => threadOf(new Worker(entry)));
  const all = [...idle];
  const waiting: ((thread: Thread) => void)[] = [];

  const take = (): Promise<Thread> => {
    const thread = idle.pop();
    return thread ? Promise.resolve(thread) : new Promise((resolve) => waiting.push(resolve));
  };
  const release = (thread: Thread): void => {
    const next = waiting.shift();
    if (next) next(thread);
    else idle.push(thread);
  };

  return {
    async run(job, events, signal) {
      const thread = await take();
      try {
        signal?.throwIfAborted();
        return await thread.run(job, events, signal);
      } finally {
        release(thread);
      }
    },
    async close() {
      await Promise.all(all.map((thread) => thread.end()));
    },
  };
}

/** One thread of the pool. After its end it refuses jobs with the cause of its end. */
interface Thread {
  run(job: FitJob, events: FitEvents, signal?: AbortSignal): Promise<FittedNetwork>;
  end(): Promise<void>;
}

function threadOf(worker: Worker): Thread {
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
    run: (job, events, signal) =>
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
        const onMessage = (message: WorkerMessage): void => {
          if (message.type === "done") return settle(() => resolve(message.result));
          if (message.type === "failed") return settle(() => reject(failureOf(message)));
          try {
            events.onEpoch(message.history, message.state);
          } catch (error) {
            // The event loop calls this, so no caller would catch a rethrown error.
            abandon(error);
          }
        };
        const onAbort = (): void => abandon(signal?.reason);
        onLost = (error) => settle(() => reject(error));
        signal?.addEventListener("abort", onAbort, { once: true });
        worker.on("message", onMessage);
        worker.postMessage(job);
      }),
    async end() {
      await worker.terminate();
    },
  };
}

const failureOf = ({ code, message }: Extract<WorkerMessage, { type: "failed" }>): ChurnkitError =>
  code ? new ChurnkitError(code, message) : threadFailed(message);

const threadFailed = (why: string, cause?: unknown): ChurnkitError =>
  new ChurnkitError(
    "THREAD_FAILED",
    `A training thread failed: ${why}. If memory is short, train with fewer threads (workers: 1).`,
    { cause },
  );
