import type { Worker } from "node:worker_threads";
import { ChurnkitError, type ErrorCode } from "../../base/errors.js";
import type { EpochRecord } from "../learner.js";
import type { FitState, FittedNetwork } from "./fit-network.js";
import type { FitEvents, FitJob } from "./job.js";

/** What a training thread sends back. */
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
 * Starts `size` training threads, or gives undefined where there are none: in a browser or worker runtime, or when the
 * package's files were bundled away. The caller then trains on its own thread, to the same result.
 */
export async function openWorkerPool(size: number): Promise<WorkerPool | undefined> {
  const entry = await workerEntry();
  if (!entry) return undefined;
  const { Worker } = await import("node:worker_threads");
  const idle: Worker[] = Array.from({ length: size }, () => new Worker(entry));
  const all = [...idle];
  const waiting: ((worker: Worker) => void)[] = [];

  const take = (): Promise<Worker> => {
    const worker = idle.pop();
    return worker ? Promise.resolve(worker) : new Promise((resolve) => waiting.push(resolve));
  };
  const release = (worker: Worker): void => {
    const next = waiting.shift();
    if (next) next(worker);
    else idle.push(worker);
  };

  return {
    async run(job, events, signal) {
      const worker = await take();
      try {
        signal?.throwIfAborted();
        return await exchange(worker, job, events, signal);
      } finally {
        release(worker);
      }
    },
    async close() {
      await Promise.all(all.map((worker) => worker.terminate()));
    },
  };
}

async function workerEntry(): Promise<string | undefined> {
  try {
    const { createRequire } = await import("node:module");
    return createRequire(import.meta.url).resolve("churnkit/train-worker");
  } catch {
    return undefined;
  }
}

function exchange(worker: Worker, job: FitJob, events: FitEvents, signal?: AbortSignal): Promise<FittedNetwork> {
  return new Promise((resolve, reject) => {
    // Only our own listeners go: the worker has some of its own, and serves further jobs.
    const settle = (finish: () => void): void => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      signal?.removeEventListener("abort", onAbort);
      finish();
    };
    const onMessage = (message: WorkerMessage): void => {
      if (message.type === "epoch") events.onEpoch(message.history, message.state);
      else if (message.type === "done") settle(() => resolve(message.result));
      else settle(() => reject(message.code ? new ChurnkitError(message.code, message.message) : new Error(message.message)));
    };
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (code: number): void => settle(() => reject(new Error(`A training thread ended with code ${code}.`)));
    const onAbort = (): void => settle(() => reject(signal?.reason as Error));
    signal?.addEventListener("abort", onAbort, { once: true });
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.postMessage(job);
  });
}
