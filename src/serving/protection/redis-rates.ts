import type { AskRedis } from "../redis/index.js";
import type { Quota, Take } from "./rates.js";

/**
 * The algorithm of `memoryRates`, inside Redis and by its clock, so that servers share quotas and none races another. Returns
 * whether the request is allowed, and the milliseconds until the quota is whole. Numbers are texts: Redis cuts fractions off.
 */
const script = `
local t = redis.call("TIME")
local now = t[1] * 1000 + t[2] / 1000
local share, window = ARGV[2] / ARGV[1], tonumber(ARGV[2])
local ahead = math.max(0, (tonumber(redis.call("GET", KEYS[1]) or "0") or 0) - now)
if ahead > window then ahead = window end
if ahead + share > window + 1e-6 then return {0, tostring(ahead)} end
redis.call("SET", KEYS[1], string.format("%.3f", now + ahead + share), "PX", math.ceil(ahead + share))
return {1, tostring(ahead + share)}
`;

/** Counts in Redis; undefined while Redis does not answer. */
export function redisRates({ requests, window }: Quota, ask: AskRedis): (who: string) => Promise<Take | undefined> {
  return async (who) =>
    takeOf(await ask("EVAL", script, "1", `churnkit:rate:${who}`, String(requests), String(window)));
}

function takeOf(reply: unknown): Take | undefined {
  if (!Array.isArray(reply) || reply.length !== 2) return undefined;
  const full = Number(reply[1]);
  return (reply[0] === 0 || reply[0] === 1) && full >= 0 ? { allowed: reply[0] === 1, full } : undefined;
}
