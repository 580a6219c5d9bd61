import { ChurnkitError } from "../../base/errors.js";
import { closedSink, pointCheck, seriesKey, type CheckedPoint } from "./metric-points.js";
import type { MetricSink } from "./metric-sink.js";
import type { MetricTable } from "./metric-table.js";
import { prometheusText, prometheusType } from "./prometheus-text.js";

/** A sink that Prometheus reads. */
export interface PrometheusSink extends MetricSink {
  /** Everything so far in Prometheus' text format, series in the order of their first point. */
  render(): string;
  /** The matching `content-type`. */
  readonly contentType: string;
}

/**
 * A metric sink that keeps totals, latest values and histograms for Prometheus to fetch. Any labels may be used, even
 * different ones for the points of one metric. Serve `render()`, or mount it in a server's /metrics with `withSink`
 * of `churnkit/serving`.
 *
 * @param options.maxSeries most series (metrics times label values) that are kept; default 10,000. A write that would
 *   go beyond throws INPUT_TOO_LARGE, and nothing of it is kept.
 * @example
 * ```ts
 * import { prometheusSink } from "churnkit/io";
 *
 * const sink = prometheusSink();
 * await sink.write([{ name: "feature_drift_score", value: 0.3, labels: { feature: "tenure" }, at: new Date() }]);
 * console.assert(sink.render().includes('feature_drift_score{feature="tenure"} 0.3'));
 * ```
 */
export function prometheusSink(options: { metrics?: MetricTable; maxSeries?: number } = {}): PrometheusSink {
  const { metrics, maxSeries = 10_000 } = options;
  const check = pointCheck(metrics);
  const text = prometheusText();
  let size = 0;
  let closed = false;

  const room = (points: readonly CheckedPoint[]): void => {
    const added = new Set(points.filter((point) => !text.has(point)).map(seriesKey));
    if (size + added.size <= maxSeries) {
      size += added.size;
      return;
    }
    throw new ChurnkitError(
      "INPUT_TOO_LARGE",
      `The Prometheus sink would hold ${size + added.size} series, more than ${maxSeries}. Use labels with fewer values, or raise maxSeries.`,
    );
  };

  return {
    name: "Prometheus",
    capabilities: { durable: false, keeps: "aggregates" },
    contentType: prometheusType,
    async write(points) {
      if (closed) throw closedSink("Prometheus");
      const checked = check(points);
      room(checked);
      for (const point of checked) text.add(point);
      await Promise.resolve();
    },
    async close() {
      closed = true;
      await Promise.resolve();
    },
    render: () => text.render(),
  };
}
