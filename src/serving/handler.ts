import { ChurnkitError } from "../base/errors.js";
import { quietly } from "../base/async/index.js";
import type { ScoredRecord, Scorer } from "../model/scoring/index.js";
import type { Sent } from "./body.js";
import { callerFailure, failure, type Handler, type Middleware, type ServeResponse } from "./http.js";
import type { ServingMetrics } from "./metrics.js";
import type { Scoring } from "./predict.js";
import { routed, routesOf } from "./routes.js";

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
  /** Called with errors that are the server's own; the caller learns only that there was one. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

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
  const origin = { model_name: model.name, model_version: model.version, model_source: model.source };
  const failed = (error: unknown): void => quietly(() => options.onError?.(error));
  const metrics = options.metrics && quietMetrics(options.metrics, failed);
  const scoring: Scoring = {
    scorer: model.scorer,
    metrics,
    maxBatch,
    said: { threshold: model.scorer.decision.threshold, ...origin },
    scored:
      onScored &&
      (({ records, ...sent }, results) => quietly(() => onScored(records, results, { ...sent, model }), failed)),
  };

  const routes = routesOf(scoring, origin);
  const answer = middleware.reduceRight((next, around) => around(next), routed(routes));

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

const serverFailure = failure(500, {
  code: "IO_FAILED",
  message: "The server failed to answer; the request was not at fault.",
});
