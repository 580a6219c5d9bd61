import { beforeAll, describe, expect, it } from "vitest";
import { hours } from "../../src/monitor/performance/labeled/join.js";
import { captureToStore, days, isAlive, type CapturedPrediction } from "../../src/monitor/index.js";
import type { SyntheticCustomer } from "../../src/data/synthetic.js";
import { memorySink, memoryStore, type ObjectStore } from "../../src/io/index.js";
import type { MonitorLambdaOptions } from "../../src/monitor/monitor-lambda.js";
import { monitorLambda } from "../../src/serving/index.js";
import { customers, predictionsOf, start, watchedModel, type Watched } from "../monitor/watched.js";

let watched: Watched;
beforeAll(async () => {
  watched = await watchedModel();
});

async function captureHour(
  store: ObjectStore,
  hour: number,
  change = (record: SyntheticCustomer): SyntheticCustomer => record,
): Promise<void> {
  const records = customers(6000)
    .slice(hour * 400, hour * 400 + 400)
    .map(change);
  const writer = captureToStore(store, { prefix: "captured/churn", writer: "web" });
  const captured = predictionsOf(watched, records, hours(1) - 1, start + hours(hour), `h${hour}-`).map(
    ({ record, probability, id, at }): CapturedPrediction => ({
      id,
      at: new Date(at).toISOString(),
      record,
      probability,
      label: null,
      version: null,
    }),
  );
  await writer.write(captured);
  await writer.close();
}

const at = (hour: number, minutes = 11): { time: string; source: string } => ({
  time: new Date(start + hours(hour) + minutes * 60_000).toISOString(),
  source: "aws.events",
});
const options = (store: ObjectStore): MonitorLambdaOptions => ({
  store,
  prefix: "captured/churn/",
  keep: "monitoring/churn",
  baseline: watched.baseline,
  labels: { window: days(30) },
  explainer: watched.explainer,
});

