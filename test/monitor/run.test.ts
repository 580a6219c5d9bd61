import { beforeAll, describe, expect, it, vi } from "vitest";
import { hashJson } from "../../src/base/hash.js";
import type { MonitorRunOptions } from "../../src/monitor/run-monitor.js";
import { hours } from "../../src/monitor/performance/labeled/join.js";
import { captureToStore, days, runMonitor, type CapturedPrediction } from "../../src/monitor/index.js";
import { memoryStore, type ObjectStore } from "../../src/io/index.js";
import { customers, labelRules, predictionsOf, start, watchedModel, type Prediction, type Watched } from "./watched.js";

let watched: Watched;
let store: ObjectStore;
let predictions: readonly Prediction[];

beforeAll(async () => {
  watched = await watchedModel();
  store = memoryStore();
  predictions = predictionsOf(watched, customers(1500), hours(6));
  const captured = predictions.map(({ record, probability, id, at }): CapturedPrediction => ({
    id,
    at: new Date(at).toISOString(),
    record,
    probability,
    label: null,
    version: "1",
  }));
  for (const [name, part] of [
    ["web-1", 0],
    ["web-2", 1],
  ] as const) {
    const writer = captureToStore(store, { prefix: "captured/churn", writer: name, bytes: 30_000 });
    await writer.write(captured.filter((_, i) => i % 2 === part));
    await writer.close();
  }
  const labels = predictions
    .filter(({ record }) => record["churn"] === "Yes")
    .map(({ id, at }) => JSON.stringify({ id, outcome: 1, time: new Date(at + days(3)).toISOString() }));
  await store.put("labels/churn/a.jsonl", new TextEncoder().encode(`${labels.join("\n")}\nnot a label\n`));
  await store.put("captured/churn/2026/02/01/00/broken.jsonl", new TextEncoder().encode("{\n{}\n"));
  await store.put("captured/churn/readme.txt", new TextEncoder().encode("not captured data"));
});

const run = (options: Partial<MonitorRunOptions> = {}) =>
  runMonitor({
    store,
    prefix: "captured/churn/",
    labelsPrefix: "labels/churn/",
    baseline: watched.baseline,
    explainer: watched.explainer,
    labels: labelRules,
    now: start + days(40),
    ...options,
  });

