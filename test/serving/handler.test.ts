import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ChurnkitError } from "../../src/base/errors.js";
import { compile, type Scorer } from "../../src/model/scoring/compile.js";
import { createHandler, type HandlerOptions } from "../../src/serving/handler.js";
import type { ErrorBody, Middleware } from "../../src/serving/http.js";
import { prometheusMetrics, type ServingMetrics } from "../../src/serving/metrics.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { asText, request, type TextHandler } from "./request.js";

describe("createHandler", () => {
  let scorer: Scorer;
  const make = (options: HandlerOptions = {}, other: Partial<Scorer> = {}): TextHandler =>
    asText(
      createHandler({ scorer: { ...scorer, ...other }, name: "churn", version: "7", source: "registry" }, options),
    );
  const get = (handler: TextHandler, path: string, method = "GET") =>
    handler({ ...request(path, undefined, { method }), body: () => Promise.reject(new Error("a GET reads no body")) });
  beforeAll(async () => {
    scorer = await compile(await sampleArtifact({ networks: 0 }));
  });

  it("answers /health with versions, status and uptime", async () => {
    const handler = make();
    const { status, body } = await get(handler, "/health");
    const health = JSON.parse(body) as Record<string, unknown>;
    expect(status).toBe(200);
    expect(health).toMatchObject({ status: "ok", model_name: "churn", model_version: "7", model_source: "registry" });
    expect(health["version"]).toBe(
      (JSON.parse(readFileSync(resolve(import.meta.dirname, "../../package.json"), "utf8")) as { version: string })
        .version,
    );
    const later = JSON.parse((await get(handler, "/health")).body) as { uptime_seconds: number };
    expect(later.uptime_seconds).toBeGreaterThan(health["uptime_seconds"] as number);
  });

  it("answers /model-info with what a caller must send", async () => {
    const info = JSON.parse((await get(make(), "/model-info")).body) as Record<string, unknown> & {
      inputs: { name: string; kind: string }[];
    };
    expect(info).toMatchObject({ contract: "sample", threshold: 0.4, target: { positive: "Yes" } });
    expect(info.inputs.map(({ name }) => name)).toEqual(["tenure", "charges", "paperless", "since", "plan"]);
    expect(info.inputs[4]).toMatchObject({ kind: "category", levels: ["basic", "plus", "toString"] });
  });

  it("lists its endpoints at / and answers each of them", async () => {
    const handler = make();
    const { endpoints } = JSON.parse((await get(handler, "/")).body) as { endpoints: string[] };
    expect(endpoints).toEqual(expect.arrayContaining(["/predict", "/health", "/v2/models/{model}/infer", "/"]));
    for (const path of endpoints) {
      const posts = /predict|invocations/.test(path);
      const { status, body } = await handler(request(path.replace("{model}", "churn"), posts ? [] : undefined));
      expect([path, status, body]).not.toEqual([path, 404, expect.stringContaining("does not exist")]);
    }
  });

  it.each([
    "/nothing",
    "/predict/",
    "//predict",
    "/PREDICT",
    "/__proto__",
    "/constructor",
    "/toString",
    "*",
    "",
    "/%70redict",
  ])("has nothing at %j", async (path) => {
    const { status, body } = await get(make(), path);
    expect(status).toBe(404);
    expect((JSON.parse(body) as ErrorBody).error.code).toBe("REQUEST_INVALID");
  });

  it.each([
    ["/predict", "GET", "POST"],
    ["/predict", "HEAD", "POST"],
    ["/batch-predict", "DELETE", "POST"],
    ["/health", "POST", "GET, HEAD"],
    ["/metrics", "PUT", "GET, HEAD"],
    ["/", "__proto__", "GET, HEAD"],
  ])("refuses %s by %s with a 405 in JSON", async (path, method, allow) => {
    const { status, headers, body } = await get(make(), path, method);
    expect(status).toBe(405);
    expect(headers).toMatchObject({ allow, "content-type": "application/json; charset=utf-8" });
    expect((JSON.parse(body) as ErrorBody).error.message).toContain(method);
  });

  it("takes HEAD wherever it takes GET", async () => {
    expect((await get(make(), "/health", "HEAD")).status).toBe(200);
  });

  it("marks every answer as neither to be kept nor to be guessed at", async () => {
    for (const path of ["/health", "/nothing", "/predict", "/metrics"]) {
      expect((await get(make(), path)).headers).toMatchObject({
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      });
    }
  });

  it("says that it keeps no metrics when it keeps none", async () => {
    expect((await get(make(), "/metrics")).status).toBe(404);
  });

  it("is wrapped by middleware, the first one outermost; what that answers or throws is counted and answered alike", async () => {
    const seen: string[] = [];
    const named =
      (name: string): Middleware =>
      (next) =>
      async (sent) => {
        seen.push(`${name} in`);
        const response = await next(sent);
        seen.push(`${name} out`);
        return { ...response, headers: { ...response.headers, [name]: "1" } };
      };
    const guard: Middleware = (next) => (sent) => {
      if (sent.query === "crash") throw new Error("middleware");
      if (sent.query === "refuse") throw new ChurnkitError("REQUEST_INVALID", "Send a key.");
      return sent.headers["x-key"] === "k"
        ? next(sent)
        : Promise.resolve({ status: 401, headers: {}, body: sent.address ?? "" });
    };
    const counted: [string, number][] = [];
    const metrics: ServingMetrics = {
      ...prometheusMetrics("1"),
      request: (route, status) => counted.push([route, status]),
    };
    const errors: unknown[] = [];
    const handler = make({
      middleware: [named("a"), named("b"), guard],
      metrics,
      onError: (error) => errors.push(error),
    });
    const send = (query: string, headers = {}) =>
      handler(request("/health", undefined, { query, headers, address: "::1" }));
    expect(await send("", { "x-key": "k" })).toMatchObject({ status: 200, headers: { a: "1", b: "1" } });
    expect(seen).toEqual(["a in", "b in", "b out", "a out"]);
    expect(await send("")).toMatchObject({ status: 401, body: "::1" });
    expect((await send("refuse")).status).toBe(400);
    expect((await send("crash")).status).toBe(500);
    expect(counted.map(([route, status]) => `${route} ${status}`)).toEqual(
      [200, 401, 400, 500].map((status) => `/health ${status}`),
    );
    expect(errors).toEqual([new Error("middleware")]);
  });

  it("lets middleware read another body than was sent, such as an encoded one", async () => {
    const fromBase64: Middleware = (next) => (sent) =>
      next({
        ...sent,
        headers: {},
        body: async () => Buffer.from(Buffer.from(await sent.body()).toString(), "base64"),
      });
    const sent = request("/predict", btoa("{}"), { headers: { "content-encoding": "base64" } });
    expect((await make()(sent)).status).toBe(400);
    expect((await make({ middleware: [fromBase64] })(sent)).status).toBe(422);
  });

  it("hands what was scored to onScored: the records as parsed, their results, and the request", async () => {
    const calls: Parameters<NonNullable<HandlerOptions["onScored"]>>[] = [];
    const handler = make({ maxBatch: 1_500, onScored: (...call) => calls.push(call) });
    const records = sampleRecords(1_200);
    const sent = request("/batch-predict", { records });
    await handler(sent);
    await handler(request("/predict", records[0]));
    await handler(request("/predict", "{"));
    await handler(request("/batch-predict", Array(1_501).fill(0)));
    await get(handler, "/health");
    expect(calls).toHaveLength(2);
    const [[all, results, context] = []] = calls;
    expect(all).toEqual(records);
    expect(results?.map(({ probability }) => probability)).toEqual(
      scorer.scoreRecords(records).map(({ probability }) => probability),
    );
    expect(context).toMatchObject({ bytes: (await sent.body()).length, model: { name: "churn", version: "7" } });
    expect(context?.request.path).toBe("/batch-predict");
    expect(context?.exactRecords()).toEqual(records);
    expect(calls[1]?.[0]).toEqual([records[0]]);
  });

  it("tells its owner, not the caller, why it failed", async () => {
    const seen: unknown[] = [];
    const handler = make(
      { onError: (error) => seen.push(error) },
      {
        scoreRecord: () => {
          throw new TypeError("secret path /etc/model");
        },
      },
    );
    const { status, body } = await handler(request("/predict", {}));
    expect(status).toBe(500);
    expect(body).toBe(
      '{"error":{"code":"IO_FAILED","message":"The server failed to answer; the request was not at fault."}}',
    );
    expect(seen).toEqual([new TypeError("secret path /etc/model")]);
  });

  it.each(["STORE_FAILED", "BUNDLE_CORRUPT", "KERNEL_UNAVAILABLE"] as const)(
    "keeps the message of %s to itself",
    async (code) => {
      const handler = make(
        {},
        {
          scoreRecord: () => {
            throw new ChurnkitError(code, "/secret/path");
          },
        },
      );
      const { status, body } = await handler(request("/predict", {}));
      expect(status).toBe(500);
      expect(body).not.toContain("secret");
    },
  );

  it("survives an owner's listener that throws", async () => {
    const handler = make(
      {
        onError: () => {
          throw new Error("listener");
        },
      },
      {
        scoreRecord: () => {
          throw new Error("scorer");
        },
      },
    );
    expect((await handler(request("/predict", {}))).status).toBe(500);
  });

  it.each([0, -1, 1.5, NaN])("refuses a batch limit of %d", (maxBatch) => {
    expect(() => make({ maxBatch })).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });

  it("runs where there is no Node", () => {
    const root = resolve(import.meta.dirname, "../../src/serving");
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
      (file) => file.endsWith(".ts") && !file.startsWith("hosts") && file !== "batch-turns.ts",
    );
    expect(files.length).toBeGreaterThan(5);
    for (const file of files)
      expect(readFileSync(join(root, file), "utf8")).not.toMatch(/\b(Buffer|process\.|setImmediate)\b/);
  });
});
