import type { Contract } from "../data/contract/index.js";
import type { AnswerCache } from "../serving/cache/index.js";
import type { Middleware } from "../serving/http.js";
import {
  apiKeys,
  cors,
  loadLimit,
  rateLimit,
  requestIds,
  requestLog,
  securityHeaders,
  timeLimit,
  type Take,
} from "../serving/protection/index.js";
import { watchKeys } from "../serving/hosts/index.js";
import type { RedisCommand } from "../serving/redis/index.js";
import { note, reasonOf } from "./output.js";
import { rateOf, type ServeConfig } from "./serve-config.js";

/** The middleware and cache of `churnkit serve`. */
export interface Protection {
  readonly middleware: readonly Middleware[];
  readonly cache: AnswerCache | undefined;
  readonly close: () => void;
}

/** The variable that holds keys where no file is named. */
const keysVariable = "CHURNKIT_KEYS";

/** Counts requests for all processes of a server. */
type Counted = (who: string) => Promise<Take | undefined>;

/**
 * The middlewares and the cache that a server is asked for, the outermost first. Request ids, security headers and the load
 * limit are always there.
 *
 * @param contract says what of a body may be logged; without it no body is.
 * @param counted counts for the rate limit where several processes share the port.
 */
export async function protectionOf(
  options: ServeConfig,
  contract: Contract | undefined,
  counted?: Counted,
): Promise<Protection> {
  const { maxInFlight, maxDelay } = options;
  const redis = options.redis === undefined ? undefined : await redisAt(options.redis);
  const keys = await keysOf(options.keys);
  const quota = quotaOf(options);
  const middleware = [
    requestIds(),
    logOf(options.log, contract),
    securityHeaders(),
    options.cors && cors({ origins: options.cors }),
    loadLimit({ maxInFlight, maxDelay }),
    keys && apiKeys(keys.source),
    quota &&
      rateLimit({ ...quota, proxies: options.proxies, redis: redis?.send, counted: redis ? undefined : counted }),
    options.timeLimit === undefined ? undefined : timeLimit(options.timeLimit),
  ];
  return {
    middleware: middleware.filter((each) => each !== undefined),
    cache: await cacheOf(options.cache, redis?.send),
    close() {
      keys?.close();
      redis?.close();
    },
  };
}

/** The rate limit that a server is asked for. */
export const quotaOf = ({ rateLimit: rate }: ServeConfig): ReturnType<typeof rateOf> =>
  rate === undefined ? undefined : rateOf(rate);

/** Says so where a server can be asked from other machines and has no keys. */
export function warnIfOpen({ host = "127.0.0.1", keys = process.env[keysVariable] }: ServeConfig): void {
  if ((keys ?? "") !== "" || isLoopback(host)) return;
  note(
    `churnkit: anybody who can reach ${host} can ask this server. Give it keys: --keys <file>, made by \`churnkit keys create\`.`,
  );
}

async function redisAt(url: string) {
  const { connectRedis } = await import("../serving/redis/index.js");
  return connectRedis(url);
}

async function keysOf(file: string | undefined) {
  const document = process.env[keysVariable];
  if (file !== undefined) {
    const source = await watchKeys(file, {
      onProblem: (error) => note(`churnkit: the former keys stay: ${reasonOf(error)}`),
    });
    return { source, close: () => source.close() };
  }
  return document === undefined || document === "" ? undefined : { source: document, close: () => undefined };
}

function logOf(log: ServeConfig["log"], contract: Contract | undefined): Middleware | undefined {
  if (log === undefined || log === false) return undefined;
  const { bodies = false, hide } = log === true ? {} : log;
  return requestLog(lineWriter(), { bodies: bodies ? contract : undefined, hide });
}

/** Bytes that a pipe takes at once: processes that share it mix no shorter lines. */
const pipeBytes = 4096;

/** Writes lines to standard output, those of one turn of the event loop together: a write for each would cost more than its request. */
function lineWriter(): (line: string) => void {
  let waiting = "";
  let size = 0;
  const flush = (): void => {
    if (waiting !== "") process.stdout.write(waiting);
    waiting = "";
    size = 0;
  };
  return (line) => {
    const bytes = Buffer.byteLength(line) + 1;
    if (size + bytes > pipeBytes) flush();
    if (size === 0) setImmediate(flush);
    size += bytes;
    waiting += `${line}\n`;
  };
}

async function cacheOf(cache: ServeConfig["cache"], redis: RedisCommand | undefined): Promise<AnswerCache | undefined> {
  if (cache === undefined || cache === false) return undefined;
  const { memoryCache, redisCache } = await import("../serving/cache/index.js");
  const { entries, seconds } = cache === true ? {} : cache;
  return redis === undefined ? memoryCache(entries, seconds) : redisCache(redis, { seconds });
}

const isLoopback = (host: string): boolean => /^(127\.\d+\.\d+\.\d+|::1|\[::1\]|localhost)$/i.test(host);
