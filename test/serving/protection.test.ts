import { randomBytes } from "node:crypto";
import { writeFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createHandler } from "../../src/serving/handler.js";
import { watchKeys } from "../../src/serving/hosts/node/watch-keys.js";
import { listen, type NodeServer } from "../../src/serving/hosts/node/node-server.js";
import { json, type Handler, type Middleware } from "../../src/serving/http.js";
import { prometheusMetrics } from "../../src/serving/metrics.js";
import { lanesByRoute, workIn } from "../../src/serving/protection/lanes.js";
import { networkOf } from "../../src/serving/protection/rate-limit.js";
import {
  apiKeys,
  cors,
  keysText,
  loadLimit,
  newKey,
  parseKeys,
  rateLimit,
  requestIds,
  requestLog,
  securityHeaders,
  timeLimit,
} from "../../src/serving/protection/index.js";
import { streamedWork } from "../../src/serving/protection/streamed-work.js";
import { turnsOfTheLoop } from "../../src/serving/protection/turns.js";
import { compile } from "../../src/model/scoring/compile.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { budget } from "../helpers/budget.js";
import { newFolder } from "../helpers/folder.js";
import { answers, pause, postText, rawConnection, type RawConnection } from "./raw.js";
import { request } from "./request.js";

/** The middlewares of the test at hand; the server asks for them at each request. */
let middleware: readonly Middleware[] = [];
let errors: unknown[] = [];
let server: NodeServer;
let handlerOf: (middleware: readonly Middleware[]) => Handler;
let record: unknown;

beforeAll(async () => {
  const model = {
    scorer: await compile(await sampleArtifact({ networks: 1 })),
    name: "churn",
    version: "1",
    source: "local",
  };
  [record] = sampleRecords(1);
  const made = new WeakMap<readonly Middleware[], Handler>();
  handlerOf = (around) => {
    const handler =
      made.get(around) ??
      createHandler(model, {
        middleware: around,
        metrics: prometheusMetrics("1"),
        onError: (error) => errors.push(error),
      });
    made.set(around, handler);
    return handler;
  };
  server = await listen((sent) => handlerOf(middleware)(sent), { port: 0 });
});
beforeEach(() => {
  middleware = [];
  errors = [];
});
afterAll(() => server.close());

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(server.url + path, { headers });
const predict = (headers: Record<string, string> = {}, body: unknown = record): Promise<Response> =>
  fetch(`${server.url}/predict`, { method: "POST", headers, body: JSON.stringify(body) });
const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { error: { code: string } }).error.code;

