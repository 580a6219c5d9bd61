import { describe, expect, it } from "vitest";
import { memorySink } from "../../src/io/metrics/memory-sink.js";
import { pointCheck } from "../../src/io/metrics/metric-points.js";
import { metricTable, type MetricDefinition } from "../../src/io/metrics/metric-table.js";
import { at, metricSinkConformance, seriesOf } from "../conformance/metric-sink.js";

metricSinkConformance("memory", () => {
  const sink = memorySink();
  return { sink, read: () => Promise.resolve(seriesOf(sink.points())) };
});

describe("memorySink", () => {
  it("keeps the newest points only", async () => {
    const sink = memorySink({ keep: 3 });
    for (let i = 0; i < 5; i++) await sink.write([{ name: "pipeline_runs_total", value: i, at: at(i) }]);
    expect(sink.points().map(({ value }) => value)).toEqual([2, 3, 4]);
  });

  it("gives copies", async () => {
    const sink = memorySink();
    await sink.write([{ name: "pipeline_runs_total", value: 1, labels: { model: "churn" }, at: at(0) }]);
    const [point] = sink.points();
    Object.assign(point?.labels ?? {}, { model: "other" });
    point?.at.setTime(0);
    expect(sink.points()[0]).toEqual({
      name: "pipeline_runs_total",
      value: 1,
      unit: "count",
      labels: { model: "churn" },
      at: at(0),
    });
  });
});

describe("the table of metrics", () => {
  it("gives every metric a spelling of its own for each system", () => {
    expect(() => pointCheck(metricTable)).not.toThrow();
    for (const [name, { prometheus, cloudwatch, type, unit }] of Object.entries<MetricDefinition>(metricTable)) {
      expect(prometheus).toBe(name);
      expect(cloudwatch).toMatch(/^([A-Z][a-z]+)+$/);
      expect(name.endsWith("_total")).toBe(type === "counter");
      if (unit === "seconds") expect(name).toMatch(/_seconds$/);
    }
  });

  const own = (change: Partial<MetricDefinition>): MetricDefinition => ({
    type: "gauge",
    unit: "ratio",
    help: "x",
    cloudwatch: "Own",
    prometheus: "own_metric",
    ...change,
  });

  it("can be another", async () => {
    const sink = memorySink({ metrics: { own: own({ labels: ["team"] }) } });
    await sink.write([{ name: "Own", value: 1, labels: { team: "a" }, at: at(0) }]);
    expect(sink.points()[0]?.name).toBe("own");
    await expect(sink.write([{ name: "model_accuracy", value: 1, at: at(0) }])).rejects.toMatchObject({
      code: "OPTION_INVALID",
    });
  });

  it.each([
    ["a spelling of two metrics", { a: own({}), b: own({ cloudwatch: "Other" }) }],
    ["a CloudWatch name", { a: own({ cloudwatch: "a b" }) }],
    ["a Prometheus name", { a: own({ prometheus: "a-b" }) }],
    ["a label", { a: own({ labels: ["a-b"] }) }],
    ["buckets that fall", { a: own({ buckets: [1, 1] }) }],
    ["buckets that are not finite", { a: own({ buckets: [1, Infinity] }) }],
  ])("refuses %s", (_, metrics) => {
    expect(() => memorySink({ metrics })).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
  });
});
