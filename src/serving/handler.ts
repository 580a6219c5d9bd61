import { ChurnkitError } from "../base/errors.js";
import { version as packageVersion } from "../base/version.js";
import type { Scorer } from "../model/compile.js";
import { batchTurns } from "./batch-turns.js";
import { callerFailure, failure, json, type ServeRequest, type ServeResponse } from "./http.js";
import type { ServingMetrics } from "./metrics.js";
import { predictBatch, predictOne, type Scoring } from "./predict.js";

/** A model on duty: a scorer and where it came from. */
export interface ServedModel {
  readonly scorer: Scorer;
  readonly name: string;
  /** The registry's version, or the bundle's content hash. */
  readonly version: string;
  /** `registry`, `local`, ...: said in every answer. */
  readonly source: string;
}

/** What {@link createHandler} may do beside scoring. */
export interface HandlerOptions {
  readonly metrics?: ServingMetrics;
  /** Most records in one batch. Default 10,000. */
  readonly maxBatch?: number;
  /** Told of errors that are the server's own; the caller is told only that there was one. */
  readonly onError?: (error: unknown) => void;
}

/** Maps a request to its answer; never throws. */
export type Handler = (request: ServeRequest) => Promise<ServeResponse>;

type Route =
  | { readonly method: "GET"; readonly answer: () => ServeResponse | Promise<ServeResponse> }
  | { readonly method: "POST"; readonly answer: (body: Uint8Array) => ServeResponse | Promise<ServeResponse> };

/**
 * The one handler under every server: POST /predict, POST /batch-predict, GET /health, GET /metrics, GET /model-info,
 * GET /. A malformed request is a 400, a record that breaks the contract a 422, too much at once a 413; a failure of
 * the server itself is a 500 that says nothing of its cause.
 *
 * @throws ChurnkitError OPTION_INVALID for a `maxBatch` that is not a whole number above 0.
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
  const { metrics, maxBatch = 10_000, onError } = options;
  if (!Number.isSafeInteger(maxBatch) || maxBatch < 1) {
    throw new ChurnkitError("OPTION_INVALID", `maxBatch must be a whole number above 0, not ${maxBatch}.`);
  }
  const started = performance.now();
  const { contract, decision } = model.scorer;
  const origin = { model_name: model.name, model_version: model.version, model_source: model.source };
  const scoring: Scoring = {
    scorer: model.scorer,
    metrics,
    maxBatch,
    said: { threshold: decision.threshold, ...origin },
  };

  const inTurn = batchTurns();

  const health = (): ServeResponse =>
    json(200, {
      status: "ok",
      version: packageVersion,
      uptime_seconds: (performance.now() - started) / 1000,
      ...origin,
    });
  const modelInfo = once(() => {
    const inputs = contract.columns.filter(({ role }) => role === "feature");
    return json(200, {
      ...origin,
      contract: contract.name,
      target: contract.target,
      threshold: decision.threshold,
      inputs,
    });
  });
  const index = once(() => json(200, { service: "churnkit", ...origin, endpoints: [...routes.keys()] }));
  const noMetrics = failure(404, { code: "REQUEST_INVALID", message: "This server keeps no metrics." });

  const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
    ["/predict", { method: "POST", answer: (body) => predictOne(scoring, body) }],
    ["/batch-predict", { method: "POST", answer: (body) => inTurn((giveWay) => predictBatch(scoring, body, giveWay)) }],
    ["/health", { method: "GET", answer: health }],
    ["/metrics", { method: "GET", answer: () => metrics?.render() ?? noMetrics }],
    ["/model-info", { method: "GET", answer: modelInfo }],
    ["/", { method: "GET", answer: index }],
  ]);

  return async (request) => {
    const route = routes.get(request.path);
    let begin = performance.now();
    let response: ServeResponse;
    try {
      if (!route) response = nothingThere(request.path);
      else if (!takes(route, request.method)) response = wrongMethod(route, request);
      else if (route.method === "GET") response = await route.answer();
      else {
        const body = await request.body();
        // How long a caller takes to send a body says nothing about this server.
        begin = performance.now();
        response = await route.answer(body);
      }
    } catch (error) {
      response = callerFailure(error) ?? ownFailure(error, onError);
    }
    metrics?.request(route ? request.path : "other", response.status, (performance.now() - begin) / 1000);
    return response;
  };
}

/** Makes an answer at its first use; it never changes. */
function once(make: () => ServeResponse): () => ServeResponse {
  let made: ServeResponse | undefined;
  return () => (made ??= make());
}

const takes = (route: Route, method: string): boolean =>
  method === route.method || (method === "HEAD" && route.method === "GET");

function nothingThere(path: string): ServeResponse {
  return failure(404, {
    code: "REQUEST_INVALID",
    message: `There is nothing at ${path.slice(0, 100)}. GET / lists the endpoints.`,
  });
}

function wrongMethod(route: Route, { method, path }: ServeRequest): ServeResponse {
  const allow = route.method === "GET" ? "GET, HEAD" : "POST";
  return failure(
    405,
    { code: "REQUEST_INVALID", message: `${path} takes ${allow}, not ${method.slice(0, 20)}.` },
    { allow },
  );
}

function ownFailure(error: unknown, onError: HandlerOptions["onError"]): ServeResponse {
  try {
    onError?.(error);
  } catch {
    // Whoever listens for errors must not cause one.
  }
  return failure(500, { code: "IO_FAILED", message: "The server failed to answer; the request was not at fault." });
}
