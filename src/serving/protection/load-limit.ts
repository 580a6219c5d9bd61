import { ChurnkitError } from "../../base/errors.js";
import { failure, type Middleware, type ServeRequest, type ServeResponse } from "../http.js";
import { lanesByRoute, workIn } from "./lanes.js";
import { isHealth } from "./open-routes.js";
import { streamedWork } from "./streamed-work.js";
import { turnsOfTheLoop } from "./turns.js";

/** Options of {@link loadLimit}. */
export interface LoadLimitOptions {
  /** Most requests under way at once, with those whose body is still arriving. Default 1,000. */
  readonly maxInFlight?: number | undefined;
  /** Milliseconds that requests may wait for their turn before new ones are refused. Default 100. */
  readonly maxDelay?: number | undefined;
}

/**
 * Refuses requests with 503 and `Retry-After` while the server is overloaded, so that those it lets in are answered soon. It is
 * overloaded when
 *
 * - `maxInFlight` requests are under way,
 * - one turn of the event loop has gone on for `maxDelay`: more requests came at once than it can answer. Refusals then wait behind
 *   the requests that are served, and take a ninth of the time, so that it never does nothing but refuse,
 * - the requests of the same route whose body is read will take longer than `maxDelay`, by the pace of those before. Requests for
 *   reasons (`?explain`) are counted for themselves, and streams of lines while they are worked on.
 *
 * Health routes and /metrics are never refused. A refusal costs no more than reading the request.
 *
 * @throws ChurnkitError OPTION_INVALID for numbers that are not above 0.
 * @example
 * ```ts
 * import { loadLimit } from "churnkit/serving";
 *
 * const middleware = [loadLimit({ maxInFlight: 500, maxDelay: 100 })];
 * ```
 */
export function loadLimit({ maxInFlight = 1000, maxDelay = 100 }: LoadLimitOptions = {}): Middleware {
  if (!(maxInFlight >= 1 && maxDelay > 0))
    throw new ChurnkitError(
      "OPTION_INVALID",
      `A load limit needs maxInFlight of at least 1 and maxDelay above 0, not ${maxInFlight} and ${maxDelay}.`,
    );
  const turns = turnsOfTheLoop(maxDelay);
  const laneOf = lanesByRoute();
  let inFlight = 0;

  return (next) => async (request) => {
    if (isHealth(request.path) || request.path === "/metrics") return next(request);
    const lane = laneOf(request);
    const now = performance.now();
    turns.reach(now);
    if (turns.isLong(now) || inFlight >= maxInFlight || lane.wait(now) > maxDelay) {
      await turns.refusal(now);
      return overloaded;
    }
    inFlight++;
    const work = workIn(lane);
    const streamed = streamedWork(work);
    const over = (): void => {
      inFlight--;
      work.end();
    };
    // Waiting for a caller's body is not work. Other requests may have arrived in the meantime.
    const body: ServeRequest["body"] = async () => {
      const bytes = await request.body();
      if (lane.wait(performance.now()) > maxDelay) throw new ChurnkitError("TOO_BUSY", busy);
      work.begin();
      return bytes;
    };
    const chunks = request.chunks && streamed.chunks(request.chunks);
    try {
      const response = await next({ ...request, body, chunks });
      if (typeof response.body !== "string" && !(response.body instanceof Uint8Array))
        return { ...response, body: streamed.answer(response.body, over) };
      over();
      return response;
    } catch (error) {
      over();
      throw error;
    }
  };
}

const busy = "The server is overloaded. Try again in a second.";
const overloaded: ServeResponse = failure(503, { code: "TOO_BUSY", message: busy }, { "retry-after": "1" });
