import { lruMap } from "../lru-map.js";

/** So many requests in a window; both are whole milliseconds and requests. */
export interface Quota {
  readonly requests: number;
  /** Milliseconds in which the whole quota comes back. */
  readonly window: number;
}

/** Outcome for one request. */
export interface Take {
  readonly allowed: boolean;
  /** Milliseconds until the whole quota is there again; of a refused request, as if it had not come. */
  readonly full: number;
}

/** Counts requests by who sent them. */
export interface Rates {
  take(who: string): Take | Promise<Take>;
}

/**
 * The generic cell rate algorithm: a leaky bucket that keeps one number for each sender, the time at which its quota is whole
 * again. A request moves that time on by its share of the window, and is refused where it would then lie further ahead than the window.
 *
 * @param most senders that are remembered. Beyond it the one that was quiet longest is forgotten and begins with a whole quota.
 */
export function memoryRates({ requests, window }: Quota, most: number, now: () => number): { take(who: string): Take } {
  const share = window / requests;
  const full = lruMap<number>(most);
  return {
    take(who) {
      const time = now();
      const ahead = Math.max(0, (full.get(who) ?? 0) - time);
      // A hair above the window is rounding.
      if (ahead + share > window + 1e-6) return { allowed: false, full: ahead };
      full.set(who, time + ahead + share);
      return { allowed: true, full: ahead + share };
    },
  };
}
