import { describe, expect, it } from "vitest";
import { prometheusSink } from "../../src/io/metrics/prometheus-sink.js";
import { at, metricSinkConformance, type HeldSeries } from "../conformance/metric-sink.js";
import { promtoolCheck } from "../helpers/promtool.js";

/** Reads the text exposition format, strictly: one sample a line, every family with HELP and TYPE before it. */
function parse(text: string): HeldSeries[] {
  const types = new Map<string, string>();
  const series = new Map<string, HeldSeries & { buckets: number[] }>();
  for (const line of text.split("\n").slice(0, -1)) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
    if (type !== null) types.set(type[1] ?? "", type[2] ?? "");
    if (line.startsWith("#")) continue;
    const sample = /^([a-zA-Z_][a-zA-Z0-9_]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    expect(sample, line).not.toBeNull();
    const [, full = "", pairs = "", shown = ""] = sample ?? [];
    const labels: Record<string, string> = {};
    const rest = pairs.replace(
      /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)",?/g,
      (_, name: string, value: string) => {
        labels[name] = value.replace(/\\(.)/g, (_whole, char: string) => (char === "n" ? "\n" : char));
        return "";
      },
    );
    expect(rest, line).toBe("");
    const suffix = types.has(full) ? "" : (/_(bucket|sum|count)$/.exec(full)?.[0] ?? "");
    const name = full.slice(0, full.length - suffix.length);
    expect(types.has(name), line).toBe(true);
    const bound = labels["le"];
    delete labels["le"];
    const key = `${name} ${JSON.stringify(Object.entries(labels).sort())}`;
    const held = series.get(key) ?? { name, labels, buckets: [] };
    series.set(key, held);
    const value = Number(shown);
    expect(Number.isNaN(value), line).toBe(false);
    if (bound !== undefined) held.buckets.push(value);
    else
      Object.assign(
        held,
        suffix === "_count"
          ? { count: value }
          : suffix === "_sum" || types.get(name) === "counter"
            ? { sum: value }
            : { latest: value },
      );
  }
  for (const { buckets, count } of series.values()) {
    expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
    if (buckets.length > 0) expect(buckets.at(-1)).toBe(count);
  }
  return [...series.values()].map(({ name, labels, sum, count, latest }) => ({
    name,
    labels,
    ...(sum === undefined ? {} : { sum }),
    ...(count === undefined ? {} : { count }),
    ...(latest === undefined ? {} : { latest }),
  }));
}

metricSinkConformance("Prometheus", () => {
  const sink = prometheusSink();
  return { sink, read: () => Promise.resolve(parse(sink.render())) };
});

describe("prometheusSink", () => {
  const filled = async (): Promise<string> => {
    const sink = prometheusSink();
    await sink.write([
      { name: "model_accuracy", value: 0.86, labels: { model: "churn" }, at: at(0) },
      { name: "feature_drift_score", value: 0.3, labels: { feature: 'say "x\\y"\n' }, at: at(0) },
      { name: "pipeline_runs_total", value: 2, labels: { status: "succeeded" }, at: at(0) },
      { name: "pipeline_duration_seconds", value: 4, at: at(0) },
      { name: "pipeline_duration_seconds", value: 5, at: at(0) },
      { name: "pipeline_duration_seconds", value: 1e6, at: at(0) },
      { name: "monitor_heartbeat_timestamp_seconds", value: at(0).getTime() / 1000, at: at(0) },
    ]);
    return sink.render();
  };

  it("renders families with help and type", async () => {
    const text = await filled();
    expect(text).toContain(
      '# HELP model_accuracy Share of correct predictions among those with mature labels, in [0, 1].\n# TYPE model_accuracy gauge\nmodel_accuracy{model="churn"} 0.86\n',
    );
    expect(text).toContain('feature_drift_score{feature="say \\"x\\\\y\\"\\n"} 0.3\n');
    expect(text).toContain('pipeline_duration_seconds_bucket{le="1"} 0\npipeline_duration_seconds_bucket{le="5"} 2\n');
    expect(text).toContain(
      'pipeline_duration_seconds_bucket{le="+Inf"} 3\npipeline_duration_seconds_sum 1000009\npipeline_duration_seconds_count 3\n',
    );
  });

  it("satisfies promtool", async ({ skip }) => {
    const found = promtoolCheck(await filled());
    if (found === undefined) return skip();
    expect(found).toEqual({ status: 0, said: "" });
    expect(promtoolCheck("model_accuracy{ 1\n")?.status).not.toBe(0);
  });

  it("guards its memory", async () => {
    const sink = prometheusSink({ maxSeries: 2 });
    const point = (model: string) => ({ name: "model_accuracy", value: 1, labels: { model }, at: at(0) });
    await sink.write([point("a"), point("a")]);
    await expect(sink.write([point("b"), point("c")])).rejects.toMatchObject({ code: "INPUT_TOO_LARGE" });
    await sink.write([point("a"), point("b")]);
    await expect(sink.write([point("c")])).rejects.toMatchObject({ code: "INPUT_TOO_LARGE" });
    expect(parse(sink.render())).toHaveLength(2);
  });

  it("spells a sum that overflows", async () => {
    const sink = prometheusSink();
    for (let i = 0; i < 2; i++) await sink.write([{ name: "pipeline_runs_total", value: 1.7e308, at: at(i) }]);
    expect(sink.render()).toContain("pipeline_runs_total +Inf\n");
  });
});
