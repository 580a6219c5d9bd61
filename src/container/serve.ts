import { once } from "node:events";
import { ChurnkitError } from "../base/errors.js";
import { createHandler } from "../serving/handler.js";
import { listen } from "../serving/hosts/index.js";
import { prometheusMetrics } from "../serving/metrics.js";
import { modelHost, type Models, modelsOnDemand } from "../serving/models/index.js";
import type { Host } from "./host.js";
import { watchedHandler } from "./watched.js";

/** SageMaker kills a container 30 s after it told it to end. */
const closeTimeout = 25_000;
/** SageMaker gives up on an answer after 60 s. */
const requestTimeout = 60_000;
/** Most MiB of a request, unless batch transform says otherwise, and where it says 0: without a limit. */
const [usualPayload, mostPayload] = [6, 1000];

/**
 * Serves the bundle in the model's folder, or with SAGEMAKER_MULTI_MODEL the models that SageMaker loads, until the host's signal. Requests
 * under way are answered first.
 *
 * @throws ChurnkitError what keeps the model from being loaded, or the port from being used; OPTION_INVALID for the environment.
 */
export async function runServer(host: Host): Promise<void> {
  const { places, env, print, log, signal } = host;
  const models =
    env["SAGEMAKER_MULTI_MODEL"] === "true" ? modelsOnDemand({ root: places.models }) : await only(places.model);
  const onError = (error: unknown): void =>
    log(`a request failed: ${error instanceof Error ? error.message : String(error)}`);
  const options = { metrics: prometheusMetrics(() => models.find()?.version), onError };
  const watched = await watchedHandler(models, host, options);
  const server = await listen(watched ?? createHandler(models, options), {
    // SAGEMAKER_SAFE_PORT_RANGE has ports for more listeners; this server needs one.
    port: wholeNumber(env, "SAGEMAKER_BIND_TO_PORT", 8080, 65_535),
    host: "0.0.0.0",
    maxBodyBytes: (wholeNumber(env, "SAGEMAKER_MAX_PAYLOAD_IN_MB", usualPayload, mostPayload) || mostPayload) * 2 ** 20,
    requestTimeout,
    closeTimeout,
  });
  const names = models.names().map((name) => `${name} ${models.find(name)?.version ?? ""}`);
  print(`serving ${names.join(", ") || "models on demand"} at ${server.url}`);
  if (!signal.aborted) await once(signal, "abort");
  await server.close();
  await watched?.close();
}

async function only(ref: string): Promise<Models> {
  const models = modelHost([{ ref }], { every: 0 });
  await models.refresh();
  return models;
}

function wholeNumber(env: Host["env"], name: string, usual: number, most: number): number {
  const text = env[name]?.trim() ?? "";
  if (text === "") return usual;
  if (/^\d{1,6}$/.test(text) && Number(text) <= most) return Number(text);
  throw new ChurnkitError("OPTION_INVALID", `${name} is ${JSON.stringify(text)}. Set a whole number up to ${most}.`);
}