describe("runMonitor", () => {
  it("reads everything, counts what it cannot read, and judges", async () => {
    const { report, read } = await run();
    expect(read).toMatchObject({
      predictions: 1500,
      outside: 0,
      badLabels: 1,
      labels: predictions.filter(({ record }) => record["churn"] === "Yes").length,
    });
    expect(read.issues.map(({ issue, count, examples }) => [issue, count, examples[0]])).toEqual([
      ["notJson", 1, "captured/churn/2026/02/01/00/broken.jsonl:1"],
      ["notPrediction", 1, "captured/churn/2026/02/01/00/broken.jsonl:2"],
    ]);
    expect(report).toMatchObject({
      verdict: "stable",
      looked: "once",
      rows: { kept: 1500 },
      from: new Date(start).toISOString(),
      to: new Date(start + hours(6)).toISOString(),
    });
    expect(report.monitors.modelQuality.finding.realized?.rows).toBe(1500);
  });

  it("reads labels of every class of the baseline's contract", async () => {
    const classes = ["Maybe", "No", "Yes"];
    const labels = classes.map((outcome, i) => JSON.stringify({ id: predictions[i]?.id, outcome }));
    await store.put("several/a.jsonl", new TextEncoder().encode(labels.join("\n")));
    const { contract } = watched.baseline;
    const target = { column: "churn", classes, positive: "Yes" };
    const baseline = { ...watched.baseline, contract: { ...contract, target } };
    const { read } = await run({ labelsPrefix: "several/", baseline, explainer: undefined });
    expect(read).toMatchObject({ labels: 3, badLabels: 0 });
  });

  it("of shards merges to the whole, bit for bit", async () => {
    const whole = await run();
    const shards = await Promise.all(
      [0, 1, 2].map((index) => run({ shard: { index, count: 3 }, labelsPrefix: undefined })),
    );
    expect(shards.every(({ read }) => read.predictions > 0 && read.predictions < 1500)).toBe(true);
    const merged = await run({
      prefix: [],
      merge: shards.map(({ state }) => JSON.parse(JSON.stringify(state)) as unknown),
    });
    expect(hashJson(merged.state)).toBe(hashJson(whole.state));
    expect(merged.report).toEqual(whole.report);
  });

  it("is of one mind about shards, though an object comes while they list", async () => {
    const more: ObjectStore = {
      ...store,
      list: async (prefix) => [
        { key: "captured/churn/2026/01/01/00/new.jsonl", size: 0 },
        ...(await store.list(prefix)),
      ],
    };
    const [first, second] = await Promise.all([
      run({ shard: { index: 0, count: 2 }, labelsPrefix: undefined }),
      run({ shard: { index: 1, count: 2 }, labelsPrefix: undefined, store: more }),
    ]);
    expect(first.read.predictions + second.read.predictions).toBe(1500);
    expect(Math.min(first.read.predictions, second.read.predictions)).toBeGreaterThan(0);
  });

  it("looks once not from ahead, where the last period has not ended", async () => {
    const lookedAt = async (present: number) => {
      vi.useFakeTimers({ toFake: ["Date"], now: present });
      try {
        return (await run({ now: undefined })).report.at;
      } finally {
        vi.useRealTimers();
      }
    };
    expect(await lookedAt(start + hours(5.5))).toBe(new Date(start + hours(5.5)).toISOString());
    expect(await lookedAt(start + days(40))).toBe(new Date(start + hours(6)).toISOString());
  });

  it("reads files that were moved aside, and whatever is named outright", async () => {
    const moved = memoryStore();
    const bytes = new TextEncoder().encode(
      JSON.stringify({ id: "a", at: new Date(start).toISOString(), record: predictions[0]?.record, probability: 0.5 }),
    );
    for (const key of [
      "c/captured.jsonl",
      "c/captured.jsonl.1",
      "c/captured.jsonl.12.gz",
      "c/captured.jsonl.old",
      "c/notes.1",
    ])
      await moved.put(key, bytes);
    const read = async (prefix: string): Promise<number> =>
      (await run({ store: moved, prefix, labelsPrefix: undefined })).read.predictions;
    expect(await read("c/")).toBe(3);
    expect(await read("c/captured.jsonl.old")).toBe(1);
  });

  it("takes the predictions of a time alone, and passes over the files of other hours", async () => {
    const { report, read } = await run({ from: start + hours(2), to: start + hours(3) });
    expect(report.rows.kept).toBe(250);
    expect(read.objects).toBeLessThan((await run()).read.objects);
  });

  it("goes on period by period where it runs again and again", async () => {
    const first = await run({ look: "sequential", from: start, to: start + hours(3), now: start + hours(3) });
    const second = await run({
      look: "sequential",
      state: first.state,
      from: start + hours(3),
      to: start + hours(6),
      now: start + hours(6),
    });
    const atOnce = await run({ look: "sequential", now: start + hours(6) });
    expect(second.report.rows.kept).toBe(1500);
    expect(second.report.monitors.dataQuality.finding).toEqual(atOnce.report.monitors.dataQuality.finding);
  });

  it("loses nothing of a long time: it goes by day where the hours do not fit", async () => {
    const long = memoryStore();
    const [one] = predictions;
    const hoursOfMonths = 24 * 45;
    const lines = Array.from({ length: hoursOfMonths }, (_, i) =>
      JSON.stringify({
        id: `l${i}`,
        at: new Date(start + hours(i)).toISOString(),
        record: one?.record,
        probability: 0.5,
      }),
    );
    await long.put("c/long.jsonl", new TextEncoder().encode(lines.join("\n")));
    const { report, state } = await run({ store: long, prefix: "c/", labelsPrefix: undefined, explainer: undefined });
    expect(report).toMatchObject({
      rows: { kept: hoursOfMonths },
      skipped: { tooManyPeriods: 0 },
      to: new Date(start + days(45)).toISOString(),
    });
    expect([state.settings.period, state.periods.length]).toEqual(["day", 45]);
    const asTold = await run({
      store: long,
      prefix: "c/",
      labelsPrefix: undefined,
      explainer: undefined,
      period: "hour",
    });
    expect(asTold.report.skipped.tooManyPeriods).toBeGreaterThan(0);
  });

  it("finds nothing where nothing is", async () => {
    const { report, read } = await run({ prefix: "elsewhere/", labelsPrefix: undefined });
    expect([report.verdict, report.severity, read.objects]).toEqual(["insufficient", "none", 0]);
    expect(report.message).toBe("Nothing could be judged yet.");
  });

  it.each([
    ["OPTION_INVALID", { from: "soon" }],
    ["OPTION_INVALID", { from: start + hours(2), to: start + hours(1) }],
    ["OPTION_INVALID", { from: start, to: start }],
    ["OPTION_INVALID", { shard: { index: 2, count: 2 } }],
    ["STATE_CORRUPT", { merge: [{}] }],
    ["OPTION_INVALID", { period: "week" as "day" }],
    ["OPTION_INVALID", { samples: { predictions: -1 } }],
    ["OPTION_INVALID", { labels: { window: 0 } }],
    ["OPTION_INVALID", { policies: { data: { alpha: 7 } } }],
  ])("says what is wrong: %s", async (code, options: Partial<MonitorRunOptions>) => {
    await expect(run(options)).rejects.toMatchObject({ name: "ChurnkitError", code });
  });
});
