import pLimit from "p-limit";
import { admitted, checkNamespace, cloudWatchLimits, dimensionValue, undelivered } from "./cloudwatch-data.js";
import { closedSink, pointCheck, type CheckedPoint } from "./metric-points.js";
import type { MetricSink } from "./metric-sink.js";
import { metricUnits, type MetricTable } from "./metric-table.js";

/** Options of {@link embeddedMetricSink}. */
export interface EmbeddedMetricSinkOptions {
  /** Up to 255 letters, digits and `._-/#`, not beginning with `AWS/`. */
  readonly namespace: string;
  /** Seconds of CloudWatch's periods: 60 (default), or 1, which costs more. */
  readonly resolution?: 1 | 60 | undefined;
  readonly metrics?: MetricTable | undefined;
  /** The current time, for the limits of CloudWatch; default the system's. */
  readonly now?: (() => Date) | undefined;
}

/**
 * A metric sink that writes CloudWatch's embedded metric format: JSON lines that CloudWatch Logs turns into metrics,
 * without an SDK, a call or a permission. In Lambda, and in containers whose stdout goes to CloudWatch Logs, printing a
 * line is enough. A line holds at most 100 metrics of 100 values each, and 256 KB.
 *
 * Points older than 14 days or more than 2 hours ahead, which CloudWatch would drop, are refused with SINK_FAILED after
 * the others are written.
 *
 * @param writeLine called with a line without its end; may be asynchronous, then lines wait for one another.
 * @throws ChurnkitError OPTION_INVALID for the namespace.
 * @example
 * ```ts
 * import { embeddedMetricSink } from "churnkit/io";
 *
 * const sink = embeddedMetricSink((line) => console.log(line), { namespace: "Churn" });
 * await sink.write([{ name: "data_drift_score", value: 0.07, labels: { model: "churn" }, at: new Date() }]);
 * ```
 */
export function embeddedMetricSink(
  writeLine: (line: string) => void | Promise<void>,
  options: EmbeddedMetricSinkOptions,
): MetricSink {
  const { namespace, resolution = 60, now = () => new Date() } = options;
  checkNamespace(namespace);
  const check = pointCheck(options.metrics);
  const name = `embedded metrics of namespace ${namespace}`;
  let closed = false;
  const inTurn = pLimit(1);
  const writeAll = async (points: readonly CheckedPoint[]): Promise<void> => {
    const { taken, refused, reason } = admitted(points, now().getTime());
    const events = eventsOf(taken);
    for (const [i, event] of events.entries()) {
      try {
        await writeLine(lineOf(event, namespace, resolution));
      } catch (cause) {
        const left = [...refused, ...events.slice(i).flatMap((later) => [...later.metrics.values()].flat())];
        throw undelivered(name, left, points.length, cause instanceof Error ? cause.message : String(cause), cause);
      }
    }
    if (refused.length > 0) throw undelivered(name, refused, points.length, reason);
  };
  return {
    name,
    capabilities: { durable: false, keeps: "points" },
    async write(points) {
      if (closed) throw closedSink(name);
      const checked = check(points);
      await inTurn(() => writeAll(checked));
    },
    async flush() {
      await inTurn(() => undefined);
    },
    async close() {
      closed = true;
      await inTurn(() => undefined);
    },
  };
}

/** Points of one time and one set of labels, by metric. */
interface MetricEvent {
  readonly at: number;
  readonly labels: CheckedPoint["labels"];
  readonly metrics: Map<string, CheckedPoint[]>;
  bytes: number;
}

function eventsOf(points: readonly CheckedPoint[]): MetricEvent[] {
  const events: MetricEvent[] = [];
  const open = new Map<string, MetricEvent>();
  for (const point of points) {
    const key = `${point.at} ${JSON.stringify(point.labels)}`;
    let event = open.get(key);
    if (event === undefined || isFull(event, point.metric.cloudwatch)) {
      event = { at: point.at, labels: point.labels, metrics: new Map(), bytes: 0 };
      open.set(key, event);
      events.push(event);
    }
    const name = point.metric.cloudwatch;
    const same = event.metrics.get(name);
    if (same === undefined) event.metrics.set(name, [point]);
    else same.push(point);
    // A number takes up to 25 bytes, a new metric its name twice and its description.
    event.bytes += 26 + (same === undefined ? 2 * name.length + 60 : 0);
  }
  return events;
}

function isFull({ metrics, bytes }: MetricEvent, name: string): boolean {
  // Labels take at most 40 KB of the line.
  const { metricsPerLine, valuesPerLine, lineBytes } = cloudWatchLimits;
  const same = metrics.get(name);
  return (
    bytes > lineBytes - 60_000 || (same === undefined ? metrics.size === metricsPerLine : same.length === valuesPerLine)
  );
}

function lineOf({ at, labels, metrics }: MetricEvent, namespace: string, resolution: 1 | 60): string {
  const described = [...metrics].map(([name, [first]]) => ({
    Name: name,
    Unit: metricUnits[first?.metric.unit ?? "ratio"],
    ...(resolution === 1 ? { StorageResolution: 1 } : {}),
  }));
  const members: [string, unknown][] = [
    [
      "_aws",
      {
        Timestamp: at,
        CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [labels.map(([name]) => name)], Metrics: described }],
      },
    ],
    ...labels.map(([name, value]): [string, unknown] => [name, dimensionValue(value)]),
    ...[...metrics].map(([name, points]): [string, unknown] => [
      name,
      points.length === 1 ? points[0]?.value : points.map(({ value }) => value),
    ]),
  ];
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
}
