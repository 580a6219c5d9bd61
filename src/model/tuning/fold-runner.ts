import pLimit from "p-limit";
import { ChurnkitError } from "../../base/errors.js";
import type { Learner, LearnerContext } from "../kinds/learner.js";
import { openWorkerPool } from "../kinds/worker-pool.js";
import {
  scoreFoldWith,
  type FoldData,
  type FoldScores,
  type FoldSettings,
  type FoldWork,
} from "../training/score-fold.js";

/** Trains folds, each on a thread of its own where there are threads. */
export interface FoldRunner {
  score(learner: Learner, data: FoldData, settings: FoldSettings, signal?: AbortSignal): Promise<FoldScores>;
  close(): Promise<void>;
}

/**
 * Opens a runner with so many threads. A learner that only this process can make trains on the caller's thread, and so
 * does every learner with one worker or where threads cannot be started. The results are the same.
 */
export async function openFoldRunner(workers: number): Promise<FoldRunner> {
  const pool = workers > 1 ? await openWorkerPool<FoldWork>("fold", workers, { replace: true }) : undefined;
  const own = pLimit(1);
  return {
    async score(learner, data, settings, signal) {
      const { name, options } = learner;
      if (pool === undefined || options === undefined) {
        const context: Omit<LearnerContext, "seed"> = { signal, workers };
        return own(() => {
          signal?.throwIfAborted();
          return scoreFoldWith(learner, { ...data, ...settings }, context);
        });
      }
      const job = { ...data, ...settings, learner: name, options };
      try {
        return await pool.run(job, undefined, signal);
      } catch (error) {
        // A thread may die of memory that another one took; alone the fold may well fit.
        if (signal?.aborted || !ChurnkitError.isInstance(error) || error.code !== "THREAD_FAILED") throw error;
        return await pool.run(job, undefined, signal);
      }
    },
    async close() {
      await pool?.close();
    },
  };
}
