import { describe, expect, it } from "vitest";
import { prometheusSink } from "../../src/io/metrics/prometheus-sink.js";
import { prometheusMetrics } from "../../src/serving/metrics.js";
import { withSink } from "../../src/serving/with-sink.js";
import { promtoolCheck } from "../helpers/promtool.js";

describe("withSink", () => {
  it("gives the server's metrics and the sink's in one answer", async () => {
    const sink = prometheusSink();
    const metrics = withSink(prometheusMetrics("1.0.0"), sink);
    metrics.request("/predict", 200, 0.001);
    await sink.write([
      { name: "pipeline_duration_seconds", value: 4, at: new Date(0) },
      { name: "model_accuracy", value: 0.9, at: new Date(0) },
    ]);
    const { body, headers } = await metrics.render();
    expect(headers["content-type"]).toBe(sink.contentType);
    expect(body).toMatch(/^churnkit_requests_total\{route="\/predict",status="200"\} 1$/m);
    expect(body).toMatch(/^model_accuracy 0\.9$/m);
    expect(promtoolCheck(body)?.said ?? "").toBe("");
  });
});
