import type { MetricDefinition } from "./metric-table.js";

/** Description of a metric for Prometheus. */
export type PrometheusMetric = Pick<MetricDefinition, "type" | "help" | "prometheus" | "buckets">;

/** A value that was added, measured or observed. */
export interface PrometheusSample {
  readonly metric: PrometheusMetric;
  readonly labels: Labels;
  readonly value: number;
  /** Time in milliseconds: an older value of a gauge does not replace a newer one. */
  readonly at: number;
}

type Labels = readonly (readonly [name: string, value: string])[];

/** Totals, latest values and histograms in memory, for Prometheus to fetch. */
export interface PrometheusText {
  /** Shows a metric without labels before its first sample: at 0, so that a rate sees the first one. */
  declare(metric: PrometheusMetric): void;
  add(sample: PrometheusSample): void;
  /** Makes the function that adds to one series of a counter or histogram: to look the series up takes longer than to add. */
  series(metric: PrometheusMetric, labels: Labels): (value: number) => void;
  has(sample: Pick<PrometheusSample, "metric" | "labels">): boolean;
  /** Everything so far in Prometheus' text format, series in the order of their first sample. */
  render(): string;
  /** Everything so far as plain data, for another process. */
  state(): PrometheusState;
}

/** The metrics of a process. */
export type PrometheusState = readonly {
  readonly metric: PrometheusMetric;
  readonly series: readonly (readonly [key: string, series: Series])[];
}[];

export const prometheusType = "text/plain; version=0.0.4; charset=utf-8";

interface Series {
  readonly labels: Labels;
  /** A counter's total, a gauge's latest value, a histogram's sum. */
  value: number;
  /** When a gauge's value was measured. */
  at: number;
  count: number;
  /** For each bucket, the observations up to its bound and above the one before. */
  readonly buckets: number[];
}

interface Family {
  readonly metric: PrometheusMetric;
  readonly series: Map<string, Series>;
}

/** Nothing is checked here: names and label names come from the caller's own table. */
export function prometheusText(): PrometheusText {
  const families = new Map<string, Family>();

  const seriesOf = (metric: PrometheusMetric, labels: Labels): Series => {
    let family = families.get(metric.prometheus);
    if (family === undefined) families.set(metric.prometheus, (family = { metric, series: new Map() }));
    const key = keyOf(labels);
    let one = family.series.get(key);
    if (one === undefined)
      family.series.set(
        key,
        (one = { labels, value: 0, at: -1, count: 0, buckets: (metric.buckets ?? []).map(() => 0) }),
      );
    return one;
  };

  return {
    declare: (metric) => void seriesOf(metric, []),
    add({ metric, labels, value, at }) {
      const series = seriesOf(metric, labels);
      if (metric.type !== "gauge") count(series, value, metric.buckets);
      else if (at >= series.at) Object.assign(series, { value, at });
    },
    series(metric, labels) {
      const series = seriesOf(metric, labels);
      return (value) => count(series, value, metric.buckets);
    },
    has: ({ metric, labels }) => families.get(metric.prometheus)?.series.has(keyOf(labels)) === true,
    render: () => [...families.values()].map(renderFamily).join(""),
    state: () => [...families.values()].map(({ metric, series }) => ({ metric, series: [...series] })),
  };
}

/** The metrics of several processes as one: counters and histograms are added up, of a gauge the largest value counts. */
export function sumOfStates(states: readonly PrometheusState[]): PrometheusState {
  const families = new Map<string, Family>();
  for (const { metric, series } of states.flat()) {
    const family = families.get(metric.prometheus) ?? { metric, series: new Map<string, Series>() };
    families.set(metric.prometheus, family);
    for (const [key, one] of series) {
      const sum = family.series.get(key);
      family.series.set(key, sum === undefined ? one : added(sum, one, metric.type === "gauge"));
    }
  }
  return [...families.values()].map(({ metric, series }) => ({ metric, series: [...series] }));
}

const added = (a: Series, b: Series, isGauge: boolean): Series => ({
  labels: a.labels,
  value: isGauge ? Math.max(a.value, b.value) : a.value + b.value,
  at: Math.max(a.at, b.at),
  count: a.count + b.count,
  buckets: a.buckets.map((count, i) => count + (b.buckets[i] ?? 0)),
});

/** Plain metrics in Prometheus' text format. */
export const renderState = (state: PrometheusState): string =>
  state.map(({ metric, series }) => renderFamily({ metric, series: new Map(series) })).join("");

function count(series: Series, value: number, bounds: readonly number[] = []): void {
  series.value += value;
  series.count++;
  for (let i = 0; i < bounds.length; i++) {
    if (!(value <= (bounds[i] as number))) continue;
    series.buckets[i] = (series.buckets[i] ?? 0) + 1;
    return;
  }
}

const keyOf = (labels: Labels): string => (labels.length === 0 ? "" : JSON.stringify(labels));

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

function sample(name: string, labels: Labels, value: number): string {
  const pairs = labels.map(([label, text]) => `${label}="${escaped(text).replaceAll('"', '\\"')}"`).join(",");
  // A sum may overflow, which Prometheus spells in its own way.
  const shown = Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "-Inf";
  return `${name}${pairs === "" ? "" : `{${pairs}}`} ${shown}`;
}

const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