describe("apiKeys", () => {
  const crm = newKey("crm", ["predict"]);
  const prometheus = newKey("prometheus", ["metrics"]);
  const root = newKey("root", ["admin"]);
  const document = keysText([crm.key, prometheus.key, root.key]);
  const keyed = [apiKeys(document)];

  it("asks for a key, by either header", async () => {
    middleware = keyed;
    const without = await predict();
    expect(without.status).toBe(401);
    expect(without.headers.get("www-authenticate")).toContain("Bearer");
    expect(await codeOf(without)).toBe("ACCESS_DENIED");
    expect((await predict({ authorization: `Bearer ${crm.secret}` })).status).toBe(200);
    expect((await predict({ authorization: `bearer  ${crm.secret}` })).status).toBe(200);
    expect((await predict({ "x-api-key": crm.secret })).status).toBe(200);
    expect((await predict({ authorization: `Basic ${crm.secret}` })).status).toBe(401);
    for (const wrong of [`${crm.secret}x`, crm.secret.slice(1), crm.key.sha256, "", "x".repeat(5000)])
      expect((await predict({ "x-api-key": wrong })).status).toBe(401);
  });

  it("keeps each key to its scope", async () => {
    middleware = keyed;
    expect((await get("/metrics", { "x-api-key": prometheus.secret })).status).toBe(200);
    expect((await get("/metrics", { "x-api-key": root.secret })).status).toBe(200);
    const refused = await get("/metrics", { "x-api-key": crm.secret });
    expect([refused.status, await codeOf(refused)]).toEqual([403, "ACCESS_DENIED"]);
    expect((await predict({ "x-api-key": prometheus.secret })).status).toBe(403);
    const change = (secret: string): Promise<Response> =>
      fetch(`${server.url}/models/churn`, { method: "DELETE", headers: { "x-api-key": secret } });
    expect((await change(crm.secret)).status).toBe(403);
    expect((await change(root.secret)).status).toBe(405);
  });

  it("leaves the health routes open, and names no other", async () => {
    middleware = keyed;
    for (const path of ["/live", "/ready", "/ping", "/health"]) expect((await get(path)).status).toBe(200);
    for (const path of ["/", "/health/", "/Health", "//health", "/health%00", "/model-info", "/metrics", "/nowhere"])
      expect((await get(path)).status).toBe(401);
  });

  it("refuses a document that is no list of hashed keys", () => {
    const one = { name: "crm", scopes: ["predict"], sha256: "a".repeat(64) };
    const keys = (...list: unknown[]): string => JSON.stringify({ version: 1, keys: list });
    expect(parseKeys(keys(one), "here")).toEqual([one]);
    for (const broken of [
      "",
      "[]",
      keys({ ...one, sha256: "secret" }),
      keys({ ...one, scopes: [] }),
      keys({ ...one, scopes: ["root"] }),
      keys({ ...one, secret: "x" }),
      keys({ ...one, name: "a\nb" }),
      keys(one, one),
    ])
      expect(() => apiKeys(broken)).toThrow(expect.objectContaining({ code: "INPUT_MALFORMED" }));
  });

  it("gives keys of 192 random bits and keeps no secret", () => {
    const secrets = new Set(Array.from({ length: 100 }, () => newKey("a", ["predict"]).secret));
    expect(secrets.size).toBe(100);
    for (const secret of secrets) expect(secret).toMatch(/^ck_[\w-]{32}$/);
    expect(document).not.toContain(crm.secret);
  });

  it("follows its file, and keeps the former keys while it is broken", async () => {
    const file = join(newFolder(), "keys.json");
    await writeFile(file, keysText([crm.key]));
    const problems: unknown[] = [];
    const keys = await watchKeys(file, { every: 5, onProblem: (problem) => problems.push(problem) });
    middleware = [apiKeys(keys)];
    const status = async (secret: string): Promise<number> => (await predict({ "x-api-key": secret })).status;
    expect([await status(crm.secret), await status(root.secret)]).toEqual([200, 401]);
    await writeFile(`${file}.new`, keysText([root.key]));
    await rename(`${file}.new`, file);
    await expect.poll(() => status(root.secret)).toBe(200);
    expect(await status(crm.secret)).toBe(401);
    for (const broken of ["{", '{"version":2,"keys":[]}']) {
      const told = problems.length;
      await writeFile(file, broken);
      await expect.poll(() => problems.length).toBe(told + 1);
      await pause(30);
      expect([problems.length, await status(root.secret)]).toEqual([told + 1, 200]);
    }
    await rm(file);
    await expect.poll(() => problems.length).toBe(3);
    expect(await status(root.secret)).toBe(200);
    await writeFile(file, keysText([]));
    await expect.poll(() => status(root.secret)).toBe(401);
    keys.close();
    await expect(watchKeys(join(file, "none"))).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
  });
});

