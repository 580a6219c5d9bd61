import { parentPort } from "node:worker_threads";
import { ChurnkitError } from "../../base/errors.js";
import { runJob, type FitJob } from "../kinds/network/job.js";
import type { WorkerMessage } from "../kinds/network/worker-pool.js";
import { wasmEngine } from "../kinds/network/wasm/engine.js";

/** The thread's side of the worker pool: trains one network for each job it is sent. */
parentPort?.on("message", (job: FitJob) => {
  const send = (message: WorkerMessage): void => parentPort?.postMessage(message);
  runJob(wasmEngine(), job, { onEpoch: (history, state) => send({ type: "epoch", history, state }) }).then(
    (result) => send({ type: "done", result }),
    (error: unknown) =>
      send({
        type: "failed",
        code: ChurnkitError.isInstance(error) ? error.code : undefined,
        message: error instanceof Error ? error.message : String(error),
      }),
  );
});
