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

/** Requests of one route that are always let in, however long one of them takes: a single large batch is no overload. */
const freePlaces = 4;
/** Routes that are watched each for itself; the others share one lane, since callers choose paths. */
const mostLanes = 64;

/**
 * Refuses requests with 503 and `Retry-After` while the server is overloaded, so that those it lets in are answered soon. It is
 * overloaded when
 *
 * - `maxInFlight` requests are under way,
 * - one turn of the event loop has gone on for `maxDelay`: more requests came at once than it can answer,
 * - the oldest request of the same route has been at work for `maxDelay`, its body read, and others wait behind it.
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
  const turn = turnOfTheLoop();
  const lanes = new Map<string, Lane>();
  const laneOf = (path: string): Lane => {
    const name = lanes.size < mostLanes || lanes.has(path) ? path : "";
    const lane = lanes.get(name) ?? newLane();
    lanes.set(name, lane);
    return lane;
  };
  let inFlight = 0;

  const isOverloaded = (lane: Lane, now: number): boolean =>
    inFlight >= maxInFlight ||
    now - turn.began(now) > maxDelay ||
    (lane.size >= freePlaces && now - lane.oldest() > maxDelay);

  return (next) => async (request) => {
    if (isHealth(request.path) || request.path === "/metrics") return next(request);
    const lane = laneOf(request.path);
    if (isOverloaded(lane, performance.now())) return overloaded;
    inFlight++;
    let work: Work | undefined;
    const body: ServeRequest["body"] = async () => {
      const bytes = await request.body();
      // How long a caller takes to send a body is no work of this server.
      work = lane.begin(performance.now());
      return bytes;
    };
    try {
      return await next({ ...request, body });
    } finally {
      inFlight--;
      if (work !== undefined) lane.end(work);
    }
  };
}

const overloaded: ServeResponse = failure(
  503,
  { code: "TOO_BUSY", message: "The server is overloaded. Try again in a second." },
  { "retry-after": "1" },
);

/** One request at work. */
interface Work {
  readonly since: number;
}

/** Requests of one route at work, in the order in which they began. */
interface Lane {
  readonly size: number;
  begin(now: number): Work;
  end(work: Work): void;
  /** When the oldest one began; infinity where there is none. */
  oldest(): number;
}

function newLane(): Lane {
  // A set keeps its order.
  const works = new Set<Work>();
  return {
    get size() {
      return works.size;
    },
    begin(since) {
      const work = { since };
      works.add(work);
      return work;
    },
    end: (work) => void works.delete(work),
    oldest() {
      for (const { since } of works) return since;
      return Infinity;
    },
  };
}

/** Since when the event loop has been reading requests without a pause. Costs one timer for each turn, not for each request. */
function turnOfTheLoop(): { began(now: number): number } {
  let since: number | undefined;
  const end = (): void => (since = undefined);
  return {
    began(now) {
      if (since === undefined) {
        since = now;
        pause().then(end, end);
      }
      return since;
    },
  };
}
