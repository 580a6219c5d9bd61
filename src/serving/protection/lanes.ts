import type { ServeRequest } from "../http.js";

/** Requests of one route that are always let in, however long one of them takes: a single large batch is not an overload. */
const freePlaces = 4;
/** Routes that are watched each for itself; the others share one lane, since callers choose paths. */
const mostLanes = 64;
/** Weight of the newest request in the pace of a lane. */
const newest = 1 / 8;

/** Requests of one route at work. */
export interface Lane {
  begin(now: number): void;
  end(now: number): void;
  /** Milliseconds until those at work are done, as it seems; 0 while there are few. */
  wait(now: number): number;
}

/** Finds the lane of a request: that of its path, and one for those of a path that ask for reasons, which take many times as long. */
export function lanesByRoute(): (request: ServeRequest) => Lane {
  const lanes = new Map<string, Lane>();
  return ({ path, query }) => {
    const wanted = query.includes("explain") ? `${path}?explain` : path;
    const name = lanes.size < mostLanes || lanes.has(wanted) ? wanted : "";
    const lane = lanes.get(name) ?? newLane();
    lanes.set(name, lane);
    return lane;
  };
}

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

/** The work of one request in its lane, which may begin and end several times. */
export interface Work {
  begin(): void;
  end(): void;
}

export function workIn(lane: Lane): Work {
  let atWork = false;
  return {
    begin() {
      if (!atWork) lane.begin(performance.now());
      atWork = true;
    },
    end() {
      if (atWork) lane.end(performance.now());
      atWork = false;
    },
  };
}
