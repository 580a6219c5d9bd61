import { ChurnkitError } from "../base/errors.js";
import { quietly } from "../base/async/index.js";
import type { ScoredRecord } from "../model/scoring/index.js";
import type { Sent } from "./bodies/index.js";
import type { AnswerCache } from "./cache/index.js";
import type { Feedback } from "./feedback.js";
import { callerFailure, serverFailure, type Handler, type Middleware } from "./http.js";
import type { ServingMetrics } from "./metrics.js";
import { modelsOf, type Models, type ServedModel } from "./models/index.js";
import type { PredictionIds } from "./prediction-id.js";
import { routesOf, serviceOf } from "./routes/index.js";

/** Context of {@link HandlerOptions.onScored} in addition to the records and their scores. */
export interface ScoringContext extends Omit<Sent, "records" | "exactRecords"> {
  /** The records read again, with every id that JSON rounds as its literal text. */
  readonly exactRecords: () => readonly unknown[];
  readonly model: ServedModel;
  /** The id of a prediction, by the place of its record: as the answer gave it, or lets the caller make it. */
  readonly predictionId: PredictionIds;
}

/** Options of {@link createHandler}. */
export interface HandlerOptions {
  readonly metrics?: ServingMetrics | undefined;
  /** Maximum number of records in one batch. Default 10,000. */
  readonly maxBatch?: number | undefined;
  /** Keeps the scores of POST /predict, such as `memoryCache()`. Default: each record is scored. */
  readonly cache?: AnswerCache | undefined;
  /**
   * Functions around the routes, the first one outermost. Their answers are counted like the routes'. What a
   * route throws reaches them as an answer.
   */
  readonly middleware?: readonly Middleware[] | undefined;
  /**
   * Called with the parsed records of each scored request, and the result of each. It runs before the answer is sent,
   * so do the work later; its errors go to `onError`.
   */
  readonly onScored?:
    | ((records: readonly unknown[], results: readonly ScoredRecord[], context: ScoringContext) => void)
    | undefined;
  /**
   * Takes what POST /feedback sends: outcomes and offers by the ids of predictions. Without it there is no such route, unless
   * {@link withMonitor} takes it. An error of it is a 500, so that the caller sends it again.
   */
  readonly feedback?: ((given: readonly Feedback[]) => unknown) | undefined;
  /** Called with errors that are the server's own; the caller learns only that there was one. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/**
 * The one handler under every server, for one model or several: GET / lists its routes. A malformed request is a 400, a record
 * that breaks the contract a 422, too much at once a 413; a failure of the server itself is a 500 that says nothing of its cause.
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
export function createHandler(given: ServedModel | Models, options: HandlerOptions = {}): Handler {
  const { maxBatch = 10_000, middleware = [], cache, onScored } = options;
  if (!Number.isSafeInteger(maxBatch) || maxBatch < 1) {
    throw new ChurnkitError("OPTION_INVALID", `maxBatch must be a whole number above 0, not ${maxBatch}.`);
  }
  const failed = (error: unknown): void => quietly(() => options.onError?.(error));
  const metrics = options.metrics && quietMetrics(options.metrics, failed);
  const models = modelsOf(given);
  const listens = onScored !== undefined || models.scored !== undefined;
  const service = serviceOf({
    models,
    metrics,
    maxBatch,
    cache,
    failed,
    feedback: options.feedback,
    scoredBy: (by) =>
      !listens
        ? undefined
        : ({ request, bytes, records, exactRecords }, results, predictionId) =>
            quietly(() => {
              const exact = (): readonly unknown[] => exactRecords(by.scorer.contract);
              const context = { request, bytes, exactRecords: exact, model: by, predictionId };
              quietly(() => models.scored?.(records, results, context), failed);
              return onScored?.(records, results, context);
            }, failed),
  });
  const routes = routesOf(service);
  const answered =
    (handler: Handler): Handler =>
    async (request) => {
      try {
        return await handler(request);
      } catch (error) {
        const refusal = callerFailure(error);
        if (refusal === undefined) failed(error);
        return refusal ?? serverFailure;
      }
    };
  const answer = answered(middleware.reduceRight((next, around) => around(next), answered(routes.answer)));

  return async (request) => {
    let begin = performance.now();
    const body = async (): Promise<Uint8Array> => {
      const bytes = await request.body();
      // The time that a caller takes to send a body says nothing about this server.
      begin = performance.now();
      return bytes;
    };
    const response = await answer({ ...request, body });
    metrics?.request(routes.label(request.path), response.status, (performance.now() - begin) / 1000);
    return response;
  };
}

/** Metrics that never fail an answer: errors of counting go to `failed`. */
const quietMetrics = (metrics: ServingMetrics, failed: (error: unknown) => void): ServingMetrics => ({
  request: (route, status, seconds) => quietly(() => metrics.request(route, status, seconds), failed),
  scored: (probability, label) => quietly(() => metrics.scored(probability, label), failed),
  rejected: (count) => quietly(() => metrics.rejected(count), failed),
  render: () => metrics.render(),
});
