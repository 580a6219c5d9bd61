import { parentPort, workerData } from "node:worker_threads";
import { ChurnkitError } from "../../base/errors.js";
import { compile } from "../scoring/index.js";
import { rowScorer, type RowsToScore } from "./score-rows.js";
import type { ThreadAnswer, ThreadSetup } from "./threads.js";

/** The thread's side of batch scoring: compiles the model once, and answers each part with its lines, in order. */
const { artifact, lines } = workerData as ThreadSetup;
const scoring = compile(artifact).then((scorer) => rowScorer(scorer, lines));

parentPort?.on("message", (rows: RowsToScore) => {
  scoring
    .then((score) => {
      const scored = score(rows);
      parentPort?.postMessage({ scored } satisfies ThreadAnswer, [scored.bytes.buffer]);
    })
    .catch((error: unknown) => {
      const failed = {
        code: ChurnkitError.isInstance(error) ? error.code : undefined,
        message: error instanceof Error ? error.message : String(error),
      };
      parentPort?.postMessage({ failed } satisfies ThreadAnswer);
    });
});
