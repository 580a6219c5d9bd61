import type { Worker } from "node:worker_threads";
import { ChurnkitError, type ErrorCode } from "../../base/errors.js";
import { workerFile } from "../worker-file.js";
import type { Artifact } from "../artifact.js";
import type { Scorer } from "../scoring/index.js";
import { memoryOf, rowScorer, type LineOptions, type RowsToScore, type ScoredRows } from "./score-rows.js";

/** Start data of a scoring thread. */
export interface ThreadSetup {
  readonly artifact: Pick<Artifact, "contract" | "recipe" | "model" | "calibration" | "decision">;
  readonly lines: LineOptions;
}

/** Answer of a scoring thread. */
export type ThreadAnswer =
  | { readonly scored: ScoredRows }
  | { readonly failed: { readonly code: ErrorCode | undefined; readonly message: string } };

/** Parts that the caller's thread scores before it starts others: fewer rows are done sooner without. */
const ownParts = 4;
/** Parts in flight for each thread: one is scored while the next waits. */
const ahead = 2;

/**
 * Scores parts, on as many threads as `workers`, and yields their lines in the order of the parts. Few parts are in memory
 * at a time. With one worker, or few parts, or where threads cannot be started, the caller's thread scores all of them.
 *
 * @throws ChurnkitError VALUE_INVALID for a row without a finite score, THREAD_FAILED.
 */
export async function* scoreInOrder(
  { artifact, scorer }: { readonly artifact: ThreadSetup["artifact"]; readonly scorer: Scorer },
  parts: AsyncIterable<RowsToScore>,
  { workers, ...lines }: LineOptions & { readonly workers: number },
): AsyncGenerator<ScoredRows> {
  const own = rowScorer(scorer, lines);
  let threads: Thread[] | undefined;
  const running: Promise<ScoredRows>[] = [];
  let count = 0;
  try {
    for await (const part of parts) {
      if (workers > 1 && count++ === ownParts) threads = await startThreads(workers, { artifact, lines });
      if (threads === undefined) {
        yield own(part);
        continue;
      }
      const idlest = threads.reduce((best, one) => (one.inFlight < best.inFlight ? one : best));
      const answer = idlest.score(part);
      // It is awaited in its turn; until then nobody else listens for its failure.
      answer.catch(() => undefined);
      running.push(answer);
      if (running.length >= threads.length * ahead) yield await (running.shift() as Promise<ScoredRows>);
    }
    for (let next = running.shift(); next !== undefined; next = running.shift()) yield await next;
  } finally {
    await Promise.all((threads ?? []).map((thread) => thread.end()));
  }
}

interface Thread {
  readonly inFlight: number;
  score(rows: RowsToScore): Promise<ScoredRows>;
  end(): Promise<unknown>;
}

async function startThreads(count: number, setup: ThreadSetup): Promise<Thread[] | undefined> {
  const entry = await workerFile("score-worker");
  if (entry === undefined) return undefined;
  const { Worker } = await import("node:worker_threads");
  const { contract, recipe, model, calibration, decision } = setup.artifact;
  const workerData: ThreadSetup = {
    artifact: { contract, recipe, model, calibration, decision },
    lines: setup.lines,
  };
  // Little garbage outlives a part, so a small young generation is enough and keeps memory low.
  const resourceLimits = { maxYoungGenerationSizeMb: 8 };
  return Array.from({ length: count }, () => threadOf(new Worker(entry, { workerData, resourceLimits })));
}

function threadOf(worker: Worker): Thread {
  /** The calls in flight: a thread answers in order. */
  const waiting: { readonly resolve: (scored: ScoredRows) => void; readonly reject: (error: Error) => void }[] = [];
  let lost: ChurnkitError | undefined;
  const lose = (why: string, cause?: unknown): void => {
    lost ??= new ChurnkitError(
      "THREAD_FAILED",
      `A scoring thread failed: ${why}. If memory is short, score with fewer threads (--workers 1).`,
      { cause },
    );
    for (const { reject } of waiting.splice(0)) reject(lost);
  };
  worker.on("error", (cause) => lose(cause instanceof Error ? cause.message : String(cause), cause));
  worker.on("exit", (code) => lose(`it ended with code ${code}`));
  worker.on("message", (answer: ThreadAnswer) => {
    const call = waiting.shift();
    if ("scored" in answer) return call?.resolve(answer.scored);
    const { code, message } = answer.failed;
    call?.reject(code === undefined ? new Error(message) : new ChurnkitError(code, message));
  });
  return {
    get inFlight() {
      return waiting.length;
    },
    score: (rows) =>
      new Promise((resolve, reject) => {
        if (lost) return reject(lost);
        waiting.push({ resolve, reject });
        worker.postMessage(rows, memoryOf(rows));
      }),
    end: () => worker.terminate(),
  };
}
