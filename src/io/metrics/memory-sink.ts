import { closedSink, labelRecord, pointCheck } from "./metric-points.js";
import type { MetricPoint, MetricSink } from "./metric-sink.js";
import type { MetricTable } from "./metric-table.js";

/** A sink in memory, and its content. */
export interface MemorySink extends MetricSink {
  /** The points in the order of the writes, under the table's names. */
  points(): readonly MetricPoint[];
}

/**
 * A metric sink in memory, for tests and experiments; its content is lost when the process ends.
 *
 * @param options.keep how many of the newest points are kept; default 100,000.
 * @example
 * ```ts
 * import { memorySink } from "churnkit/io";
 *
 * const sink = memorySink();
 * await sink.write([{ name: "model_accuracy", value: 0.86, labels: { model: "churn" }, at: new Date() }]);
 * console.assert(sink.points()[0]?.value === 0.86);
 * ```
 */
export function memorySink(options: { metrics?: MetricTable; keep?: number } = {}): MemorySink {
  const { metrics, keep = 100_000 } = options;
  const check = pointCheck(metrics);
  let kept: MetricPoint[] = [];
  let closed = false;
  return {
    name: "memory",
    capabilities: { durable: false, keeps: "points" },
    async write(points) {
      if (closed) throw closedSink("memory");
      const added = check(points).map(({ name, metric, value, labels, at }) => ({
        name,
        value,
        unit: metric.unit,
        labels: labelRecord(labels),
        at: new Date(at),
      }));
      kept = [...kept, ...added].slice(-keep);
      await Promise.resolve();
    },
    async close() {
      closed = true;
      await Promise.resolve();
    },
    points: () => kept.map((point) => ({ ...point, labels: { ...point.labels }, at: new Date(point.at) })),
  };
}
