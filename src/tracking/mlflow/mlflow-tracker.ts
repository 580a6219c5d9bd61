import { ChurnkitError } from "../../base/errors.js";
import {
  artifactFolder,
  connection,
  fittingName,
  mlflowClient,
  type MlflowClient,
  type MlflowConnection,
  wholeOf,
} from "../../io/mlflow/index.js";
import type { RunBackend } from "../runs/backend.js";
import type { RunTracker } from "../runs/run.js";
import { trackerOver, type TrackerOptions } from "../tracker-over.js";
import { runReader } from "./read-runs.js";
import { runWriter } from "./write-runs.js";

/** Options of {@link mlflowTracker}. */
export interface MlflowTrackerOptions extends MlflowConnection, TrackerOptions {}

/** The largest artifact that is read into memory. */
const largest = 2 ** 30;

/**
 * Keeps runs in an MLflow server, over its REST API (tested with 3.17): parameters, metrics with steps, tags, nested runs,
 * datasets, and artifacts through the server's proxy. Experiments are created on demand.
 *
 * A run is found by its tag `churnkit.run`. A value longer than 500 characters is cut, as older servers refuse it. Reading
 * takes MLflow's own run ids too, also of runs that others have logged.
 *
 * @throws ChurnkitError OPTION_INVALID for an invalid address or experiment; no message contains a credential.
 * @example
 * ```ts
 * import { mlflowTracker } from "churnkit/tracking/mlflow";
 *
 * const tracker = mlflowTracker({ trackingUri: "http://localhost:5000", experiment: "churn" });
 * console.assert(tracker.capabilities.metricHistory);
 * ```
 */
export function mlflowTracker(options: MlflowTrackerOptions): RunTracker {
  const { experiment = "churn" } = options;
  const { http, host, secrets } = connection({ retries: 1, ...options });
  const speaker = { name: `MLflow at ${http.trackingUri}`, secrets };
  // A client of its own for each sending, so that an end of its time ends its calls.
  const clientFor = (signal?: AbortSignal): MlflowClient => mlflowClient({ ...http, signal }, speaker);
  const client = clientFor();
  const reader = runReader(client, http.trackingUri);
  const writer = runWriter(host);
  const folderOf = async (id: string): Promise<ReturnType<typeof artifactFolder>> => {
    const found = await reader.find(id);
    if (found !== undefined) return artifactFolder(client, host, found.artifactUri);
    throw new ChurnkitError("INPUT_NOT_FOUND", `${speaker.name} has no run ${JSON.stringify(id.slice(0, 80))}.`);
  };
  const backend: RunBackend = {
    name: speaker.name,
    url: `mlflow+${http.trackingUri}/${encodeURIComponent(experiment)}`,
    capabilities: { durable: true, metricHistory: true },
    checkExperiment(name) {
      if (name.trim() !== "" && name.length <= 500 && !/\p{C}/u.test(name)) return;
      throw new ChurnkitError(
        "OPTION_INVALID",
        `The experiment ${JSON.stringify(name.slice(0, 80))} cannot be one of MLflow. Use 1 to 500 characters.`,
      );
    },
    send: (run, entries, signal) => writer.send(clientFor(signal), run, entries),
    list: (name, limit) => reader.list(name, limit),
    get: (id) => reader.get(id, experiment),
    async history(id, metric) {
      const logged = fittingName(metric);
      const found = await reader.history(id, logged);
      // Others may have logged it under its whole name.
      return found.length > 0 || logged === metric ? found : reader.history(id, metric);
    },
    async artifact(id, name) {
      const found = await (await folderOf(id)).getStream(name);
      return found && wholeOf(found.stream, largest);
    },
  };
  return trackerOver(backend, options);
}
