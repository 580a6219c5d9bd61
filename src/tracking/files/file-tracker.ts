import type { ObjectStore } from "../../io/store/index.js";
import type { RunTracker } from "../runs/run.js";
import { trackerOver, type TrackerOptions } from "../tracker-over.js";
import { fileBackend } from "./file-backend.js";

/**
 * Keeps runs as files in a store: a folder on this machine, or a bucket.
 *
 * A run is `<experiment>/<id>/run.json` (parameters, last metrics, tags, status), `metrics/<sequence>.jsonl` (each value
 * that was logged, one JSON object a line) and `artifacts/<name>`. Each file appears whole, `run.json` last, so a kill
 * leaves a run that can be read.
 *
 * @throws ChurnkitError OPTION_INVALID for an experiment that is not 1 to 200 letters, digits and `._-`.
 * @example
 * ```ts
 * import { filesStore } from "churnkit/io";
 * import { fileTracker } from "churnkit/tracking";
 *
 * const tracker = fileTracker(filesStore("runs"), { experiment: "churn" });
 * const run = tracker.start({ name: "first try" });
 * run.logParameters({ learner: "logistic", penalty: 0.1 });
 * for (const [step, loss] of [0.61, 0.48, 0.44].entries()) run.logMetrics({ loss }, { step });
 * await run.logArtifact("notes.txt", "the third epoch was the best");
 * await run.end();
 * const { status, metrics } = await tracker.get(run.id);
 * console.assert(status === "finished" && metrics["loss"]?.value === 0.44);
 * ```
 */
export function fileTracker(store: ObjectStore, options: TrackerOptions = {}): RunTracker {
  return trackerOver(fileBackend(store), options);
}
