import type { PrometheusSink } from "../io/metrics/index.js";
import type { ServingMetrics } from "./metrics.js";

/**
 * Combines a server's metrics with those of a Prometheus sink, so that one GET /metrics returns both: drift and
 * accuracy from monitors in this process, next to requests and latencies.
 *
 * @example
 * ```ts
 * import { prometheusSink } from "churnkit/io";
 * import { prometheusMetrics, withSink } from "churnkit/serving";
 *
 * const sink = prometheusSink();
 * const metrics = withSink(prometheusMetrics("1.0.0"), sink); // createHandler(model, { metrics })
 * await sink.write([{ name: "data_drift_score", value: 0.07, at: new Date() }]);
 * console.assert((await metrics.render()).body.includes("data_drift_score 0.07"));
 * ```
 */
export function withSink(metrics: ServingMetrics, sink: Pick<PrometheusSink, "render">): ServingMetrics {
  return {
    ...metrics,
    async render() {
      const response = await metrics.render();
      return { ...response, body: response.body + sink.render() };
    },
  };
}
