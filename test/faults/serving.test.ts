import { beforeAll, describe, expect, it } from "vitest";
import { memorySink } from "../../src/io/metrics/memory-sink.js";
import { memoryStore } from "../../src/io/store/memory-store.js";
import { captureToStore, createMonitor, type CaptureWriter } from "../../src/monitor/index.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import {
  createHandler,
  loadForService,
  prometheusMetrics,
  rollBackToCopy,
  withMonitor,
  type Handler,
  type ServedModel,
} from "../../src/serving/index.js";
import type { WithMonitorOptions } from "../../src/serving/monitor.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { broken, everyCall, failing, failures, leftBehind, typedEnd } from "../helpers/faults.js";
import { customers, start, watchedModel, type Watched } from "../monitor/watched.js";
import { request } from "../serving/request.js";

let watched: Watched;
let model: ServedModel;
beforeAll(async () => {
  watched = await watchedModel();
  model = { scorer: watched.model.scorer, name: "churn", version: "7", source: "local" };
});

const monitorOf = () => createMonitor(watched.baseline);

/** Requests of every kind are answered as they are where nothing fails. */
async function answersAll(handler: Handler): Promise<void> {
  const some = customers(3);
  const requests = [
    request("/predict", some[0]),
    request("/predict", { age: "old" }),
    request("/batch-predict", some),
    request("/invocations", some),
    request("/health"),
  ];
  const statuses: number[] = [];
  for (const sent of requests) statuses.push((await handler(sent)).status);
  expect(statuses).toEqual([200, 422, 200, 200, 200]);
}

/** Serves, has all counted, and ends. */
async function watch(options: WithMonitorOptions, monitor = monitorOf()): Promise<void> {
  const onError = (): never => {
    throw new Error("the listener fails too");
  };
  const server = withMonitor(model, monitor, { every: 1e9, now: () => start, onError, ...options });
  await answersAll(server);
  // Where the monitor itself fails there is no report to give.
  await server.flush().catch(() => undefined);
  await server.close().catch(() => undefined);
}

/** A log that takes everything. */
const log = (): CaptureWriter => ({
  write: () => Promise.resolve(),
  flush: () => Promise.resolve(),
  close: () => Promise.resolve(),
});

describe("no answer is failed, and no rejection left behind, by", () => {
  it("a monitor", () =>
    everyCall(
      () => Promise.resolve(monitorOf()),
      (faulty) => watch({ sink: memorySink() }, faulty),
      ["throws"],
    ));

  it("a monitor that works later, and rejects", async () => {
    const later = { ...monitorOf(), add: () => Promise.reject(broken) };
    expect(await leftBehind(() => watch({}, later))).toEqual([]);
  });

  it("a capture writer", () =>
    everyCall(
      () => Promise.resolve(log()),
      (capture) => watch({ capture }),
    ));

  it("a store of captured predictions", () =>
    everyCall(
      () => Promise.resolve(memoryStore()),
      (store) => watch({ capture: captureToStore(store, { prefix: "captured", writer: "a" }) }),
    ));

  it("a metric sink", () =>
    everyCall(
      () => Promise.resolve(memorySink()),
      (sink) => watch({ sink }),
    ));

  it("the server's metrics", () =>
    everyCall(
      () => Promise.resolve(prometheusMetrics("7")),
      (metrics) => answersAll(createHandler(model, { metrics })),
    ));

  it.each(failures)("hooks and listeners: one that %s", async (how) => {
    const hooks = failing(
      { onScored: () => undefined, onReport: () => undefined, onError: () => undefined },
      1,
      how,
      true,
    );
    const { onScored, onReport, onError } = hooks.target;
    expect(await leftBehind(() => watch({ onScored, onReport, onError }))).toEqual([]);
    expect(hooks.calls()).toBeGreaterThan(4);
  });

  it.each(failures)("what works by the clock: a sink and a log, where each %s", async (how) => {
    const sink = failing(memorySink(), 1, how, true);
    const capture = failing(log(), 1, how, true);
    let now = start;
    const left = await leftBehind(async () => {
      const server = withMonitor(model, monitorOf(), {
        every: 2,
        sink: sink.target,
        capture: capture.target,
        now: () => (now += 3_600_000),
      });
      await answersAll(server);
      for (let i = 0; i < 400 && (sink.calls() < 3 || capture.calls() < 6); i++)
        await new Promise((resolve) => setTimeout(resolve, 5));
      await server.close();
    });
    expect([left, sink.calls() >= 3, capture.calls() >= 6]).toEqual([[], true, true]);
  });
});

describe("a store of copies that fails at any call", () => {
  it("keeps no model of a registry that answers from service", async () => {
    const registry = storeRegistry(memoryStore(), { name: "sample" });
    await registry.register(await sampleArtifact({ networks: 0 }));
    await everyCall(
      () => Promise.resolve(memoryStore()),
      async (copies) => {
        const onProblem = (): never => {
          throw broken;
        };
        expect((await loadForService(registry, "latest", { copies, onProblem })).source).toBe("registry");
      },
    );
  });

  it("ends typed, or serves, where the registry is down or a roll back is asked for", async () => {
    const real = memoryStore();
    const registry = storeRegistry(real, { name: "sample" });
    const down = storeRegistry(failing(real, 1, "rejects", true).target, { name: "sample" });
    const kept = async () => {
      const copies = memoryStore();
      for (const seed of [1, 2]) {
        await registry.register(await sampleArtifact({ networks: 0, seed }));
        await loadForService(registry, "latest", { copies });
      }
      return copies;
    };
    await everyCall(kept, (copies) => typedEnd(loadForService(down, "latest", { copies })));
    await everyCall(kept, (copies) => typedEnd(rollBackToCopy("sample", copies)));
  });
});
