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
 * Keeps scores in memory: those used longest ago go first.
 *
 * @param entries most scores that are kept, about 250 bytes each. Default 100,000.
 * @example
 * ```ts
 * import { memoryCache } from "churnkit/serving";
 *
 * const cache = memoryCache(50_000);
 * // createHandler(model, { cache });
 * ```
 */
export const memoryCache = (entries = 100_000): AnswerCache => lruMap<string>(entries);
