import { describe, expect, it } from "vitest";
import { embeddedMetricSink } from "../../src/io/metrics/embedded-metric-sink.js";
import { undeliveredPoints } from "../../src/io/metrics/metric-points.js";
import type { MetricSink } from "../../src/io/metrics/metric-sink.js";
import { metricTable, type MetricDefinition, type MetricTable } from "../../src/io/metrics/metric-table.js";
import { at, metricSinkConformance, seriesOf, start, type HeldSeries } from "../conformance/metric-sink.js";

const nameOf = new Map(Object.entries(metricTable).map(([name, { cloudwatch }]) => [cloudwatch as string, name]));

/** Reads a line by the rules of the embedded metric format's specification. */
function pointsOf(line: string): { name: string; value: number; labels: Record<string, string>; at: Date }[] {
  expect(line.includes("\n") || Buffer.byteLength(line) > 256_000).toBe(false);
  const event = JSON.parse(line) as Record<string, unknown> & {
    _aws: {
      Timestamp: number;
      CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[];
    };
  };
  const [directive] = event._aws.CloudWatchMetrics;
  const { Dimensions: sets = [], Metrics = [] } = directive ?? {};
  const dimensions = sets[0] ?? [];
  const labels = Object.fromEntries(dimensions.map((name) => [name, event[name] as string]));
  const values = new Map(Metrics.map(({ Name }) => [Name, [event[Name]].flat() as number[]]));
  const kept = {
    aws: Object.keys(event._aws).sort().join() === "CloudWatchMetrics,Timestamp",
    directives: event._aws.CloudWatchMetrics.length === 1 && directive?.Namespace === "Churn" && sets.length === 1,
    dimensions: dimensions.length <= 30 && Object.values(labels).every((value) => /^[\x20-\x7e]{1,1024}$/.test(value)),
    metrics: values.size === Metrics.length && values.size <= 100,
    members: Object.keys(event).length === 1 + dimensions.length + values.size,
    values: [...values.values()].every((list) => list.length >= 1 && list.length <= 100 && list.every(Number.isFinite)),
  };
  expect(Object.entries(kept).filter(([, holds]) => !holds)).toEqual([]);
  const time = new Date(event._aws.Timestamp);
  return [...values].flatMap(([name, list]) =>
    list.map((value) => ({ name: nameOf.get(name) ?? name, value, labels: decoded(labels), at: time })),
  );
}

const decoded = (labels: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [name, value.includes("~") ? value : decodeURIComponent(value)]),
  );

function make(metrics?: MetricTable): { sink: MetricSink; lines: string[]; read: () => Promise<HeldSeries[]> } {
  const lines: string[] = [];
  const sink = embeddedMetricSink((line) => void lines.push(line), {
    namespace: "Churn",
    now: () => at(3600),
    ...(metrics && { metrics }),
  });
  return { sink, lines, read: () => Promise.resolve(seriesOf(lines.flatMap(pointsOf))) };
}

metricSinkConformance("embedded metric format", () => make());

describe("embeddedMetricSink", () => {
  it("writes a line for each time and set of labels", async () => {
    const { sink, lines } = make();
    await sink.write([
      { name: "model_accuracy", value: 0.86, labels: { model: "churn" }, at: at(0) },
      { name: "data_drift_score", value: 0.07, labels: { model: "churn" }, at: at(0) },
      { name: "pipeline_duration_seconds", value: 3, at: at(0) },
      { name: "pipeline_duration_seconds", value: 4, at: at(0) },
    ]);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        _aws: {
          Timestamp: start,
          CloudWatchMetrics: [
            {
              Namespace: "Churn",
              Dimensions: [["model"]],
              Metrics: [
                { Name: "ModelAccuracy", Unit: "None" },
                { Name: "DataDriftScore", Unit: "None" },
              ],
            },
          ],
        },
        model: "churn",
        ModelAccuracy: 0.86,
        DataDriftScore: 0.07,
      },
      {
        _aws: {
          Timestamp: start,
          CloudWatchMetrics: [
            { Namespace: "Churn", Dimensions: [[]], Metrics: [{ Name: "PipelineDuration", Unit: "Seconds" }] },
          ],
        },
        PipelineDuration: [3, 4],
      },
    ]);
  });

  it("keeps to the format's limits", async () => {
    const many: Record<string, MetricDefinition> = {};
    for (let i = 0; i < 250; i++)
      many[`m${i}`] = {
        type: "gauge",
        unit: "ratio",
        help: "x",
        cloudwatch: `M${i}${"x".repeat(190)}`,
        prometheus: `m${i}`,
      };
    const { sink, lines, read } = make(many);
    await sink.write(
      Object.keys(many).flatMap((name) =>
        Array.from({ length: 120 }, (_, i) => ({ name, value: -1.2345678901234567e-100 * i, at: at(0) })),
      ),
    );
    expect(lines.length).toBeGreaterThan(2);
    expect((await read()).map(({ count }) => count)).toEqual(Array.from({ length: 250 }, () => 120));
    const fine = embeddedMetricSink((line) => void lines.push(line), {
      namespace: "Churn",
      resolution: 1,
      now: () => at(0),
    });
    await fine.write([{ name: "model_accuracy", value: 1, at: at(0) }]);
    expect(lines.at(-1)).toContain('"StorageResolution":1');
  });

  it("refuses what CloudWatch would drop, after writing the rest", async () => {
    const { sink, read } = make();
    const points = [-15 * 86_400, 0, 3 * 3600 + 1].map((seconds) => ({
      name: "model_accuracy",
      value: 0.5,
      at: at(seconds),
    }));
    const error: unknown = await sink
      .write([...points, { name: "model_accuracy", value: 1e110, at: at(0) }])
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "SINK_FAILED", message: expect.stringContaining("3 of 4 points") as string });
    expect(undeliveredPoints(error).map(({ at: time, value }) => [time, value])).toEqual([
      [at(-15 * 86_400), 0.5],
      [at(3 * 3600 + 1), 0.5],
      [at(0), 1e110],
    ]);
    expect(await read()).toMatchObject([{ count: 1 }]);
  });

  it("says which points were left when the writer fails", async () => {
    let lines = 0;
    const sink = embeddedMetricSink(
      async () => {
        await Promise.resolve();
        if (++lines === 2) throw new Error("the pipe broke");
      },
      { namespace: "Churn", now: () => at(0) },
    );
    const error: unknown = await sink
      .write([0, 1, 2].map((i) => ({ name: "model_accuracy", value: i, at: at(i) })))
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "SINK_FAILED", message: expect.stringContaining("the pipe broke") as string });
    expect(undeliveredPoints(error).map(({ value }) => value)).toEqual([1, 2]);
    expect(undeliveredPoints(new Error("other"))).toEqual([]);
    await sink.write([{ name: "model_accuracy", value: 1, at: at(0) }]);
  });

  it.each(["", "AWS/Own", ":x", "a\nb", "ü", "x".repeat(256), " x"])("refuses the namespace %j", (namespace) => {
    expect(() => embeddedMetricSink(() => undefined, { namespace })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }) as Error,
    );
  });
});
