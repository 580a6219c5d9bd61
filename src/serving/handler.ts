import { ChurnkitError } from "../base/errors.js";
import { version as packageVersion } from "../base/version.js";
import type { Scorer } from "../model/compile.js";
import { failure, json, type ServeRequest, type ServeResponse } from "./http.js";
import type { ServingMetrics } from "./metrics.js";

/** A model on duty: a scorer and where it came from. */
export interface ServedModel {
  readonly scorer: Scorer;
  readonly name: string;
  /** The registry's version, or the bundle's content hash. */
  readonly version: string;
  /** `registry`, `local`, ...: said in every answer. */
  readonly source: string;
}

export interface HandlerOptions {
  readonly metrics?: ServingMetrics;
  /** Most records in one batch. Default 10,000. */
  readonly maxBatch?: number;
}

/** Maps a request to its answer; never throws. */
export type Handler = (request: ServeRequest) => Promise<ServeResponse>;

interface Route {
  readonly method: "GET" | "POST";
  readonly answer: (body: Uint8Array) => ServeResponse | Promise<ServeResponse>;
}

/**
 * The one handler under every server: POST /predict, POST /batch-predict, GET /health, GET /metrics, GET /model-info,
 * GET /.
 *
 * @example
 * ```ts
 * import { createHandler, listen } from "churnkit/serving";
 * import type { Scorer } from "churnkit/score";
 *
 * export async function start(scorer: Scorer): Promise<string> {
 *   const handler = createHandler({ scorer, name: "churn", version: "1.0.0", source: "local" });
 *   return (await listen(handler, { port: 0 })).url;
 * }
 * ```
 */
export function createHandler(model: ServedModel, options: HandlerOptions = {}): Handler {
  const { metrics, maxBatch = 10_000 } = options;
  const started = performance.now();
  const origin = { model_name: model.name, model_version: model.version, model_source: model.source };
  const { threshold } = model.scorer.decision;

  const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
    ["/predict", { method: "POST", answer: predict }],
    ["/batch-predict", { method: "POST", answer: batchPredict }],
    ["/health", { method: "GET", answer: health }],
    ["/metrics", { method: "GET", answer: () => metrics?.render() ?? failure(404, "REQUEST_INVALID", "This server keeps no metrics.") }],
    ["/model-info", { method: "GET", answer: modelInfo }],
    ["/", { method: "GET", answer: () => json(200, { service: "churnkit", ...origin, endpoints: [...routes.keys()] }) }],
  ]);

  function score(records: readonly unknown[]) {
    return model.scorer.scoreRecords(records).map((result) => {
      if (result.probability === null) metrics?.rejected();
      else metrics?.scored(result.probability, result.label);
      return result;
    });
  }

  function predict(body: Uint8Array): ServeResponse {
    const [result] = score([parse(body)]);
    if (!result || result.probability === null) {
      return failure(400, "VALUE_INVALID", "The record breaks the contract; see issues.", result?.issues ?? []);
    }
    const { label, probability, issues } = result;
    return json(200, { prediction: label, probability, threshold, ...origin, ...(issues.length > 0 ? { warnings: issues } : {}) });
  }

  function batchPredict(body: Uint8Array): ServeResponse {
    const value = parse(body);
    const records: unknown = Array.isArray(value) ? value : (value as { records?: unknown } | null)?.records;
    if (!Array.isArray(records)) {
      throw new ChurnkitError("REQUEST_INVALID", 'A batch is {"records": [...]} or an array of records.');
    }
    if (records.length > maxBatch) {
      return failure(413, "INPUT_TOO_LARGE", `A batch holds at most ${maxBatch} records; this one has ${records.length}.`);
    }
    const predictions = score(records).map((result) =>
      result.probability === null
        ? { prediction: null, probability: null, error: result.issues.map(({ message }) => message).join(" "), issues: result.issues }
        : { prediction: result.label, probability: result.probability },
    );
    const failed = predictions.filter(({ probability }) => probability === null).length;
    return json(200, { predictions, count: predictions.length, failed, threshold, ...origin });
  }

  function health(): ServeResponse {
    return json(200, { status: "ok", version: packageVersion, uptime_seconds: (performance.now() - started) / 1000, ...origin });
  }

  function modelInfo(): ServeResponse {
    const { contract } = model.scorer;
    const inputs = contract.columns.filter(({ role }) => role === "feature");
    return json(200, { ...origin, contract: contract.name, target: contract.target, threshold, inputs });
  }

  return async ({ method, path, body }) => {
    const route = routes.get(path);
    const begin = performance.now();
    const response = await respond(route, method, path, body);
    metrics?.request(route ? path : "other", response.status, (performance.now() - begin) / 1000);
    return response;
  };
}

async function respond(route: Route | undefined, method: string, path: string, body: Uint8Array): Promise<ServeResponse> {
  if (!route) return failure(404, "REQUEST_INVALID", `There is nothing at ${path.slice(0, 100)}. GET / lists the endpoints.`);
  if (method !== route.method && !(method === "HEAD" && route.method === "GET")) {
    return { ...failure(405, "REQUEST_INVALID", `${path} takes ${route.method}, not ${method.slice(0, 20)}.`), headers: { allow: route.method } };
  }
  try {
    return await route.answer(body);
  } catch (error) {
    if (ChurnkitError.isInstance(error)) return failure(400, error.code, error.message);
    return failure(500, "IO_FAILED", "The server failed to answer; the request was not at fault.");
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unreadable";
    throw new ChurnkitError("REQUEST_INVALID", `The body is not valid JSON (${reason}). Send a JSON document in UTF-8.`, { cause });
  }
}
