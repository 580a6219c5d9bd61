import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/io/store/memory-store.js";
import { mlflowClient, mlflowCredentials } from "../../src/io/mlflow/index.js";
import { mlflowTracker } from "../../src/tracking/mlflow/index.js";

const token = "sesame-9f3b";

describe("an MLflow server that takes no runs", () => {
  it.each([
    [401, /requires authentication/],
    [403, /does not allow this/],
    [503, /still failed after the retries/],
  ])("answers %i: the run is kept, and no credential with it", async (status, words) => {
    const spool = memoryStore();
    const told: string[] = [];
    const tracker = mlflowTracker({
      trackingUri: "https://mlflow.example/base",
      token,
      retries: 0,
      spool,
      onProblem: (message) => told.push(message),
      fetch: () => Promise.resolve(Response.json({ error_code: "X", message: `bad token ${token}` }, { status })),
    });
    const run = tracker.start();
    run.logMetrics({ auc: 0.8 });
    const end = await run.end();
    expect(end).toMatchObject({ state: "kept", kept: 3, problem: expect.stringMatching(words) as string });
    expect(told).toHaveLength(1);
    const kept = await Promise.all((await spool.list("")).map(async ({ key }) => (await spool.get(key))?.bytes));
    const text = kept.map((bytes) => new TextDecoder().decode(bytes)).join("\n");
    expect(text).toContain("mlflow+https://mlflow.example/base/churn");
    expect(`${text}${JSON.stringify(end)}${told.join("")}`).not.toContain(token);
    await expect(tracker.list()).rejects.toMatchObject({ code: "STORE_FAILED" });
  });

  it("hangs: the end of the run ends the call", async () => {
    const calls: AbortSignal[] = [];
    const hanging: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        const { signal } = init ?? {};
        if (signal === undefined || signal === null) throw new Error("a call without a signal");
        calls.push(signal);
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
    const tracker = mlflowTracker({
      trackingUri: "http://mlflow.example",
      fetch: hanging,
      spool: memoryStore(),
      endMs: 50,
    });
    expect(await tracker.start().end()).toMatchObject({ state: "kept", kept: 2 });
    expect(calls.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it("is no address, or has a password in it", () => {
    const refused = (trackingUri: string): unknown => {
      try {
        return mlflowTracker({ trackingUri });
      } catch (error) {
        return error;
      }
    };
    expect(refused("mlflow.example")).toMatchObject({ code: "OPTION_INVALID" });
    expect(refused("http://ada:secret@mlflow.example")).toMatchObject({
      code: "OPTION_INVALID",
      message: expect.not.stringContaining("secret") as string,
    });
  });
});

it("takes an empty credential of the environment for none", () => {
  const env = { MLFLOW_TRACKING_TOKEN: "", MLFLOW_TRACKING_USERNAME: "ada", MLFLOW_TRACKING_PASSWORD: "lovelace" };
  expect(mlflowCredentials(env)).toEqual({ token: undefined, username: "ada", password: "lovelace" });
});

describe("what MLflow does not take as it is", () => {
  type Json = Record<string, unknown>;
  type Pairs = { key: string; value: string }[];

  /** A server of one run that refuses what MLflow refuses, and keeps what it is told. */
  function strict(failSetTag = 0): {
    fetch: typeof fetch;
    calls: { path: string; body: Json }[];
    params: ReadonlyMap<string, string>;
  } {
    const calls: { path: string; body: Json }[] = [];
    const tags: Pairs = [];
    const params = new Map<string, string>();
    let failures = failSetTag;
    const refusal = (status: number): Response => Response.json({ error_code: "X", message: "no" }, { status });
    const info = { run_id: "1".repeat(32), artifact_uri: "mlflow-artifacts:/1/1/artifacts", experiment_id: "1" };
    return {
      calls,
      params,
      async fetch(input, init = {}) {
        await Promise.resolve();
        const path = new URL(input instanceof Request ? input.url : input).pathname.replace("/api/2.0/mlflow/", "");
        const body = (typeof init.body === "string" ? JSON.parse(init.body) : {}) as Json;
        calls.push({ path, body });
        const given = (body["tags"] ?? []) as Pairs;
        if (path === "experiments/get-by-name") return Response.json({ experiment: { experiment_id: "1" } });
        if (path === "runs/search" && String(body["filter"]).includes("churnkit.parent"))
          return Response.json({ runs: [{ info: { ...info, run_id: "2".repeat(32) } }] });
        const data = { tags, params: [...params].map(([key, value]) => ({ key, value })) };
        if (path === "runs/search") return Response.json(tags.length === 0 ? {} : { runs: [{ info, data }] });
        if (path === "runs/create") tags.push(...given);
        if (path === "runs/create") return Response.json({ run: { info, data: { tags } } });
        if (path === "runs/set-tag" && failures-- > 0) return refusal(500);
        if (path === "runs/log-batch" && given.length > 100) return refusal(400);
        const logged = (body["params"] ?? []) as Pairs;
        if (new Set(logged.map(({ key }) => key)).size < logged.length) return refusal(400);
        if (logged.some(({ key, value }) => (params.get(key) ?? value) !== value)) return refusal(400);
        for (const { key, value } of logged) params.set(key, value);
        return path === "runs/log-batch" && failures-- > 0 ? refusal(500) : Response.json({});
      },
    };
  }
  const tracking = (server: ReturnType<typeof strict>) =>
    mlflowTracker({ trackingUri: "http://mlflow.example", retries: 0, fetch: server.fetch, spool: memoryStore() });

  it("is sent in parts, or cut: more than 100 tags, and a long name of a run", async () => {
    const server = strict();
    const run = tracking(server).start({ name: "n".repeat(300) });
    run.setTags(Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`tag${i}`, String(i)])));
    expect(await run.end()).toMatchObject({ state: "sent" });
    const sent = server.calls
      .filter(({ path }) => path === "runs/log-batch")
      .flatMap(({ body }) => body["tags"] as Pairs);
    expect(new Set(sent.map(({ key }) => key)).size).toBe(151);
    expect(server.calls.find(({ path }) => path === "runs/create")?.body["run_name"]).toBe("n".repeat(250));
  });

  it("nests runs that came before their parent, even where the first try at that fails", async () => {
    const server = strict(1);
    const tracker = tracking(server);
    await tracker.start().end();
    await tracker.sync();
    expect(server.calls.filter(({ path }) => path === "runs/set-tag").map(({ body }) => body["run_id"])).toEqual([
      "2".repeat(32),
      "2".repeat(32),
    ]);
  });

  it("is renamed: parameters whose names MLflow writes alike, once each though an answer is lost", async () => {
    const server = strict(2);
    const tracker = tracking(server);
    const run = tracker.start();
    run.logParameters({ "a:b": 1, a_b: 2, "c:d": 3, c_d: 3 });
    run.logParameters({ "a.b": 4, ["n".repeat(250)]: 5 });
    await run.end();
    await tracker.sync();
    expect((await tracker.sync()).waiting).toEqual([]);
    const long = ["n".repeat(250), "5"];
    expect([...server.params]).toEqual([["a_b", "1"], ["a_b_2", "2"], ["c_d", "3"], ["a.b", "4"], long]);
  });

  it("reads the history of a metric by the name that was logged", async () => {
    const server = strict();
    const tracker = tracking(server);
    const run = tracker.start();
    run.logMetrics({ "fold:1": 1 });
    await run.end();
    const asked: (string | null)[] = [];
    const reading = mlflowTracker({
      trackingUri: "http://mlflow.example",
      fetch(input, init) {
        const url = new URL(input instanceof Request ? input.url : input);
        if (url.pathname.endsWith("get-history")) asked.push(url.searchParams.get("metric_key"));
        const info = { run_id: "1".repeat(32), artifact_uri: "" };
        return url.pathname.endsWith("experiments/search")
          ? Promise.resolve(Response.json({ experiments: [{ experiment_id: "1" }] }))
          : url.pathname.endsWith("runs/search")
            ? Promise.resolve(Response.json({ runs: [{ info: { ...info, experiment_id: "1" }, data: {} }] }))
            : server.fetch(input, init);
      },
    });
    await reading.history(run.id, "fold:1");
    const logged = server.calls.flatMap(({ body }) => (body["metrics"] ?? []) as Pairs);
    expect(asked).toEqual([...logged.map(({ key }) => key), "fold:1"]);
  });

  it("reads a run whose times are no dates", async () => {
    const info = { run_id: "1".repeat(32), artifact_uri: "", experiment_id: "1", start_time: "1764500000000000000" };
    const fetched = (path: string): object =>
      path.endsWith("get-by-name") ? { experiment: { experiment_id: "1" } } : { runs: [{ info, data: {} }] };
    const tracker = mlflowTracker({
      trackingUri: "http://mlflow.example",
      fetch: (input) =>
        Promise.resolve(Response.json(fetched(new URL(input instanceof Request ? input.url : input).pathname))),
    });
    expect(await tracker.list()).toMatchObject([{ startedAt: "1970-01-01T00:00:00.000Z" }]);
  });

  it("shows no part of a credential where a message is cut", async () => {
    const message = `${"x".repeat(235)}${token}`;
    const tracker = mlflowTracker({
      trackingUri: "http://mlflow.example",
      token,
      retries: 0,
      fetch: () => Promise.resolve(Response.json({ error_code: "X", message }, { status: 400 })),
    });
    const error = await tracker.list().then(String, String);
    expect(error).toContain("xxx");
    expect(error).not.toContain(token.slice(0, 4));
  });

  it("is not asked again once the time is over", async () => {
    const over = new AbortController();
    const client = mlflowClient(
      {
        trackingUri: "http://mlflow.example",
        headers: new Headers(),
        timeoutMs: 1_000,
        retries: 5,
        signal: over.signal,
        fetch: () => Promise.resolve(new Response("", { status: 503, headers: { "retry-after": "10" } })),
      },
      { name: "MLflow", secrets: [] },
    );
    setTimeout(() => over.abort(new Error("over")), 50);
    const began = performance.now();
    await expect(client.call({ method: "GET", path: "mlflow/runs/get" })).rejects.toThrow("over");
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});
