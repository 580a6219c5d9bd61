import { ChurnkitError } from "../base/errors.js";
import { version as packageVersion } from "../base/version.js";
import { quietly } from "../base/async/quietly.js";
import type { ScoredRecord, Scorer } from "../model/compile.js";
import { batchTurns } from "./batch-turns.js";
import { refuseEncoded, sentJson, type Sent } from "./body.js";
import {
  callerFailure,
  failure,
  json,
  type Handler,
  type Middleware,
  type ServeRequest,
  type ServeResponse,
} from "./http.js";
import type { ServingMetrics } from "./metrics.js";
import { predictBatch, predictOne, recordsOf, type Scoring } from "./predict.js";

/** A model on duty: a scorer and where it came from. */
export interface ServedModel {
  readonly scorer: Scorer;
  readonly name: string;
  /** The registry's version, or the bundle's content hash. */
  readonly version: string;
  /** `registry`, `local`, ...: said in every answer. */
  readonly source: string;
}

/** Context that {@link HandlerOptions.onScored} gets with the records and their scores. */
export interface ScoringContext extends Omit<Sent, "records"> {
  readonly model: ServedModel;
}

/** Options of {@link createHandler}. */
export interface HandlerOptions {
  readonly metrics?: ServingMetrics | undefined;
  /** Most records in one batch. Default 10,000. */
  readonly maxBatch?: number | undefined;
  /** Functions around the routes, the first one outermost. Their answers are counted and their errors answered like the routes'. */
  readonly middleware?: readonly Middleware[] | undefined;
  /**
   * Gets the records of each scored request as they were parsed, and the result of each. Called before the answer is sent, so do
   * the work later; what it throws goes to `onError`.
   */
  readonly onScored?:
    ((records: readonly unknown[], results: readonly ScoredRecord[], context: ScoringContext) => void) | undefined;
  /** Told of errors that are the server's own; the caller is told only that there was one. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

type Route =
  | { readonly method: "GET"; readonly answer: () => ServeResponse | Promise<ServeResponse> }
  | {
      readonly method: "POST";
      readonly answer: (body: Uint8Array, request: ServeRequest) => ServeResponse | Promise<ServeResponse>;
    };

/**
 * The one handler under every server: POST /predict, POST /batch-predict, POST /invocations, GET /ping, GET /health,
 * GET /metrics, GET /model-info, GET /. A malformed request is a 400, a record that breaks the contract a 422, too much at once a 413; a failure of
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
  const { maxBatch = 10_000, middleware = [], onScored } = options;
  if (!Number.isSafeInteger(maxBatch) || maxBatch < 1) {
    throw new ChurnkitError("OPTION_INVALID", `maxBatch must be a whole number above 0, not ${maxBatch}.`);
  }
  const started = performance.now();
  const { contract, decision } = model.scorer;
  const origin = { model_name: model.name, model_version: model.version, model_source: model.source };
  const failed = (error: unknown): void => quietly(() => options.onError?.(error));
  const metrics = options.metrics && quietMetrics(options.metrics, failed);
  const scoring: Scoring = {
    scorer: model.scorer,
    metrics,
    maxBatch,
    said: { threshold: decision.threshold, ...origin },
    scored: ({ records, ...sent }, results) => {
      if (onScored) quietly(() => onScored(records, results, { ...sent, model }), failed);
    },
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
    [
      "/predict",
      {
        method: "POST",
        answer: (body, request) =>
          predictOne(
            scoring,
            sentJson(request, body, contract, (record) => [record]),
          ),
      },
    ],
    [
      "/batch-predict",
      {
        method: "POST",
        answer: (body, request) =>
          inTurn((giveWay) => {
            const sent = sentJson(request, body, contract, (value) => recordsOf(value, maxBatch));
            return predictBatch(scoring, sent, giveWay);
          }),
      },
    ],
    [
      "/invocations",
      {
        method: "POST",
        answer: async (body, request) => {
          const { predictInvocation } = await import("./invocations.js");
          return inTurn((giveWay) => predictInvocation(scoring, request, body, giveWay));
        },
      },
    ],
    ["/ping", { method: "GET", answer: health }],
    ["/health", { method: "GET", answer: health }],
    ["/metrics", { method: "GET", answer: () => metrics?.render() ?? noMetrics }],
    ["/model-info", { method: "GET", answer: modelInfo }],
    ["/", { method: "GET", answer: index }],
  ]);

  const routed: Handler = async (request) => {
    const route = routes.get(request.path);
    if (!route) return nothingThere(request.path);
    if (!takes(route, request.method)) return wrongMethod(route, request);
    if (route.method === "GET") return route.answer();
    refuseEncoded(request);
    return route.answer(await request.body(), request);
  };
  const answer = middleware.reduceRight((next, around) => around(next), routed);

  return async (request) => {
    let begin = performance.now();
    const body = async (): Promise<Uint8Array> => {
      const bytes = await request.body();
      // How long a caller takes to send a body says nothing about this server.
      begin = performance.now();
      return bytes;
    };
    let response: ServeResponse;
    try {
      response = await answer({ ...request, body });
    } catch (error) {
      response = callerFailure(error) ?? serverFailure;
      if (response === serverFailure) failed(error);
    }
    const route = routes.has(request.path) ? request.path : "other";
    metrics?.request(route, response.status, (performance.now() - begin) / 1000);
    return response;
  };
}

/** Metrics that fail no answer: what counting throws goes to `failed`. */
const quietMetrics = (metrics: ServingMetrics, failed: (error: unknown) => void): ServingMetrics => ({
  request: (route, status, seconds) => quietly(() => metrics.request(route, status, seconds), failed),
  scored: (probability, label) => quietly(() => metrics.scored(probability, label), failed),
  rejected: (count) => quietly(() => metrics.rejected(count), failed),
  render: () => metrics.render(),
});

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
    message: `${path.slice(0, 100)} does not exist. GET / lists the endpoints.`,
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

const serverFailure = failure(500, {
  code: "IO_FAILED",
  message: "The server failed to answer; the request was not at fault.",
});