describe("rateLimit", () => {
  it("refuses what is beyond the quota, and says when it is back", async () => {
    let time = 0;
    middleware = [rateLimit({ requests: 3, seconds: 30, now: () => time })];
    const said = async (): Promise<(string | number | null)[]> => {
      const { status, headers } = await get("/model-info");
      return [status, headers.get("ratelimit"), headers.get("retry-after")];
    };
    expect(await said()).toEqual([200, '"default";r=2;t=10', null]);
    expect(await said()).toEqual([200, '"default";r=1;t=20', null]);
    expect(await said()).toEqual([200, '"default";r=0;t=30', null]);
    expect(await said()).toEqual([429, '"default";r=0;t=30', "10"]);
    time = 4_000;
    expect(await said()).toEqual([429, '"default";r=0;t=26', "6"]);
    const refused = await get("/");
    expect(refused.headers.get("ratelimit-policy")).toBe('"default";q=3;w=30');
    expect(await codeOf(refused)).toBe("TOO_BUSY");
    expect((await get("/health")).status).toBe(200);
    time = 10_000;
    expect(await said()).toEqual([200, '"default";r=0;t=30', null]);
    expect((await said())[0]).toBe(429);
    time = 100_000;
    expect(await said()).toEqual([200, '"default";r=2;t=10', null]);
  });

  it("counts each key for itself, and addresses apart from keys", async () => {
    const [a, b] = [newKey("a", ["predict"]), newKey("127.0.0.1", ["predict"])];
    middleware = [apiKeys(keysText([a.key, b.key])), rateLimit({ requests: 1, seconds: 100, now: () => 0 })];
    expect((await predict({ "x-api-key": a.secret })).status).toBe(200);
    expect((await predict({ "x-api-key": a.secret })).status).toBe(429);
    expect((await predict({ "x-api-key": b.secret })).status).toBe(200);
    middleware = [rateLimit({ requests: 1, seconds: 100, now: () => 0 })];
    expect((await predict()).status).toBe(200);
    expect((await predict({ "x-forwarded-for": "10.0.0.1" })).status).toBe(429);
    middleware = [rateLimit({ requests: 1, seconds: 100, proxies: 1, now: () => 0 })];
    const from = async (...addresses: string[]): Promise<number> =>
      (await predict({ "x-forwarded-for": addresses.join(", ") })).status;
    expect(await from("10.0.0.1")).toBe(200);
    expect(await from("1.2.3.4", "10.0.0.1")).toBe(429);
    expect(await from("10.0.0.1", "10.0.0.2")).toBe(200);
  });

  it("remembers no more senders than it may", async () => {
    const limited = rateLimit({ requests: 1, seconds: 100, entries: 2, now: () => 0 })(() =>
      Promise.resolve(json(200, {})),
    );
    const from = async (address: string): Promise<number> =>
      (await limited(request("/", undefined, { address }))).status;
    expect([await from("a"), await from("a"), await from("b"), await from("a"), await from("b")]).toEqual([
      200, 429, 200, 429, 429,
    ]);
    expect([await from("c"), await from("b"), await from("a")]).toEqual([200, 429, 200]);
  });

  it.each([
    ["1.2.3.4", "1.2.3.4"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["2001:db8:0:1::1", "2001:db8:0:1"],
    ["2001:DB8:0:1:ffff:1:2:3", "2001:db8:0:1"],
    ["::1", "0:0:0:0"],
    ["2001:0db8::7", "2001:db8:0:0"],
  ])("takes %s for %s", (address, network) => expect(networkOf(address)).toBe(network));

  it.each([{ requests: 0 }, { requests: 1.5 }, { requests: 1, seconds: 0 }, { requests: 1, entries: 0 }])(
    "refuses %j",
    (options) => expect(() => rateLimit(options)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" })),
  );
});

describe("loadLimit", () => {
  it("bounds the requests under way, with those whose body is arriving", async () => {
    middleware = [loadLimit({ maxInFlight: 2 })];
    const slow = await Promise.all(
      [1, 2].map(() => rawConnection(server.port, "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{")),
    );
    await expect.poll(async () => (await predict()).status).toBe(503);
    const refused = await predict();
    expect([refused.headers.get("retry-after"), await codeOf(refused)]).toEqual(["1", "TOO_BUSY"]);
    for (const path of ["/health", "/ready", "/metrics"]) expect((await get(path)).status).toBe(200);
    for (const { socket } of slow) socket.write("}");
    await Promise.all(slow.map((each) => each.until((text) => answers(text) === 1)));
    expect((await predict()).status).toBe(200);
    for (const { socket } of slow) socket.destroy();
    // A caller that hangs up gives its place back.
    const gone = await Promise.all(
      [1, 2].map(() => rawConnection(server.port, "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{")),
    );
    await expect.poll(async () => (await predict()).status).toBe(503);
    for (const { socket } of gone) socket.destroy();
    await expect.poll(async () => (await predict()).status).toBe(200);
  });

  it("refuses what comes behind a route's oldest request, once others wait too", async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const hold: Middleware = (next) => async (sent) => {
      await sent.body();
      if (sent.path === "/batch-predict") await held;
      return next({ ...sent, body: () => new TextEncoder().encode("[]") });
    };
    middleware = [loadLimit({ maxDelay: 20 }), hold];
    const batch = (): Promise<Response> => fetch(`${server.url}/batch-predict`, { method: "POST", body: "[]" });
    const first = Array.from({ length: 4 }, batch);
    await pause(60);
    expect((await batch()).status).toBe(503);
    expect((await predict()).status).not.toBe(503);
    release();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await batch()).status).toBe(200);
  });

  it("refuses the rest of what came at once when a turn of the loop takes too long", async () => {
    const busy: Middleware = (next) => (sent) => {
      const end = performance.now() + 10;
      while (performance.now() < end);
      return next(sent);
    };
    middleware = [loadLimit({ maxDelay: 25 }), busy];
    const burst = await rawConnection(server.port, "GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(12));
    const text = await burst.until((so) => answers(so) === 12);
    burst.socket.destroy();
    const statuses = [...text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toContain("503");
    expect(statuses.filter((status) => status === "200").length).toBeGreaterThanOrEqual(1);
    expect((await get("/")).status).toBe(200);
  });

  it("sends refusals of a long turn behind it, oldest first and a part at a time", async () => {
    const turns = turnsOfTheLoop(1);
    turns.reach(performance.now());
    const end = performance.now() + 5;
    while (performance.now() < end);
    expect(turns.isLong(performance.now())).toBe(true);
    const sent: number[] = [];
    const all = Array.from({ length: 200 }, async (_, i) => {
      turns.reach(performance.now());
      await turns.refusal(performance.now());
      sent.push(i);
    });
    await Promise.resolve();
    expect(sent).toEqual([]);
    await new Promise(setImmediate);
    const first = sent.length;
    expect([first > 0, first < 200]).toEqual([true, true]);
    await Promise.all(all);
    expect(sent).toEqual(Array.from({ length: 200 }, (_, i) => i));
    // Where turns are short, a refusal is sent at once.
    turns.reach(performance.now());
    expect(turns.refusal(performance.now())).toBeUndefined();
  });

  it("counts a stream of lines until its answer is complete or given up", async () => {
    middleware = [loadLimit({ maxInFlight: 1 })];
    const head =
      "POST /batch-predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n";
    const line = `${JSON.stringify(record)}\n`;
    const start = `${head}${line.length.toString(16)}\r\n${line}\r\n`;
    for (const end of [
      (raw: RawConnection) => raw.socket.write("0\r\n\r\n"),
      (raw: RawConnection) => raw.socket.destroy(),
    ]) {
      const raw = await rawConnection(server.port, start);
      await raw.until((text) => text.includes('"probability"'));
      expect((await predict()).status).toBe(503);
      end(raw);
      await expect.poll(async () => (await predict()).status).toBe(200);
      raw.socket.destroy();
    }
  });

  it("counts the work of a stream while it goes on, and not while its caller waits", async () => {
    const lane = { size: 0, most: 0 };
    const work = workIn({
      begin: () => void (lane.most = Math.max(lane.most, ++lane.size)),
      end: () => void lane.size--,
      wait: () => 0,
    });
    const { chunks, answer } = streamedWork(work);
    const sizes: string[] = [];
    const note = (where: string): void => void sizes.push(`${where} ${lane.size}`);
    const bytes = new Uint8Array(1);
    const given = async function* () {
      note("asked");
      yield await Promise.resolve(bytes);
      note("asked");
      yield bytes;
      note("asked");
    };
    const lines = async function* () {
      for await (const chunk of chunks(given)()) {
        note("worked on");
        yield chunk;
        note("worked on");
        yield chunk;
      }
    };
    let over = 0;
    let bytesRead = 0;
    for await (const piece of answer(lines(), () => over++)) {
      bytesRead += piece.length;
      note("read");
    }
    expect(bytesRead).toBe(4);
    expect(new Set(sizes)).toEqual(new Set(["asked 0", "worked on 1", "read 0"]));
    expect([lane.size, lane.most, over]).toEqual([0, 1, 1]);
  });

  it("counts requests for reasons apart from the others of their route", () => {
    const laneOf = lanesByRoute();
    const plain = laneOf(request("/predict", ""));
    const explained = laneOf(request("/predict", "", { query: "explain=3" }));
    for (let i = 0; i < 5; i++) explained.begin(0);
    explained.end(40);
    expect([explained.wait(40), plain.wait(40)]).toEqual([160, 0]);
    expect(laneOf(request("/predict", "", { query: "explain=1" }))).toBe(explained);
  });

  it.each([{ maxInFlight: 0 }, { maxDelay: 0 }, { maxDelay: NaN }])("refuses %j", (options) =>
    expect(() => loadLimit(options)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" })),
  );
});

describe("cors", () => {
  const origin = "https://crm.example.com";
  const preflight = (from: string): Promise<Response> =>
    fetch(`${server.url}/predict`, {
      method: "OPTIONS",
      headers: { origin: from, "access-control-request-method": "POST", "access-control-request-headers": "x-api-key" },
    });

  it("answers preflights of the listed origins before a key is asked for", async () => {
    middleware = [cors({ origins: [origin] }), apiKeys(keysText([]))];
    const allowed = await preflight(origin);
    expect([allowed.ok, allowed.headers.get("access-control-allow-origin"), allowed.headers.get("vary")]).toEqual([
      true,
      origin,
      "origin",
    ]);
    expect(allowed.headers.get("access-control-allow-headers")).toContain("x-api-key");
    expect((await preflight("https://evil.example.com")).headers.get("access-control-allow-origin")).toBeNull();
    const refused = await predict({ origin });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, origin]);
  });

  it("marks answers of all kinds, those to broken requests too", async () => {
    middleware = [cors({ origins: [origin] })];
    const broken = await fetch(`${server.url}/predict`, { method: "POST", headers: { origin }, body: "{" });
    expect([broken.status, broken.headers.get("access-control-allow-origin")]).toEqual([400, origin]);
    expect(
      (await predict({ origin: "https://evil.example.com" })).headers.get("access-control-allow-origin"),
    ).toBeNull();
    middleware = [cors({ origins: ["*"] })];
    expect((await predict({ origin: "https://any.example.com" })).headers.get("access-control-allow-origin")).toBe("*");
  });

  it.each(["crm.example.com", "https://crm.example.com/", "https://crm.example.com/a", "null"])(
    "refuses %s as an origin",
    (wrong) => expect(() => cors({ origins: [wrong] })).toThrow(expect.objectContaining({ code: "OPTION_INVALID" })),
  );
});

