import { beforeAll, describe, expect, it } from "vitest";
import { createMonitor, type CapturedPrediction, type CaptureWriter, type Monitor } from "../../src/monitor/index.js";
import { memorySink } from "../../src/io/index.js";
import type { WithMonitorOptions } from "../../src/serving/monitor.js";
import { createHandler, withMonitor, type Handler, type Models, type ServedModel } from "../../src/serving/index.js";
import { customers, start, watchedModel, type Watched } from "../monitor/watched.js";
import { request } from "./request.js";

let watched: Watched;
let model: ServedModel;
let handler: Handler;
beforeAll(async () => {
  watched = await watchedModel();
  model = { scorer: watched.model.scorer, name: "churn", version: "7", source: "local" };
  handler = createHandler(model);
});

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function watch(
  options: WithMonitorOptions = {},
  monitor: Monitor = createMonitor(watched.baseline, { labels: { window: 1_000 } }),
) {
  return withMonitor(model, monitor, { every: 1e9, now: () => start, ...options });
}

describe("withMonitor", () => {
  it("watches only the default model, and begins anew with the monitor of another version", async () => {
    let version = "7";
    const other: ServedModel = { ...model, name: "other" };
    const find: Models["find"] = (name) => (name === "other" ? other : { ...model, version });
    const models: Models = {
      names: () => ["churn", "other"],
      find,
      choose: (_, name) => find(name),
      ready: () => true,
    };
    const [first, second] = ["7", "8"].map((watchedVersion) =>
      createMonitor(watched.baseline, { labels: { window: 1_000 }, version: watchedVersion }),
    ) as [Monitor, Monitor];
    const server = withMonitor(models, first, { every: 1e9, now: () => start });
    const [one, two, three] = customers(3);
    await server(request("/predict", one));
    await server(request("/models/other/predict", two));
    version = "8";
    server.watch(second);
    await server(request("/predict", three));
    await server.flush();
    expect(server.monitor).toBe(second);
    expect(server.traffic()).toMatchObject({ requests: 2, records: 2 });
    const idsOf = (monitor: Monitor): string[] => monitor.snapshot().predictions.map(({ id }) => id);
    expect([idsOf(first), idsOf(second)]).toEqual([[one?.customerId], [three?.customerId]]);
    await server.close();
  });

  it("answers just as the handler does", async () => {
    const server = watch();
    const headers = { "x-prediction-id": "p" };
    const requests = [
      request("/predict", customers(1)[0], { headers }),
      request("/predict", { age: 1 }),
      request("/batch-predict", { records: customers(3) }, { headers }),
      request("/predict", "{"),
      request("/model-info"),
      request("/none", ""),
    ];
    for (const one of requests) expect(await server(one)).toEqual(await handler(one));
    await server.close();
  });

  it("counts single records, batches and refused records, with the contract's ids", async () => {
    const server = watch();
    const some = customers(12);
    await server(request("/predict", some[0]));
    await server(request("/predict", { ...some[1], age: "old" }));
    await server(request("/batch-predict", { records: [...some.slice(2, 11), { plan: "Gold" }] }));
    await server(request("/batch-predict", [some[11]]));
    await server(request("/predict", "not JSON"));
    await server(request("/health"));
    await server.flush();
    expect(server.traffic()).toEqual({
      requests: 4,
      sampled: 4,
      dropped: 0,
      records: 13,
      uncaptured: 0,
    });
    const { periods, predictions } = server.monitor.snapshot();
    expect(periods.map(({ tally }) => [tally.rows, tally.rejected, tally.unscored])).toEqual([[11, 2, 0]]);
    expect(predictions.map(({ id }) => id).sort()).toEqual(
      [some[0], ...some.slice(2)].map((record) => record?.["customerId"]),
    );
    await server.close();
  });

  it("works by itself, after the answers", async () => {
    const server = watch();
    for (const record of customers(40)) await server(request("/predict", record));
    for (let i = 0; i < 200 && server.traffic().records < 40; i++) await later(5);
    expect(server.traffic().records).toBe(40);
    await server.close();
  });

  it("lets others have their turn while it takes in a batch", async () => {
    const inner = createMonitor(watched.baseline);
    const busy = (): void => {
      for (const until = performance.now() + 3; performance.now() < until;);
    };
    let added = 0;
    const slow: Monitor = { ...inner, add: () => (busy(), void added++) };
    const server = watch({}, slow);
    const turns: number[] = [];
    const clock = setInterval(() => turns.push(added), 1);
    await server(request("/batch-predict", { records: customers(60) }));
    for (let i = 0; i < 400 && added < 60; i++) await later(5);
    clearInterval(clock);
    expect(added).toBe(60);
    expect(new Set(turns.filter((count) => count > 0 && count < 60)).size).toBeGreaterThan(10);
    await server.close();
  });

  it("looks at a share of the requests, the same ones under one seed", async () => {
    const counts = await Promise.all(
      [1, 1, 2].map(async (seed) => {
        const server = watch({ sample: 0.25, seed });
        for (const record of customers(200)) await server(request("/predict", record));
        await server.flush();
        const { predictions } = server.monitor.snapshot();
        await server.close();
        return predictions.map(({ id }) => id).join();
      }),
    );
    expect(counts[0]).toBe(counts[1]);
    expect(counts[0]).not.toBe(counts[2]);
    expect(counts[0]?.split(",").length).toBeGreaterThan(25);
    expect(counts[0]?.split(",").length).toBeLessThan(80);
  });

  it("drops what its queue cannot hold, and says so", async () => {
    const server = watch({ queue: { requests: 5 } });
    await Promise.all(customers(50).map((record) => server(request("/predict", record))));
    const { sampled, dropped } = server.traffic();
    expect([sampled, dropped]).toEqual([50, 45]);
    await server.flush();
    expect(server.traffic().records).toBe(5);
    const small = watch({ queue: { bytes: 10 } });
    await small(request("/predict", customers(1)[0]));
    expect(small.traffic()).toMatchObject({ dropped: 1 });
    await Promise.all([server.close(), small.close()]);
  });

  it("takes what is sent to /predict for one record, whatever its keys are", async () => {
    const server = watch();
    const sent = request("/predict", { records: [customers(1)[0]] });
    expect((await server(sent)).status).toBe(422);
    await server.flush();
    const { periods, predictions } = server.monitor.snapshot();
    expect(periods.map(({ tally }) => [tally.rows, tally.rejected])).toEqual([[0, 1]]);
    expect(predictions).toEqual([]);
    await server.close();
  });

  it("loses one request alone where one cannot be counted, and its room in the queue comes free", async () => {
    const errors: unknown[] = [];
    const some = customers(20);
    const inner = createMonitor(watched.baseline);
    const picky: Monitor = {
      ...inner,
      add: (record, ...rest) => {
        if ((record as { customerId?: unknown }).customerId === some[0]?.["customerId"]) throw new Error("add");
        inner.add(record, ...rest);
      },
    };
    // Room for one round, to the byte.
    const bytes = some.reduce((sum, record) => sum + 2 * JSON.stringify(record).length + 128, 0);
    const server = watch({ onError: (error) => errors.push(error), queue: { bytes } }, picky);
    for (let round = 1; round <= 3; round++) {
      for (const record of some) await server(request("/predict", record));
      await server.flush();
      expect(server.traffic()).toMatchObject({ dropped: 0, records: 19 * round });
    }
    expect(errors).toHaveLength(3);
    await server.close();
  });

  it("captures no more than a slow log can take in", async () => {
    const never: CaptureWriter = {
      write: () => new Promise(() => undefined),
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const server = watch({ capture: never, queue: { bytes: 3_000 } });
    for (const record of customers(20)) {
      await server(request("/predict", record));
      await server.flush();
    }
    const { records, uncaptured, dropped } = server.traffic();
    expect([records, dropped]).toEqual([20, 0]);
    expect(uncaptured).toBeGreaterThan(10);
    expect(uncaptured).toBeLessThan(20);
    await server.close();
  });

  it("brings what was captured to its place when the hour is over", async () => {
    let now = start;
    let flushed = 0;
    const capture: CaptureWriter = {
      write: () => Promise.resolve(),
      flush: () => Promise.resolve(void flushed++),
      close: () => Promise.resolve(),
    };
    let reports = 0;
    const server = watch({ capture, every: 5, now: () => now, onReport: () => reports++ });
    for (let i = 0; i < 200 && reports < 3; i++) await later(5);
    expect(flushed).toBe(0);
    now = start + 3_600_000;
    for (let i = 0; i < 200 && reports < 8; i++) await later(5);
    expect(flushed).toBe(1);
    await server.close();
  });

  it("writes points to the sink, and keeps the predictions", async () => {
    const sink = memorySink();
    const kept: CapturedPrediction[] = [];
    const capture: CaptureWriter = {
      write: (predictions) => Promise.resolve(void kept.push(...predictions)),
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    let now = start;
    const server = watch({ sink, capture, labels: { model: "churn" }, now: () => now });
    await server(request("/batch-predict", { records: customers(400) }));
    now = start + 3_600_000;
    const report = await server.flush();
    expect(report.rows.kept).toBe(400);
    const names = new Set(sink.points().map(({ name }) => name));
    for (const name of [
      "data_drift_score",
      "feature_drift_score",
      "prediction_drift_score",
      "data_quality_score",
      "estimated_model_accuracy",
      "monitored_requests_total",
      "monitor_heartbeat_timestamp_seconds",
    ])
      expect(names).toContain(name);
    expect(sink.points().every(({ labels }) => labels?.["model"] === "churn")).toBe(true);
    expect(sink.points().filter(({ name, value }) => name === "monitored_requests_total" && value > 0)).toMatchObject([
      { value: 1, labels: { outcome: "sampled" } },
    ]);
    expect(kept).toHaveLength(400);
    expect(kept[0]).toMatchObject({
      id: customers(1)[0]?.["customerId"],
      at: new Date(start).toISOString(),
      version: "7",
      label: expect.stringMatching(/Yes|No/) as string,
    });
    await server.close();
  });

  it("reports every so often", async () => {
    let reports = 0;
    const server = watch({ every: 10, onReport: () => reports++ });
    for (let i = 0; i < 200 && reports < 2; i++) await later(5);
    expect(reports).toBeGreaterThanOrEqual(2);
    await server.close();
    const after = reports;
    await later(40);
    expect(reports).toBe(after);
  });

  it("captures ids above 2^53 as they are spelled, the record as it was sent", async () => {
    const kept: CapturedPrediction[] = [];
    const capture: CaptureWriter = {
      write: (predictions) => Promise.resolve(void kept.push(...predictions)),
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const server = watch({ capture });
    const records = '[{"customerId": 9007199254740993, "age": 30}, {"customerId": 17}]';
    await server(request("/batch-predict", records));
    await server.flush();
    expect(kept.map(({ id }) => id)).toEqual(["9007199254740993", "17"]);
    expect(kept.map(({ record }) => record)).toEqual(JSON.parse(records));
    await server.close();
  });

  it.each([{ sample: 0 }, { sample: 2 }, { every: 0 }, { every: NaN }, { queue: { requests: 0 } }])(
    "refuses options that are none: %j",
    (options) => {
      expect(() => watch(options)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    },
  );
});
