import { parentPort } from "node:worker_threads";
import { ChurnkitError } from "../../base/errors.js";
import { runJob, type NetworkWork } from "../kinds/network/job.js";
import type { ThreadMessage, ThreadTask } from "../kinds/worker-pool.js";
import { wasmEngine } from "../kinds/network/wasm/engine.js";
import { scoreFold, type FoldWork } from "./score-fold.js";

const send = (message: ThreadMessage): void => parentPort?.postMessage(message);

const run = (task: ThreadTask<NetworkWork> | ThreadTask<FoldWork>): Promise<unknown> =>
  task.kind === "network"
    ? runJob(wasmEngine(), task.job, (event) => send({ type: "event", event }))
    : scoreFold(task.job);

/** The thread's side of the worker pool: does the jobs it is sent. */
parentPort?.on("message", (task: Parameters<typeof run>[0]) => {
  run(task).then(
    (result) => send({ type: "done", result }),
    (error: unknown) =>
      send({
        type: "failed",
        code: ChurnkitError.isInstance(error) ? error.code : undefined,
        message: error instanceof Error ? error.message : String(error),
      }),
  );
});