it("securityHeaders adds headers to every answer", async () => {
  middleware = [securityHeaders()];
  for (const path of ["/", "/nowhere", "/predict"]) {
    const { headers } = await get(path);
    expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
    expect([
      headers.get("x-frame-options"),
      headers.get("cache-control"),
      headers.get("x-content-type-options"),
    ]).toEqual(["DENY", "no-store", "nosniff"]);
  }
});

describe("requestIds", () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  let seen: Readonly<Record<string, string | undefined>>;
  const look: Middleware = (next) => (sent) => {
    seen = sent.headers;
    return next(sent);
  };

  it("takes an id, or a trace, or makes an id", async () => {
    middleware = [requestIds(), look];
    const own = await get("/", { "x-request-id": "order-7", traceparent });
    expect([own.headers.get("x-request-id"), own.headers.get("traceparent")]).toEqual(["order-7", traceparent]);
    expect([seen["x-request-id"], seen["traceparent"]]).toEqual(["order-7", traceparent]);
    expect((await get("/", { traceparent })).headers.get("x-request-id")).toBe("4bf92f3577b34da6a3ce929d0e0e4736");
    const made = await Promise.all([1, 2].map(() => get("/nowhere")));
    expect(new Set(made.map(({ headers }) => headers.get("x-request-id"))).size).toBe(2);
  });

  it.each(["a b", "x".repeat(129), '{"a":1}', "<script>"])("gives its own in place of %j", async (id) => {
    middleware = [requestIds(), look];
    const { headers } = await get("/", { "x-request-id": id, traceparent: traceparent.replace("00-4", "zz-4") });
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect([headers.get("traceparent"), seen["traceparent"]]).toEqual([null, undefined]);
  });
});

