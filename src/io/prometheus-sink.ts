import { ChurnkitError } from "../base/errors.js";
import { closedSink, pointCheck, seriesKey, type CheckedPoint } from "./metric-points.js";
import type { MetricSink } from "./metric-sink.js";
import type { MetricDefinition, MetricTable } from "./metric-table.js";

/** A sink that is read by Prometheus. */
export interface PrometheusSink extends MetricSink {
  /** Everything so far in Prometheus' text format, series in the order of their first point. */
  render(): string;
  /** The `content-type` that goes with it. */
  readonly contentType: string;
}

interface Series {
  readonly labels: CheckedPoint["labels"];
  /** A counter's total, a gauge's latest value, a histogram's sum. */
  value: number;
  /** When a gauge's value was measured. */
  at: number;
  count: number;
  /** For each bucket, the observations up to its bound and above the one before. */
  readonly buckets: number[];
}

interface Family {
  readonly metric: MetricDefinition;
  readonly series: Map<string, Series>;
}

/**
 * A metric sink that keeps totals, latest values and histograms for Prometheus to fetch. Any labels may be used, also
 * different ones for the points of one metric. Serve `render()`, or mount it in a server's /metrics with `withSink` of
 * `churnkit/serving`.
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
  const families = new Map<string, Family>();
  let size = 0;
  let closed = false;

  const room = (points: readonly CheckedPoint[]): void => {
    const added = new Set(points.filter((point) => families.get(point.name)?.series.has(seriesKey(point)) !== true).map(seriesKey));
    if (size + added.size <= maxSeries) {
      size += added.size;
      return;
    }
    throw new ChurnkitError("INPUT_TOO_LARGE", `The Prometheus sink would hold ${size + added.size} series, more than ${maxSeries}. Use labels with fewer values, or raise maxSeries.`);
  };

  return {
    name: "Prometheus",
    capabilities: { durable: false, keeps: "aggregates" },
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    async write(points) {
      if (closed) throw closedSink("Prometheus");
      const checked = check(points);
      room(checked);
      for (const point of checked) add(families, point);
      await Promise.resolve();
    },
    async close() {
      closed = true;
      await Promise.resolve();
    },
    render: () => [...families.values()].map(renderFamily).join(""),
  };
}

function add(families: Map<string, Family>, point: CheckedPoint): void {
  const { name, metric, value, at } = point;
  let family = families.get(name);
  if (family === undefined) families.set(name, (family = { metric, series: new Map() }));
  const key = seriesKey(point);
  let series = family.series.get(key);
  if (series === undefined) {
    series = { labels: point.labels, value: 0, at: -1, count: 0, buckets: (metric.buckets ?? []).map(() => 0) };
    family.series.set(key, series);
  }
  if (metric.type === "gauge") {
    // A point that comes late does not undo a newer one.
    if (at >= series.at) Object.assign(series, { value, at });
    return;
  }
  series.value += value;
  series.count++;
  const bucket = (metric.buckets ?? []).findIndex((bound) => value <= bound);
  if (bucket >= 0) series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
}

function renderFamily({ metric, series }: Family): string {
  const { prometheus: name, type, help, buckets = [] } = metric;
  const lines = [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`];
  for (const one of series.values()) {
    if (type !== "histogram") {
      lines.push(sample(name, one.labels, one.value));
      continue;
    }
    let below = 0;
    buckets.forEach((bound, i) => {
      below += one.buckets[i] ?? 0;
      lines.push(sample(`${name}_bucket`, [...one.labels, ["le", String(bound)]], below));
    });
    lines.push(sample(`${name}_bucket`, [...one.labels, ["le", "+Inf"]], one.count));
    lines.push(sample(`${name}_sum`, one.labels, one.value), sample(`${name}_count`, one.labels, one.count));
  }
  return `${lines.join("\n")}\n`;
}

function sample(name: string, labels: CheckedPoint["labels"], value: number): string {
  const pairs = labels.map(([label, text]) => `${label}="${escaped(text).replaceAll('"', '\\"')}"`).join(",");
  // A sum may overflow, which Prometheus spells in its own way.
  const shown = Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "-Inf";
  return `${name}${pairs === "" ? "" : `{${pairs}}`} ${shown}`;
}

const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