describe("monitorLambda", () => {
  it("closes hour after hour, raises an alarm once, and keeps its state, reports and metrics", async () => {
    const store = memoryStore();
    const sink = memorySink();
    const told: string[] = [];
    const handler = monitorLambda({
      ...options(store),
      sink,
      pointLabels: { model: "churn" },
      heartbeat: { monitor: "hourly", everySeconds: 3600 },
      onReport: ({ raised }) => void told.push(...raised.map(({ subject }) => subject)),
    });
    for (let hour = 0; hour < 3; hour++) {
      await captureHour(store, hour);
      expect(await handler(at(hour + 1))).toMatchObject({
        done: true,
        severity: "none",
        predictions: 400,
        issues: 0,
        raised: [],
      });
    }
    await captureHour(store, 3, (record) => ({ ...record, monthlyCharges: Number(record["monthlyCharges"]) + 40 }));
    const alarmed = await handler(at(4));
    expect(alarmed).toMatchObject({ done: true, verdict: "drift", severity: "critical" });
    expect(alarmed.raised).toContain("dataQuality monthlyCharges (critical)");
    await captureHour(store, 4, (record) => ({ ...record, monthlyCharges: Number(record["monthlyCharges"]) + 40 }));
    expect((await handler(at(5))).severity).toBe("critical");
    expect(told.filter((subject) => subject === "monthlyCharges")).toHaveLength(1);
    expect((await store.list("monitoring/churn/reports/")).map(({ key }) => key)).toHaveLength(5);
    expect(sink.points().filter(({ name }) => name === "data_drift_score")).toHaveLength(5);
    expect((await isAlive(store, "hourly")).alive).toBe(true);
  });

  it("makes good the calls that never came, and does nothing twice", async () => {
    const store = memoryStore();
    for (let hour = 0; hour < 4; hour++) await captureHour(store, hour);
    const handler = monitorLambda(options(store));
    expect((await handler(at(1))).predictions).toBe(400);
    const late = await handler(at(4));
    expect(late).toMatchObject({ done: true, predictions: 1200 });
    const again = await handler(at(4));
    expect(again).toEqual({ ...late, done: false, predictions: 0 });
    // A call that comes after a later one.
    expect((await handler(at(2))).done).toBe(false);
  });

  it("makes good the calls that never came while there was nothing to count yet", async () => {
    const store = memoryStore();
    const handler = monitorLambda(options(store));
    expect(await handler(at(1))).toMatchObject({ done: true, predictions: 0, verdict: "insufficient" });
    for (const hour of [1, 2]) await captureHour(store, hour);
    expect(await handler(at(4))).toMatchObject({ done: true, predictions: 800 });
  });

  it("makes good a first call that failed", async () => {
    const store = memoryStore();
    for (const hour of [0, 1]) await captureHour(store, hour);
    let broken = true;
    const handler = monitorLambda({
      ...options(store),
      onReport: () => (broken ? Promise.reject(new Error("away")) : undefined),
    });
    await expect(handler(at(1))).rejects.toThrow("away");
    broken = false;
    expect(await handler(at(2))).toMatchObject({ done: true, predictions: 800 });
  });

  it("begins with the period before its first call, or where it is told", async () => {
    const told = memoryStore();
    for (let hour = 0; hour < 4; hour++) await captureHour(told, hour);
    const plain = memoryStore();
    for (let hour = 0; hour < 4; hour++) await captureHour(plain, hour);
    expect((await monitorLambda(options(plain))(at(4))).predictions).toBe(400);
    const handler = monitorLambda({ ...options(told), since: start + hours(1) });
    expect(await handler(at(1))).toMatchObject({ done: false, predictions: 0 });
    expect((await handler(at(4))).predictions).toBe(1200);
  });

  it("after a long silence closes no more at once than it can hold", async () => {
    const store = memoryStore();
    // Samples of this size let it hold four periods.
    const handler = monitorLambda({ ...options(store), samples: { attribution: 100_000 }, explainer: undefined });
    await handler(at(0));
    for (let hour = 0; hour < 9; hour++)
      await captureHour(store, hour, (record) =>
        hour < 4 ? { ...record, monthlyCharges: Number(record["monthlyCharges"]) + 40 } : record,
      );
    const made = await handler(at(9));
    expect(made).toMatchObject({ done: true, predictions: 3600 });
    // Raised in the first round, and told although calm hours follow.
    expect(made.raised).toContain("dataQuality monthlyCharges (critical)");
    expect((await store.list("monitoring/churn/reports/")).map(({ key }) => key.slice(-10, -5))).toEqual([
      "00/00",
      "04/00",
      "08/00",
      "09/00",
    ]);
    expect((await handler(at(9))).done).toBe(false);
  });

  it("passes over half a century at once, after a test event of 1970", async () => {
    const store = memoryStore();
    const handler = monitorLambda(options(store));
    expect((await handler({ time: "1970-01-01T00:00:00Z" })).done).toBe(true);
    await captureHour(store, 0);
    expect(await handler(at(1))).toMatchObject({ done: true, predictions: 400 });
    expect(await store.list("monitoring/churn/reports/")).toHaveLength(2);
  });

  it("refuses a time that has not come, which would close it for all that comes until then", async () => {
    const store = memoryStore();
    const handler = monitorLambda(options(store));
    await expect(handler({ time: new Date(Date.now() + hours(1)).toISOString() })).rejects.toMatchObject({
      code: "OPTION_INVALID",
    });
    expect(await store.list("")).toEqual([]);
    expect((await handler({ time: new Date(Date.now() + 60_000).toISOString() })).done).toBe(true);
  });

  it("waits for captured data that come late", async () => {
    const store = memoryStore();
    const handler = monitorLambda(options(store));
    await captureHour(store, 0);
    expect((await handler(at(1))).predictions).toBe(400);
    expect((await handler(at(2, 1))).done).toBe(false);
    await captureHour(store, 1);
    expect(await handler(at(2))).toMatchObject({ done: true, predictions: 400 });
    await captureHour(store, 2);
    expect((await monitorLambda({ ...options(store), grace: 0 })(at(3, 0))).predictions).toBe(400);
  });

  it("tells again what could not be told", async () => {
    const store = memoryStore();
    await captureHour(store, 0, (record) => ({ ...record, monthlyCharges: Number(record["monthlyCharges"]) + 40 }));
    const told: (readonly string[])[] = [];
    let broken = true;
    const onReport: MonitorLambdaOptions["onReport"] = ({ raised }) => {
      if (broken) throw new Error("the pager is away");
      told.push(raised.map(({ subject }) => subject));
    };
    const handler = monitorLambda({ ...options(store), onReport });
    await expect(handler(at(1))).rejects.toThrow("the pager is away");
    broken = false;
    expect((await handler(at(1))).done).toBe(true);
    expect((await handler(at(1))).done).toBe(false);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain("monthlyCharges");
  });

  it("of two calls at once counts one", async () => {
    const store = memoryStore();
    await captureHour(store, 0);
    const handler = monitorLambda(options(store));
    const both = await Promise.all([handler(at(1)), handler(at(1))]);
    expect(both.map(({ done }) => done).sort()).toEqual([false, true]);
    await captureHour(store, 1);
    expect((await handler(at(2))).predictions).toBe(400);
  });

  it("says what is wrong with its event or its state", async () => {
    const store = memoryStore();
    const handler = monitorLambda(options(store));
    await expect(handler({ time: "soon" })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    expect((await handler({})).done).toBe(true);
    expect((await handler(null)).verdict).toBe("insufficient");
    await store.put("monitoring/churn/state.json", new TextEncoder().encode("{"));
    await expect(handler(at(1))).rejects.toMatchObject({ code: "STATE_CORRUPT" });
  });
});
