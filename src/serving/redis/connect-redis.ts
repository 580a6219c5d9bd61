import type { Redis } from "ioredis";
import { ChurnkitError } from "../../base/errors.js";
import type { RedisCommand } from "./guarded-redis.js";

/**
 * Connects to a Redis by the package `ioredis`, with settings for a server that must not wait for it: no queue of commands while
 * it is away, reconnects in the background, and a connection that stays silent for two seconds is replaced.
 *
 * @param url such as `redis://127.0.0.1:6379/0`, or `rediss://` for TLS.
 * @throws ChurnkitError PEER_MISSING without the package. A Redis that cannot be reached is not an error, because it may come later.
 * @example
 * ```ts
 * import { connectRedis, rateLimit } from "churnkit/serving";
 *
 * const redis = await connectRedis("redis://127.0.0.1:6379");
 * const middleware = [rateLimit({ requests: 100, redis: redis.send })];
 * redis.close();
 * ```
 */
export async function connectRedis(url: string): Promise<{ readonly send: RedisCommand; close(): void }> {
  if (!/^rediss?:\/\//.test(url))
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${url.slice(0, 8)}... is not the address of a Redis. Give redis://host:port.`,
    );
  const Client = await load();
  const client = new Client(url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2000,
    socketTimeout: 2000,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2000),
  });
  // Who sends a command learns of its failure; an error nobody listens for would end the process.
  client.on("error", () => undefined);
  return { send: (name, ...args) => client.call(name, ...args), close: () => client.disconnect() };
}

async function load(): Promise<typeof Redis> {
  try {
    return (await import("ioredis")).Redis;
  } catch (cause) {
    throw new ChurnkitError("PEER_MISSING", "Redis needs the package ioredis. Install it: npm install ioredis", {
      cause,
    });
  }
}
