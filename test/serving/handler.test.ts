import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ChurnkitError } from "../../src/base/errors.js";
import { compile, type Scorer } from "../../src/model/compile.js";
import { createHandler, type Handler, type HandlerOptions } from "../../src/serving/handler.js";
import type { ErrorBody } from "../../src/serving/http.js";
import { sampleArtifact } from "../helpers/artifact.js";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("createHandler", () => {
  let scorer: Scorer;
  const make = (options: HandlerOptions = {}, other: Partial<Scorer> = {}): Handler =>
    createHandler({ scorer: { ...scorer, ...other }, name: "churn", version: "7", source: "registry" }, options);
  const get = (handler: Handler, path: string, method = "GET") =>
    handler({ method, path, body: () => Promise.reject(new Error("a GET reads no body")) });
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
    expect(endpoints).toEqual(["/predict", "/batch-predict", "/health", "/metrics", "/model-info", "/"]);
    for (const path of endpoints) {
      const { status, body } = await handler({
        method: path.endsWith("predict") ? "POST" : "GET",
        path,
        body: () => text("[]"),
      });
      expect([path, status, body]).not.toEqual([path, 404, expect.stringContaining("nothing")]);
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
    const { status, body } = await handler({ method: "POST", path: "/predict", body: () => text("{}") });
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
      const { status, body } = await handler({ method: "POST", path: "/predict", body: () => text("{}") });
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
    expect((await handler({ method: "POST", path: "/predict", body: () => text("{}") })).status).toBe(500);
  });

  it.each([0, -1, 1.5, NaN])("refuses a batch limit of %d", (maxBatch) => {
    expect(() => make({ maxBatch })).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });

  it("runs where there is no Node", () => {
    for (const file of ["handler.ts", "predict.ts", "http.ts"]) {
      const source = readFileSync(resolve(import.meta.dirname, "../../src/serving", file), "utf8");
      const imports = [...source.matchAll(/^import (?!type)[^;]*from "([^"]+)"/gm)].map((match) => match[1]);
      expect(imports.length).toBeGreaterThan(0);
      expect(
        imports.filter((name) => !name?.startsWith(".") || name.includes("metrics") || name.includes("node")),
      ).toEqual([]);
      expect(source).not.toMatch(/\b(Buffer|process|setImmediate)\b/);
    }
  });
});
