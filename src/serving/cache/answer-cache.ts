import { unref } from "../../base/async/index.js";
import { lruMap } from "../lru-map.js";

/**
 * Where scores are kept between requests. A key is a hash of the model's version and the record, so that a value never grows old
 * and no record is stored. `get` that fails or gives undefined costs a score, no more; one that hangs holds the request up.
 */
export interface AnswerCache {
  get(key: string): string | undefined | Promise<string | undefined>;
  set(key: string, value: string): unknown;
}

/**
 * Keeps scores in memory: those used longest ago go first, and after some time all of them, so that what a customer was answered
 * does not stay for good.
 *
 * @param entries most scores that are kept, about 250 bytes each. Default 100,000.
 * @param seconds for which a score is kept at most. Default 3,600.
 * @example
 * ```ts
 * import { memoryCache } from "churnkit/serving";
 *
 * const cache = memoryCache(50_000, 600);
 * // createHandler(model, { cache });
 * ```
 */
export function memoryCache(entries = 100_000, seconds = 3600): AnswerCache {
  let scores = lruMap<string>(entries);
  /** When the oldest score is too old; all go then, which costs a score each and no clock in the entries. */
  let until = Infinity;
  const drop = (): void => {
    scores = lruMap(entries);
    until = Infinity;
  };
  return {
    get(key) {
      if (performance.now() >= until) drop();
      return scores.get(key);
    },
    set(key, value) {
      if (performance.now() >= until) drop();
      if (until === Infinity) {
        until = performance.now() + 1000 * seconds;
        // Where nobody asks any more, too.
        unref(setTimeout(() => performance.now() >= until && drop(), Math.min(1000 * seconds + 10, 2 ** 31 - 1)));
      }
      scores.set(key, value);
    },
  };
}
