import type { SageMakerClientConfig } from "@aws-sdk/client-sagemaker";
import { ChurnkitError } from "../../base/errors.js";
import type { ObjectStore } from "../../io/store/index.js";
import { fileBackend } from "../files/file-backend.js";
import type { RunBackend } from "../runs/backend.js";
import type { RunTracker } from "../runs/run.js";
import { trackerOver, type TrackerOptions } from "../tracker-over.js";
import { connect } from "./connection.js";
import { runShow } from "./show-run.js";

/** Options of {@link sagemakerTracker}. */
export interface SagemakerTrackerOptions extends TrackerOptions {
  /** Keeps the runs, with their artifacts: a bucket. */
  readonly store: ObjectStore;
  /** Region, credentials and the like of the client of SageMaker. */
  readonly clientConfig?: SageMakerClientConfig | undefined;
}

/**
 * Keeps runs in a store, as `fileTracker` does, and shows them in SageMaker Experiments: a trial for each run and those
 * nested in it, a trial component with parameters, metrics, status, and the addresses of its artifacts. So nothing is lost
 * to SageMaker's limits: 300 parameters of 2,500 characters, 60 artifacts, no NaN, and one value of a metric a step.
 *
 * Needs the package `@aws-sdk/client-sagemaker`.
 *
 * @throws ChurnkitError PEER_MISSING without the package, OPTION_INVALID without a region or for an experiment that is not
 * 1 to 120 letters, digits and hyphens.
 * @example
 * ```ts
 * import { memoryStore } from "churnkit/io";
 * import { sagemakerTracker } from "churnkit/tracking/sagemaker";
 *
 * const store = memoryStore(); // s3Store({ bucket: "runs" }) of churnkit/io/s3
 * const tracker = await sagemakerTracker({ store, experiment: "churn", clientConfig: { region: "eu-central-1" } });
 * console.assert(tracker.capabilities.metricHistory);
 * ```
 */
export async function sagemakerTracker(options: SagemakerTrackerOptions): Promise<RunTracker> {
  const { store, experiment = "churn" } = options;
  const experiments = await connect(options.clientConfig);
  const files = fileBackend(store);
  const shown = runShow(
    experiments,
    ({ experiment: name, id }, artifact) => `${store.name}/${name}/${id}/artifacts/${artifact}`,
  );
  const backend: RunBackend = {
    ...files,
    name: `SageMaker Experiments in ${experiments.region} and ${files.name}`,
    url: `sagemaker://${experiments.region}/${experiment}?artifacts=${store.name}`,
    checkExperiment(name) {
      if (/^[A-Za-z0-9](-*[A-Za-z0-9]){0,119}$/.test(name)) return;
      throw new ChurnkitError(
        "OPTION_INVALID",
        `The experiment ${JSON.stringify(name.slice(0, 80))} cannot be one of SageMaker. Use 1 to 120 letters, digits and hyphens.`,
      );
    },
    async send(run, entries, signal) {
      await files.send(run, entries, signal);
      const record = await files.get(run.id);
      if (record !== undefined) await shown.show(record, entries, signal);
    },
  };
  return trackerOver(backend, options);
}
