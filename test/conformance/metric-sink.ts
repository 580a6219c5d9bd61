import { describe, expect, it } from "vitest";
import type { MetricPoint, MetricSink } from "../../src/io/metrics/metric-sink.js";

/** What a sink holds of one metric with one set of labels; as much of it as the driver can tell. */
export interface HeldSeries {
  /** The name in the table. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly sum?: number;
  readonly count?: number;
  readonly latest?: number;
}

/** A new empty sink and how to read what it holds. */
export interface SinkUnderTest {
  readonly sink: MetricSink;
  read(): Promise<readonly HeldSeries[]>;
}

export const start = Date.UTC(2026, 10, 21, 12);
/** So many seconds after the start. Drivers under test take the start as the present. */
export const at = (seconds: number): Date => new Date(start + seconds * 1000);

const accuracy = (value: number, seconds = 0, labels: Record<string, string> = { model: "churn" }): MetricPoint => ({
  name: "model_accuracy",
  value,
  labels,
  at: at(seconds),
});
const runs = (value: number, seconds = 0, labels: Record<string, string> = {}): MetricPoint => ({
  name: "pipeline_runs_total",
  value,
  labels,
  at: at(seconds),
});
const sorted = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));

/** What every MetricSink must do. `make` returns a new empty sink. */
export function metricSinkConformance(
  name: string,
  make: () => SinkUnderTest | Promise<SinkUnderTest>,
  skip = false,
): void {
  const held = async (
    under: SinkUnderTest,
    metric: string,
    labels: Record<string, string> = {},
  ): Promise<HeldSeries | undefined> => {
    await under.sink.flush?.();
    const found = (await under.read()).filter(
      (series) => series.name === metric && sorted(series.labels) === sorted(labels),
    );
    expect(found.length).toBeLessThanOrEqual(1);
    return found[0];
  };
  /** Compares what the driver can tell of a series. */
  const expectHeld = (
    series: HeldSeries | undefined,
    expected: { sum?: number; count?: number; latest?: number },
  ): void => {
    expect(series).toBeDefined();
    let told = 0;
    for (const key of ["sum", "count", "latest"] as const) {
      if (series?.[key] === undefined || expected[key] === undefined) continue;
      expect(series[key], key).toBeCloseTo(expected[key], 9);
      told++;
    }
    expect(told).toBeGreaterThan(0);
  };

  describe.skipIf(skip)(`MetricSink: ${name}`, () => {
    it("has a name, and no points at first", async () => {
      const under = await make();
      expect(under.sink.name).not.toBe("");
      await under.sink.write([]);
      await under.sink.flush?.();
      expect(await under.read()).toEqual([]);
    });

    it("holds a gauge's latest value, in whatever order it comes", async () => {
      const under = await make();
      await under.sink.write([accuracy(0.81, 0)]);
      await under.sink.write([accuracy(0.86, 120), accuracy(0.84, 60)]);
      expectHeld(await held(under, "model_accuracy", { model: "churn" }), { latest: 0.86, sum: 2.51, count: 3 });
    });

    it("sums a counter over points, times and writes", async () => {
      const under = await make();
      await under.sink.write([runs(1), runs(1), runs(2, 60)]);
      await under.sink.write([runs(0.5)]);
      expectHeld(await held(under, "pipeline_runs_total"), { sum: 4.5 });
    });

    it("keeps all of a histogram's observations", async () => {
      const under = await make();
      const values = Array.from({ length: 400 }, (_, i) => i / 4);
      await under.sink.write(values.map((value) => ({ name: "pipeline_duration_seconds", value, at: at(1) })));
      expectHeld(await held(under, "pipeline_duration_seconds"), { sum: (399 * 400) / 8, count: 400 });
    });

    it("tells series apart by their labels, whatever the order of these", async () => {
      const under = await make();
      await under.sink.write([
        { name: "feature_drift_score", value: 0.1, labels: { feature: "tenure", model: "a" }, at: at(0) },
        { name: "feature_drift_score", value: 0.2, labels: { feature: "age", model: "a" }, at: at(0) },
        { name: "feature_drift_score", value: 0.3, labels: { model: "b", feature: "tenure" }, at: at(0) },
        { name: "feature_drift_score", value: 0.4, labels: { model: "a", feature: "tenure" }, at: at(61) },
        { name: "feature_drift_score", value: 0.5, labels: { feature: "tenure" }, at: at(0) },
      ]);
      expectHeld(await held(under, "feature_drift_score", { feature: "tenure", model: "a" }), {
        latest: 0.4,
        sum: 0.5,
      });
      expectHeld(await held(under, "feature_drift_score", { feature: "age", model: "a" }), { latest: 0.2, sum: 0.2 });
      expectHeld(await held(under, "feature_drift_score", { model: "b", feature: "tenure" }), {
        latest: 0.3,
        sum: 0.3,
      });
      expectHeld(await held(under, "feature_drift_score", { feature: "tenure" }), { latest: 0.5, sum: 0.5 });
    });

    it.each([
      ["quotes \" ' and \\ back\\n slash"],
      ["line\nbreak\ttab"],
      ["Größe, 客戶, 🙂"],
      ["a=b,c={d} 100%25"],
      ["constructor"],
      ["x".repeat(250)],
    ])("keeps the label value %j", async (feature) => {
      const under = await make();
      await under.sink.write([{ name: "feature_drift_score", value: 0.25, labels: { feature }, at: at(0) }]);
      expectHeld(await held(under, "feature_drift_score", { feature }), { latest: 0.25, sum: 0.25 });
    });

    it("keeps long label values apart that can't be kept as they are", async () => {
      const under = await make();
      const [one, other] = [`${"客".repeat(249)}1`, `${"客".repeat(249)}2`];
      await under.sink.write(
        [one, other].map((feature) => ({ name: "feature_drift_score", value: 0.25, labels: { feature }, at: at(0) })),
      );
      await under.sink.flush?.();
      expect(await under.read()).toHaveLength(2);
    });

    it("takes 30 labels, labels with inherited names, and values of any size", async () => {
      const under = await make();
      const labels = Object.fromEntries(Array.from({ length: 29 }, (_, i) => [`label_${i}`, String(i)]));
      await under.sink.write([accuracy(0, 0, { ...labels, constructor: "x" }), accuracy(-1e100), accuracy(5e-324, 60)]);
      expectHeld(await held(under, "model_accuracy", { ...labels, constructor: "x" }), { latest: 0, sum: 0 });
      expectHeld(await held(under, "model_accuracy", { model: "churn" }), { latest: 5e-324, sum: -1e100 });
    });

    it("knows a metric by either spelling", async () => {
      const under = await make();
      await under.sink.write([{ name: "PipelineRuns", value: 1, unit: "count", at: at(0) }, runs(1)]);
      expectHeld(await held(under, "pipeline_runs_total"), { sum: 2 });
    });

    it.each([
      ["NaN", { value: NaN }, "VALUE_INVALID"],
      ["Infinity", { value: Infinity }, "VALUE_INVALID"],
      ["a text for a number", { value: "1" as never }, "VALUE_INVALID"],
      ["an invalid date", { at: new Date(NaN) }, "VALUE_INVALID"],
      ["a text for a date", { at: "2026-11-21" as never }, "VALUE_INVALID"],
      ["a negative count", { name: "pipeline_runs_total", value: -1 }, "VALUE_INVALID"],
      ["an unknown metric", { name: "model_acuracy" }, "OPTION_INVALID"],
      ["an inherited name", { name: "constructor" }, "OPTION_INVALID"],
      ["another unit", { unit: "seconds" }, "OPTION_INVALID"],
      ["a missing label", { name: "feature_drift_score", labels: {} }, "OPTION_INVALID"],
      [
        "31 labels",
        { labels: Object.fromEntries(Array.from({ length: 31 }, (_, i) => [`l${i}`, "x"])) },
        "OPTION_INVALID",
      ],
      ["an unsafe label name", { labels: { "a-b": "x" } }, "OPTION_INVALID"],
      ["a private label name", { labels: { __name__: "x" } }, "OPTION_INVALID"],
      ["a reserved label name", { labels: { le: "x" } }, "OPTION_INVALID"],
      ["a label named as a metric", { labels: { ModelAccuracy: "x" } }, "OPTION_INVALID"],
      ["an empty label value", { labels: { model: "" } }, "OPTION_INVALID"],
      ["a blank label value", { labels: { model: " \n" } }, "OPTION_INVALID"],
      ["a long label value", { labels: { model: "x".repeat(251) } }, "OPTION_INVALID"],
      ["half a character", { labels: { model: "\ud800" } }, "OPTION_INVALID"],
      ["a number as label value", { labels: { model: 1 as never } }, "OPTION_INVALID"],
    ])("refuses %s, naming the metric, and writes nothing of that batch", async (_, wrong, code) => {
      const under = await make();
      const bad = { ...accuracy(0.5), ...wrong } as MetricPoint;
      await expect(under.sink.write([accuracy(0.9), bad])).rejects.toMatchObject({
        code,
        message: expect.stringContaining(bad.name) as string,
        where: { path: bad.name },
      });
      await under.sink.flush?.();
      expect(await under.read()).toEqual([]);
    });

    it("refuses more than 100,000 points at once", async () => {
      const { sink } = await make();
      await expect(sink.write(new Array<MetricPoint>(100_001).fill(runs(1)))).rejects.toMatchObject({
        code: "INPUT_TOO_LARGE",
      });
    });

    it("keeps points to itself", async () => {
      const under = await make();
      const labels = { model: "churn" };
      const point = { name: "model_accuracy", value: 0.5, labels, at: at(0) };
      const before = structuredClone(point);
      const writing = under.sink.write([point]);
      expect(point).toEqual(before);
      labels.model = "other";
      point.value = 0.9;
      point.at.setTime(0);
      await writing;
      expectHeld(await held(under, "model_accuracy", { model: "churn" }), { latest: 0.5, sum: 0.5 });
    });

    it("loses nothing of 2,200 points in one write and of 20 writes at once", async () => {
      const under = await make();
      await under.sink.write(Array.from({ length: 2200 }, (_, i) => runs(1, i % 60, { stage: `s${i % 1100}` })));
      await Promise.all(Array.from({ length: 20 }, (_, i) => under.sink.write([runs(1, i)])));
      expectHeld(await held(under, "pipeline_runs_total"), { sum: 20 });
      const series = (await under.read()).filter(({ labels }) => labels["stage"] !== undefined);
      expect(series).toHaveLength(1100);
      expect(series.every(({ sum }) => sum === 2)).toBe(true);
    });

    it("closes once, and takes nothing after that", async () => {
      const under = await make();
      await under.sink.write([runs(1)]);
      await under.sink.close?.();
      await under.sink.close?.();
      if (under.sink.close === undefined) return;
      await expect(under.sink.write([runs(1)])).rejects.toMatchObject({ code: "SINK_FAILED" });
      expectHeld(await held(under, "pipeline_runs_total"), { sum: 1 });
    });
  });
}

/** Series out of single points, for drivers that keep them. */
export function seriesOf(
  points: readonly { name: string; value: number; labels?: Readonly<Record<string, string>> | undefined; at: Date }[],
): HeldSeries[] {
  const byKey = new Map<
    string,
    { name: string; labels: Readonly<Record<string, string>>; sum: number; count: number; latest: number; at: number }
  >();
  for (const { name, value, labels = {}, at: time } of points) {
    const key = `${name} ${sorted(labels)}`;
    const series = byKey.get(key) ?? { name, labels, sum: 0, count: 0, latest: 0, at: -1 };
    byKey.set(key, series);
    series.sum += value;
    series.count++;
    if (time.getTime() >= series.at) Object.assign(series, { latest: value, at: time.getTime() });
  }
  return [...byKey.values()].map(({ name, labels, sum, count, latest }) => ({ name, labels, sum, count, latest }));
}