describe("requestLog", () => {
  const lines: string[] = [];
  const write = (line: string): unknown => lines.push(line);
  beforeEach(() => void (lines.length = 0));

  it("writes what pino's tools read, and nothing about a person", async () => {
    const { secret, key } = newKey("crm", ["predict"]);
    middleware = [requestIds(), requestLog(write), apiKeys(keysText([key]))];
    await predict({ "x-api-key": secret, "x-request-id": "r1" }, { customerId: "secret-7", age: "secret-8" });
    await get("/model-info?email=secret-9");
    await fetch(`${server.url}/predict`, { method: "POST", headers: { "x-api-key": secret }, body: "secret-10" });
    const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(parsed[0]).toEqual({
      level: 40,
      time: expect.any(Number) as number,
      msg: "request completed",
      req: { id: "r1", method: "POST", url: "/predict", remoteAddress: "127.0.0.1" },
      res: { statusCode: 422 },
      responseTime: expect.any(Number) as number,
      key: "crm",
    });
    expect(parsed.map(({ res }) => (res as { statusCode: number }).statusCode)).toEqual([422, 401, 400]);
    expect(lines.join("")).not.toContain("secret-");
    expect(lines.join("")).not.toContain(secret);
  });

  it("logs a failure as an error, and fails no request when it fails itself", async () => {
    const broken: Middleware = () => () => Promise.reject(new Error("inside"));
    middleware = [requestLog(write), broken];
    expect((await get("/")).status).toBe(500);
    expect(lines[0]).toContain('"level":50');
    expect(errors).toHaveLength(1);
    middleware = [
      requestLog(() => {
        throw new Error("disk full");
      }),
    ];
    expect((await get("/")).status).toBe(200);
  });

  it("shows of bodies only numbers and known labels of features", async () => {
    const { contract } = await compile(await sampleArtifact({ networks: 1 }));
    const hidden = contract.columns.find(({ role, kind }) => role === "feature" && kind === "number")?.name ?? "";
    const category = contract.columns.find(({ role, kind }) => role === "feature" && kind === "category")?.name ?? "";
    middleware = [requestLog(write, { bodies: contract, hide: [hidden] })];
    const sent = { ...(record as object), [category]: "secret-1", "secret-2": 1, [hidden]: 987_654 };
    await predict({}, sent);
    await fetch(`${server.url}/batch-predict`, { method: "POST", body: JSON.stringify([sent, "secret-3"]) });
    await fetch(`${server.url}/predict`, { method: "POST", body: "secret-4" });
    const texts = lines.join("");
    for (const secret of ["secret-", "987654"]) expect(texts).not.toContain(secret);
    for (const { name, role, kind } of contract.columns) {
      const value = (record as Record<string, unknown>)[name];
      if (role !== "feature" && value !== undefined) expect(texts).not.toContain(JSON.stringify(value));
      if (role === "feature" && kind === "number" && name !== hidden)
        expect(texts).toContain(`"${name}":${JSON.stringify(value)}`);
    }
  });
});

