import { textHash } from "../../base/hash.js";
import { guardedRedis, type RedisCommand } from "../redis/index.js";
import type { AnswerCache } from "./answer-cache.js";

/** Options of {@link redisCache}. */
export interface RedisCacheOptions {
  /** Seconds for which a score is kept. Default 3,600. */
  readonly seconds?: number | undefined;
  /** Milliseconds that a request waits for Redis before it is scored instead. Default 5. */
  readonly timeout?: number | undefined;
  /** Beginning of every key. Servers of different registries that share a Redis need different ones. Default `churnkit:score:`. */
  readonly prefix?: string | undefined;
}

const checkLength = 16;

/**
 * Keeps scores in Redis, for all servers together. A Redis that is down, hangs, is full or returns rubbish costs hits: a request
 * waits for it a few milliseconds at most, and after three failures in a row none does for a second.
 *
 * @example
 * ```ts
 * import { connectRedis, redisCache } from "churnkit/serving";
 *
 * const redis = await connectRedis("redis://127.0.0.1:6379");
 * const cache = redisCache(redis.send, { seconds: 600 });
 * // createHandler(model, { cache });
 * redis.close();
 * ```
 */
export function redisCache(
  redis: RedisCommand,
  { seconds = 3600, timeout, prefix = "churnkit:score:" }: RedisCacheOptions = {},
): AnswerCache {
  const ask = guardedRedis(redis, { timeout });
  const checkOf = (key: string, value: string): string => textHash(`${key} ${value}`).slice(0, checkLength);
  return {
    async get(key) {
      const reply = await ask("GET", prefix + key);
      if (typeof reply !== "string") return undefined;
      // A value cut short, of another key or by another writer does not match its check.
      const value = reply.slice(checkLength);
      return checkOf(key, value) === reply.slice(0, checkLength) ? value : undefined;
    },
    set: (key, value) => ask("SET", prefix + key, checkOf(key, value) + value, "EX", String(seconds)),
  };
}
