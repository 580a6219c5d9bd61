import { beforeAll, describe, expect, it } from "vitest";
import { compile, type Scorer } from "../../src/model/scoring/compile.js";
import { createHandler } from "../../src/serving/handler.js";
import type { Models, ServedModel } from "../../src/serving/models/index.js";
import { prometheusMetrics } from "../../src/serving/metrics.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { asText, request } from "./request.js";

describe("a handler over several models", () => {
  let scorer: Scorer;
  const [record] = sampleRecords(1);
  const model = (name: string, version: string): ServedModel => ({ scorer, name, version, source: "registry" });
  /** Models whose state the test changes. */
  function several() {
    const on: Record<string, ServedModel | undefined> = {
      churn: model("churn", "1"),
      "up/sell": model("up/sell", "4"),
    };
    const find: Models["find"] = (name = "churn", version) => {
      const found = Object.hasOwn(on, name) ? on[name] : undefined;
      return version === undefined || version === found?.version ? found : undefined;
    };
    const models: Models = {
      names: () => Object.keys(on),
      find,
      choose: (_, name) => find(name),
      ready: () => Object.values(on).every((each) => each !== undefined),
    };
    const metrics = prometheusMetrics("1");
    const handler = asText(createHandler(models, { metrics }));
    const ask = async (path: string, body?: unknown) => {
      const { status, body: text } = await handler(request(path, body));
      return [status, JSON.parse(text) as Record<string, unknown>] as const;
    };
    return { on, ask, handler, metrics };
  }
  beforeAll(async () => {
    scorer = await compile(await sampleArtifact({ networks: 0 }));
  });

  it("scores with the default, and with a model by its name", async () => {
    const { ask } = several();
    expect(await ask("/predict", record)).toMatchObject([200, { model_name: "churn", model_version: "1" }]);
    expect(await ask("/models/churn/predict", record)).toMatchObject([200, { model_name: "churn" }]);
    expect(await ask("/models/up%2Fsell/predict", record)).toMatchObject([
      200,
      { model_name: "up/sell", model_version: "4" },
    ]);
    expect(await ask("/models/up%2Fsell/batch-predict", [record])).toMatchObject([
      200,
      { count: 1, model_name: "up/sell" },
    ]);
    expect(await ask("/models/up%2Fsell")).toMatchObject([200, { model_name: "up/sell", contract: "sample" }]);
    expect(await ask("/models")).toMatchObject([200, { models: [{ model_name: "churn" }, { model_name: "up/sell" }] }]);
  });

  it.each(["/models/nobody/predict", "/models/__proto__/predict", "/models/constructor", "/models/%00/batch-predict"])(
    "has no model at %s",
    async (path) => {
      const { ask } = several();
      expect(await ask(path, /predict/.test(path) ? [record] : undefined)).toMatchObject([
        404,
        { error: { code: "REQUEST_INVALID", message: expect.stringContaining("GET /models") as string } },
      ]);
    },
  );

  it.each([
    "/models//predict",
    "/models/%E0%A4%A/predict",
    "/models/churn/predict/",
    "/models/a/b/predict",
    "/models/",
  ])("has nothing at %s", async (path) => {
    const { handler } = several();
    expect(await handler(request(path, [record]))).toMatchObject({
      status: 404,
      body: expect.stringContaining("does not exist") as string,
    });
  });

  it("counts a model's requests by the route, never by the name that a caller chose", async () => {
    const { ask, metrics } = several();
    await ask("/models/churn/predict", record);
    await ask("/models/nobody/predict", record);
    const { body } = await metrics.render();
    expect(body).toContain('churnkit_requests_total{route="/models/{model}/predict",status="200"} 1');
    expect(body).toContain('churnkit_requests_total{route="/models/{model}/predict",status="404"} 1');
    expect(body).not.toContain("nobody");
  });

  it("serves the new version from the next request on", async () => {
    const { on, ask } = several();
    await ask("/predict", record);
    await ask("/model-info");
    on["churn"] = model("churn", "2");
    for (const [path, body] of [
      ["/predict", record],
      ["/batch-predict", [record]],
      ["/model-info"],
      ["/health"],
      ["/"],
    ] as const)
      expect(await ask(path, body), path).toMatchObject([200, { model_version: "2" }]);
  });

  it("ends a batch with the version that it began with", async () => {
    const { on, ask } = several();
    const answer = ask("/batch-predict", sampleRecords(5000));
    setTimeout(() => (on["churn"] = model("churn", "2")), 3);
    expect(await answer).toMatchObject([200, { count: 5000, failed: 0, model_version: "1" }]);
  });

  it("lives but is not ready while a model is missing", async () => {
    const { on, ask } = several();
    expect(await ask("/ready")).toMatchObject([200, { status: "ready" }]);
    on["churn"] = undefined;
    expect(await ask("/live")).toMatchObject([200, { status: "live" }]);
    expect(await ask("/ready")).toMatchObject([503, { status: "loading" }]);
    expect(await ask("/ping")).toMatchObject([503, { status: "loading" }]);
    expect(await ask("/health")).toMatchObject([200, { status: "loading" }]);
    expect(await ask("/predict", record)).toMatchObject([503, { error: { code: "MODEL_NOT_READY" } }]);
    expect(await ask("/batch-predict", [record])).toMatchObject([503, { error: { code: "MODEL_NOT_READY" } }]);
    expect(await ask("/models/up%2Fsell/predict", record)).toMatchObject([200, { model_name: "up/sell" }]);
  });
});
