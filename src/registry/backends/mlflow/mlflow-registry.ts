import { ChurnkitError } from "../../../base/errors.js";
import type { ObjectStore } from "../../../io/store/index.js";
import { ledgerIn } from "../../history/ledger.js";
import { checkModelName } from "../../model-name.js";
import { registryOver, type RegistryOptions } from "../../registry-over.js";
import type { ModelRegistry } from "../../registry.js";
import { serviceBackend } from "../service-backend.js";
import { artifactFolder, connection, mlflowClient, type MlflowConnection } from "../../../io/mlflow/index.js";
import { registeredModel } from "./registered-model.js";
import { mlflowRuns } from "./runs.js";
import { mlflowService } from "./service.js";

/** Options of {@link mlflowRegistry}. */
export interface MlflowRegistryOptions extends RegistryOptions, MlflowConnection {
  /** Prefix of the name in MLflow, for shared servers: `team-a.`. Default none. */
  readonly prefix?: string | undefined;
  /**
   * Name of the experiment for the runs of versions; created if it does not exist. Default: the model's name in
   * MLflow.
   */
  readonly experiment?: string | undefined;
  /**
   * A store with compare-and-swap: it keeps history and aliases, at `<prefix><name>/mlflow/`, so that every promotion
   * is kept.
   */
  readonly ledger?: ObjectStore | undefined;
}

/**
 * Opens a registry in MLflow, over the REST API of its tracking server (tested with 3.17); files go through the
 * server's artifact proxy (`--serve-artifacts`, the default). docs/registry-mlflow.md describes where each part is
 * kept, and what is not atomic.
 *
 * Errors are those of {@link ModelRegistry}. Labels that MLflow cannot keep (a tag named `churnkit.*` or `mlflow.*`)
 * cause OPTION_INVALID.
 *
 * @throws ChurnkitError OPTION_INVALID for an invalid name or address, or a ledger without compare-and-swap.
 *
 * @example
 * ```ts
 * import { mlflowRegistry } from "churnkit/registry/mlflow";
 *
 * const registry = mlflowRegistry({ name: "telco-churn", trackingUri: "http://localhost:5000", by: "ada" });
 * console.assert(registry.capabilities.history === false, "without a ledger MLflow keeps no history");
 * ```
 */
export function mlflowRegistry(options: MlflowRegistryOptions): ModelRegistry {
  const { name, prefix = "", ledger, now = () => new Date() } = options;
  const modelName = `${prefix}${name}`;
  checkModelName(name);
  checkModelName(modelName);
  if (ledger?.capabilities.compareAndSwap === false) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `A ledger needs compare-and-swap, which ${ledger.name} does not support. Use a folder or a bucket.`,
    );
  }
  const { http, host, secrets } = connection(options);
  const speaker = { name: `MLflow at ${http.trackingUri} (model ${modelName})`, secrets };
  const client = mlflowClient(http, speaker);
  const service = mlflowService({
    name: speaker.name,
    model: registeredModel(client, modelName),
    runs: mlflowRuns(client, { experiment: options.experiment ?? modelName, model: modelName }),
    folderAt: (uri) => artifactFolder(client, host, uri),
    now,
  });
  return registryOver(serviceBackend(service, ledger && ledgerIn(ledger, `${modelName}/mlflow/`, now)), {
    ...options,
    now,
  });
}