it("timeLimit gives up on an answer", async () => {
  const never: Middleware = (next) => (sent) => (sent.path === "/predict" ? new Promise(() => undefined) : next(sent));
  middleware = [timeLimit(20), never];
  const late = await predict();
  expect([late.status, late.headers.get("retry-after"), await codeOf(late)]).toEqual([503, "1", "TOO_BUSY"]);
  expect((await get("/")).status).toBe(200);
  expect(() => timeLimit(0)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
});

it("answers 10,000 malformed bodies without one 5xx", async () => {
  const { secret, key } = newKey("crm", ["predict"]);
  middleware = [
    requestIds(),
    requestLog(() => undefined),
    securityHeaders(),
    cors({ origins: ["*"] }),
    loadLimit({ maxInFlight: 100_000, maxDelay: 1e9 }),
    apiKeys(keysText([key])),
    rateLimit({ requests: 1_000_000 }),
    timeLimit(10_000),
  ];
  const good = JSON.stringify(record);
  const nested = "[".repeat(300);
  const broken: (() => Buffer)[] = [
    () => randomBytes(1 + Math.floor(Math.random() * 200)),
    () => Buffer.from(good.slice(0, Math.floor(Math.random() * good.length))),
    () => Buffer.from(good.replace(/[:,"]/, "")),
    () => Buffer.from(nested),
    () => Buffer.from(`{"__proto__":{"a":1}}`),
    () => Buffer.from(good.replace(/\d+/, "1e999")),
    () => Buffer.from("null"),
    () => Buffer.from(`[${good}]`),
    () => Buffer.from(JSON.stringify({ [String.fromCharCode(0xd800)]: "\u0000" })),
    () => Buffer.alloc(0),
  ];
  const paths = ["/predict", "/batch-predict", "/invocations"];
  const total = budget(10_000);
  const atOnce = 50;
  const counts = new Map<string, number>();
  await Promise.all(
    Array.from({ length: total / atOnce }, async (_, connection) => {
      const requests = Array.from({ length: atOnce }, (_, i) => {
        const body = broken[(connection + i) % broken.length]?.() ?? Buffer.alloc(0);
        const head = postText(paths[i % paths.length] ?? "", "", `x-api-key: ${secret}\r\n`);
        return Buffer.concat([Buffer.from(head.replace("length: 0", `length: ${body.length}`)), body]);
      });
      const connected = await rawConnection(server.port);
      connected.socket.write(Buffer.concat(requests));
      const text = await connected.until((so) => so.length > atOnce * 100 && answers(so) === atOnce);
      connected.socket.destroy();
      for (const [, status = ""] of text.matchAll(/HTTP\/1\.1 (\d+)/g))
        counts.set(status, (counts.get(status) ?? 0) + 1);
    }),
  );
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(total);
  expect([...counts.keys()].filter((status) => status.startsWith("5"))).toEqual([]);
  expect([...counts.keys()].sort()).toEqual(["200", "400", "422"]);
  expect(errors).toEqual([]);
});
