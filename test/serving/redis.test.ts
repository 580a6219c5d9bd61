import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Scorer, compile } from "../../src/model/scoring/compile.js";
import { redisCache } from "../../src/serving/cache/index.js";
import { createHandler } from "../../src/serving/handler.js";
import { listen, type NodeServer } from "../../src/serving/hosts/node/node-server.js";
import { json } from "../../src/serving/http.js";
import { rateLimit } from "../../src/serving/protection/index.js";
import { connectRedis, type RedisCommand } from "../../src/serving/redis/index.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { hasRedis, startRedis, type TestRedis } from "../helpers/redis.js";
import { request } from "./request.js";
import { pause } from "./raw.js";

describe.skipIf(!hasRedis("cache and rate limits in Redis"))("with a real Redis", () => {
  let redis: TestRedis;
  let client: Awaited<ReturnType<typeof connectRedis>>;
  let server: NodeServer;
  let scored = 0;
  let scorer: Scorer;
  const records = sampleRecords(20);
  const errors: unknown[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    client = await connectRedis(redis.url);
    const compiled = await compile(await sampleArtifact({ networks: 1 }));
    scorer = {
      ...compiled,
      scoreRecord: (record) => {
        scored++;
        return compiled.scoreRecord(record);
      },
    };
    server = await listen(
      createHandler(
        { scorer, name: "churn", version: "1", source: "local" },
        { cache: redisCache(client.send), onError: (error) => errors.push(error) },
      ),
      { port: 0 },
    );
    await vi.waitFor(() => client.send("PING"), { timeout: 10_000 });
  });
  afterAll(async () => {
    await server.close();
    client.close();
    await redis.end();
    expect(errors).toEqual([]);
  });
  beforeEach(() => {
    scored = 0;
  });

  /** Sends every record once; gives how many were scored. All answers must be right. */
  async function round(): Promise<number> {
    const before = scored;
    for (const record of records) {
      const response = await fetch(`${server.url}/predict`, { method: "POST", body: JSON.stringify(record) });
      const answer = (await response.json()) as { probability: number; prediction: string };
      expect(response.status).toBe(200);
      const truth = compiledScore(record);
      expect([answer.probability, answer.prediction]).toEqual([truth.probability, truth.label]);
    }
    return scored - before;
  }
  const compiledScore = (record: unknown) => scorer.scoreRecords([record])[0] ?? expect.unreachable();
  const send = (record: unknown): Promise<Response> =>
    fetch(`${server.url}/predict`, { method: "POST", body: JSON.stringify(record) });
  /** The cache is back at work. */
  const hits = (): Promise<void> => expect.poll(async () => await round(), { timeout: 15_000, interval: 100 }).toBe(0);

  it("scores a record once, whatever the order of its keys, and keeps nothing of it", async () => {
    expect(await round()).toBe(records.length);
    await hits();
    const before = scored;
    await send(Object.fromEntries(Object.entries(records[0] as object).reverse()));
    expect(scored).toBe(before);
    const keys = (await redis.command("KEYS", "*")) as string[];
    expect(keys).toHaveLength(records.length);
    const kept = await redis.command("MGET", ...keys);
    expect(JSON.stringify([keys, kept])).toMatch(/^[\w\s:.[\]",-]*$/);
    expect(await redis.command("TTL", keys[0] ?? "")).toBeGreaterThan(3000);
  });

  it("keeps no score with a warning, and takes what JSON cannot hold", async () => {
    const size = await redis.command("DBSIZE");
    const odd = { ...(records[0] as object), unheardOf: 1 };
    for (let i = 0; i < 3; i++)
      expect(await (await send(odd)).json()).toMatchObject({ warnings: [{ column: "unheardOf" }] });
    const huge = JSON.stringify(records[0]).replace(/:\d+/, ":1e999");
    const response = await fetch(`${server.url}/predict`, { method: "POST", body: huge });
    expect(response.status).toBeLessThan(500);
    expect(await redis.command("DBSIZE")).toBe(size);
    expect(scored).toBe(4);
  });

  it.each(["", "rubbish", "0.5 Yes", "\u0000".repeat(100), "9".repeat(100_000)])(
    "does not take rubbish for a score (%#)",
    async (rubbish) => {
      await round();
      const keys = (await redis.command("KEYS", "churnkit:score:*")) as string[];
      await redis.command("MSET", ...keys.flatMap((key) => [key, rubbish]));
      expect(await round()).toBe(records.length);
      await hits();
    },
  );

  it("does not take one record's score for another's, a score that was cut, or another type", async () => {
    await round();
    const keys = (await redis.command("KEYS", "churnkit:score:*")) as string[];
    const values = (await redis.command("MGET", ...keys)) as string[];
    for (const [i, key] of keys.entries()) {
      if (i % 3 === 0) await redis.command("SET", key, values[(i + 1) % values.length] ?? "");
      else if (i % 3 === 1) await redis.command("SET", key, (values[i] ?? "").slice(0, -1));
      else {
        await redis.command("DEL", key);
        await redis.command("RPUSH", key, "a");
      }
    }
    expect(await round()).toBe(records.length);
    await redis.command("FLUSHALL");
  });

  it("goes on while Redis is full", async () => {
    await redis.command("FLUSHALL");
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    expect(await round()).toBe(records.length);
    expect(await redis.command("DBSIZE")).toBe(0);
    await redis.command("CONFIG", "SET", "maxmemory", "0");
    await pause(1100);
    await hits();
  });

  it("goes on while Redis hangs, waiting for it a few times in all", async () => {
    await hits();
    redis.signal("SIGSTOP");
    const begin = performance.now();
    expect(await round()).toBe(records.length);
    // Three waits of 5 ms, and none after; the rest is the requests' own time.
    expect(performance.now() - begin).toBeLessThan(2000);
    for (const end = performance.now() + 2500; performance.now() < end;) await round();
    redis.signal("SIGCONT");
    await hits();
  });

  it("goes on while Redis is dead, and finds it when it is back", async () => {
    await hits();
    redis.signal("SIGKILL");
    expect(await round()).toBe(records.length);
    expect(await round()).toBe(records.length);
    await redis.restart();
    await hits();
  });

  it("counts requests for all servers together, each for itself while Redis is away", async () => {
    const limit = { requests: 10, seconds: 100, redis: client.send };
    const servers = [1, 2].map(() => rateLimit(limit)(() => Promise.resolve(json(200, {}))));
    const statuses = async (address: string, rounds: number): Promise<number[]> => {
      const all: number[] = [];
      for (let i = 0; i < rounds; i++)
        for (const one of servers) all.push((await one(request("/", undefined, { address }))).status);
      return all;
    };
    const allowed = (all: readonly number[]): number => all.filter((status) => status === 200).length;
    expect(allowed(await statuses("10.0.0.1", 10))).toBe(10);
    const headers = (await servers[0]?.(request("/", undefined, { address: "10.0.0.1" })))?.headers;
    expect(headers).toMatchObject({ ratelimit: '"default";r=0;t=100', "retry-after": "10" });
    // A quota that somebody wrote over begins anew.
    await redis.command("SET", "churnkit:rate:address 10.0.0.1", "rubbish");
    expect(allowed(await statuses("10.0.0.1", 10))).toBe(10);
    redis.signal("SIGSTOP");
    const begin = performance.now();
    expect(allowed(await statuses("10.0.0.2", 15))).toBe(20);
    expect(performance.now() - begin).toBeLessThan(1000);
    redis.signal("SIGCONT");
    await expect.poll(() => client.send("PING").catch(() => ""), { timeout: 10_000 }).toBe("PONG");
    await expect
      .poll(async () => allowed(await statuses(`10.0.1.${Math.floor(Math.random() * 250)}`, 10)), {
        timeout: 10_000,
        interval: 200,
      })
      .toBe(10);
    expect(await redis.command("PTTL", "churnkit:rate:address 10.0.0.1")).toBeGreaterThan(0);
  });

  it("takes any client as one function, also one that throws at once or never replies", async () => {
    const clients: RedisCommand[] = [
      () => {
        throw new Error("not connected");
      },
      () => Promise.reject(new Error("no")),
      () => new Promise(() => undefined),
      () => Promise.resolve({ rubbish: true }),
    ];
    for (const one of clients) {
      const handler = createHandler(
        { scorer, name: "churn", version: "1", source: "local" },
        { cache: redisCache(one), middleware: [rateLimit({ requests: 100, redis: one })] },
      );
      for (const record of records) expect((await handler(request("/predict", record))).status).toBe(200);
    }
    await expect(connectRedis("127.0.0.1:6379")).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });
});
