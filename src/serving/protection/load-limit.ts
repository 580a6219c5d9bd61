import { ChurnkitError } from "../../base/errors.js";
import { pause } from "../batch-turns.js";
import { failure, type Middleware, type ServeRequest, type ServeResponse } from "../http.js";
import { isHealth } from "./open-routes.js";

/** Options of {@link loadLimit}. */
export interface LoadLimitOptions {
  /** Most requests under way at once, with those whose body is still arriving. Default 1,000. */
  readonly maxInFlight?: number | undefined;
  /** Milliseconds that requests may wait for their turn before new ones are refused. Default 100. */
  readonly maxDelay?: number | undefined;
}

/** Requests of one route that are always let in, however long one of them takes: a single large batch is not an overload. */
const freePlaces = 4;
/** Routes that are watched each for itself; the others share one lane, since callers choose paths. */
const mostLanes = 64;

/**
 * Refuses requests with 503 and `Retry-After` while the server is overloaded, so that those it lets in are answered soon. It is
 * overloaded when
 *
 * - `maxInFlight` requests are under way,
 * - one turn of the event loop has gone on for `maxDelay`: more requests came at once than it can answer. Refusals then take a ninth
 *   of the time at most, so that it never does nothing but refuse,
 * - the requests of the same route whose body is read will take longer than `maxDelay`, by the pace of those before.
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
  const turn = turnOfTheLoop(maxDelay);
  const lanes = new Map<string, Lane>();
  const laneOf = (path: string): Lane => {
    const name = lanes.size < mostLanes || lanes.has(path) ? path : "";
    const lane = lanes.get(name) ?? newLane();
    lanes.set(name, lane);
    return lane;
  };
  let inFlight = 0;

  const isOverloaded = (lane: Lane, now: number): boolean =>
    turn.refuses(now) || inFlight >= maxInFlight || lane.wait(now) > maxDelay;

  return (next) => async (request) => {
    if (isHealth(request.path) || request.path === "/metrics") return next(request);
    const lane = laneOf(request.path);
    if (isOverloaded(lane, performance.now())) return overloaded;
    inFlight++;
    let atWork = false;
    // Waiting for a caller's body is not work. Other requests may have arrived in the meantime.
    const body: ServeRequest["body"] = async () => {
      const bytes = await request.body();
      const now = performance.now();
      if (lane.wait(now) > maxDelay) throw new ChurnkitError("TOO_BUSY", busy);
      lane.begin(now);
      atWork = true;
      return bytes;
    };
    try {
      return await next({ ...request, body });
    } finally {
      inFlight--;
      if (atWork) lane.end(performance.now());
    }
  };
}

const busy = "The server is overloaded. Try again in a second.";
const overloaded: ServeResponse = failure(503, { code: "TOO_BUSY", message: busy }, { "retry-after": "1" });

/** Requests of one route at work. */
interface Lane {
  begin(now: number): void;
  end(now: number): void;
  /** Milliseconds until those at work are done, as it seems; 0 while there are few. */
  wait(now: number): number;
}

/** Weight of the newest request in the pace of a lane. */
const newest = 1 / 8;

function newLane(): Lane {
  let size = 0;
  /** Milliseconds from one end to the next while requests are at work. */
  let pace = 0;
  let lastEnd = 0;
  return {
    begin(now) {
      if (size++ === 0) lastEnd = now;
    },
    end(now) {
      size--;
      pace = pace === 0 ? now - lastEnd : pace + newest * (now - lastEnd - pace);
      lastEnd = now;
    },
    // A request that takes longer than the pace has not ended yet, and counts as it is.
    wait: (now) => (size < freePlaces ? 0 : size * Math.max(pace, now - lastEnd)),
  };
}

/** Largest share of the time of served requests that refusals may take: beyond it they would cost more than they save. */
const refusalShare = 1 / 8;

/**
 * A turn of the event loop: from the first request that it reads until none is left. Costs one timer a turn, not a request. The time
 * from one request to the next is what the first of them took, with reading it and sending its answer.
 */
function turnOfTheLoop(maxDelay: number): { refuses(now: number): boolean } {
  let since: number | undefined;
  let last = 0;
  let wasRefused = false;
  let served = 0;
  let refused = 0;
  const end = (): void => (since = undefined);
  return {
    refuses(now) {
      if (since === undefined) {
        since = last = now;
        wasRefused = false;
        served = refused = 0;
        pause().then(end, end);
        return false;
      }
      if (wasRefused) refused += now - last;
      else served += now - last;
      last = now;
      wasRefused = now - since > maxDelay && refused < served * refusalShare;
      return wasRefused;
    },
  };
}
