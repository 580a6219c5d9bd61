import { ChurnkitError } from "../../base/errors.js";
import { failure, withHeaders, type Middleware, type ServeRequest, type ServeResponse } from "../http.js";
import { guardedRedis, type RedisCommand } from "../redis/index.js";
import { isHealth } from "./open-routes.js";
import { memoryRates, type Rates, type Take } from "./rates.js";
import { redisRates } from "./redis-rates.js";

/** Options of {@link rateLimit}. */
export interface RateLimitOptions {
  /** Requests that a sender has in a window, and may send at once. */
  readonly requests: number;
  /** Length of the window. Default 1 second. */
  readonly seconds?: number | undefined;
  /** Whose quota a request uses. Default: that of its API key, else that of its address. */
  readonly by?: ((request: ServeRequest) => string) | undefined;
  /** How many proxies of yours stand before the server: the address is the one that the outermost of them added to `x-forwarded-for`. */
  readonly proxies?: number | undefined;
  /** Counts in Redis, for all servers together. Where Redis fails, each server counts for itself. */
  readonly redis?: RedisCommand | undefined;
  /** Counts elsewhere, such as in the process that all workers share. Where it gives nothing, each server counts for itself. */
  readonly counted?: ((who: string) => Promise<Take | undefined>) | undefined;
  /** Most senders remembered in memory. Default 10,000. */
  readonly entries?: number | undefined;
  /** The clock, in milliseconds, of counts in memory. */
  readonly now?: (() => number) | undefined;
}

/**
 * Gives each sender so many requests in a window; beyond it the answer is a 429 with `Retry-After`. A quota comes back evenly, not
 * all at once. Answers carry `RateLimit` and `RateLimit-Policy` as the IETF's draft writes them. Health routes are not counted.
 * A sender is an API key where `apiKeys` comes before, else an address (of IPv6, its /64).
 *
 * @throws ChurnkitError OPTION_INVALID for numbers out of range.
 * @example
 * ```ts
 * import { rateLimit } from "churnkit/serving";
 *
 * const middleware = [rateLimit({ requests: 100, seconds: 1 })];
 * ```
 */
export function rateLimit(options: RateLimitOptions): Middleware {
  const { requests, seconds = 1, proxies = 0, redis, entries = 10_000, now = () => performance.now() } = options;
  atLeastOne({ requests, entries });
  if (!(seconds > 0 && seconds <= 86_400))
    throw new ChurnkitError("OPTION_INVALID", `seconds of a rate limit are above 0 and up to 86400, not ${seconds}.`);
  const { by = senderOf(proxies) } = options;
  const quota = { requests, window: seconds * 1000 };
  const inMemory = memoryRates(quota, entries, now);
  const { counted = redis && redisRates(quota, guardedRedis(redis)) } = options;
  const rates: Rates =
    counted === undefined ? inMemory : { take: async (who) => (await counted(who)) ?? inMemory.take(who) };
  const share = quota.window / requests;
  const policy = `"default";q=${requests};w=${Math.ceil(seconds)}`;
  const headersOf = ({ full }: Take): Record<string, string> => ({
    "ratelimit-policy": policy,
    ratelimit: `"default";r=${Math.max(0, Math.floor((quota.window - full) / share + 1e-6))};t=${Math.ceil(full / 1000)}`,
  });
  const refused = (take: Take): ServeResponse => {
    const wait = Math.max(1, Math.ceil((take.full + share - quota.window) / 1000));
    return failure(
      429,
      {
        code: "TOO_BUSY",
        message: `The limit of ${requests} requests in ${seconds} s is reached. Try again in ${wait} s.`,
      },
      { ...headersOf(take), "retry-after": String(wait) },
    );
  };
  return (next) => async (request) => {
    if (isHealth(request.path)) return next(request);
    const taken = rates.take(by(request));
    const take = taken instanceof Promise ? await taken : taken;
    return take.allowed ? withHeaders(await next(request), headersOf(take)) : refused(take);
  };
}

function atLeastOne(numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new ChurnkitError("OPTION_INVALID", `${name} of a rate limit is a whole number above 0, not ${value}.`);
  }
}

/** The key's name, else the address, told apart so that nobody takes the quota of another. */
const senderOf =
  (proxies: number) =>
  (request: ServeRequest): string =>
    request.caller === undefined ? `address ${networkOf(addressOf(request, proxies))}` : `key ${request.caller}`;

function addressOf({ address = "", headers }: ServeRequest, proxies: number): string {
  if (proxies === 0) return address;
  // Each proxy adds, at the end, the address of its caller. Anybody may have written the addresses further left.
  return headers["x-forwarded-for"]?.split(",").at(-proxies)?.trim().slice(0, 64) ?? address;
}

/** An IPv4 address, or the /64 of an IPv6 one: one caller usually owns all addresses of it. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(":")) return mapped ?? address;
  const [head = "", tail] = address.toLowerCase().split("::");
  const groups = head === "" ? [] : head.split(":");
  const behind = tail === undefined || tail === "" ? [] : tail.split(":");
  const filled =
    tail === undefined
      ? groups
      : [...groups, ...Array<string>(Math.max(0, 8 - groups.length - behind.length)).fill("0"), ...behind];
  return filled
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
