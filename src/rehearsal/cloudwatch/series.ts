import type { Dimension, MetricDatum } from "@aws-sdk/client-cloudwatch";
import { invalid } from "../front/aws-error.js";

/** One value per period, from a first period on; undefined where there are no data. */
export type Series = readonly (number | undefined)[];

/** Periods of equal length: `count` of them, the last of which ends at `end`. Milliseconds since 1970. */
export interface Window {
  readonly end: number;
  readonly period: number;
  readonly count: number;
}

/** Values with how often each occurred, or their summary. */
interface Point {
  readonly time: number;
  readonly values: readonly (readonly [value: number, count: number])[];
  readonly summary: Summary;
}
interface Summary {
  readonly count: number;
  readonly sum: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** A metric by its namespace, name and dimensions. */
export interface MetricName {
  readonly Namespace?: string | undefined;
  readonly MetricName?: string | undefined;
  readonly Dimensions?: readonly Dimension[] | undefined;
}

/** The identity of a metric: its dimensions may come in any order. */
export const metricKey = ({ Namespace, MetricName, Dimensions = [] }: MetricName): string =>
  JSON.stringify([Namespace, MetricName, Dimensions.map(({ Name, Value }) => [Name, Value]).sort()]);

/** Data of metrics, as PutMetricData brings them. */
export interface MetricData {
  put(namespace: string, data: readonly MetricDatum[], now: number): void;
  /** A statistic of a metric in each period of a window: Sum, Average, Minimum, Maximum, SampleCount or p0 to p100. */
  statistic(metric: MetricName, name: string, window: Window): Series;
  /** Number of samples in each period. */
  samples(metric: MetricName, window: Window): Series;
  /** Whether a metric, by its key, has any data in a window. */
  has(key: string, window: Window): boolean;
}

export function metricData(): MetricData {
  const points = new Map<string, Point[]>();

  function put(namespace: string, data: readonly MetricDatum[], now: number): void {
    for (const datum of data) {
      const key = metricKey({ ...datum, Namespace: namespace });
      const list = points.get(key) ?? [];
      points.set(key, list);
      const point = pointOf(datum, now);
      // Mostly in order of time, so the place is near the end.
      let place = list.length;
      while (place > 0 && (list[place - 1]?.time ?? 0) > point.time) place--;
      list.splice(place, 0, point);
    }
  }

  /** The points of a window, the latest first. */
  function* within(key: string, { end, period, count }: Window): Generator<Point> {
    const list = points.get(key) ?? [];
    for (let at = list.length - 1; at >= 0; at--) {
      const point = list[at];
      if (point === undefined || point.time < end - period * count) return;
      if (point.time < end) yield point;
    }
  }

  function periods(metric: MetricName, window: Window): Point[][] {
    const found = Array.from({ length: window.count }, (): Point[] => []);
    const start = window.end - window.period * window.count;
    for (const point of within(metricKey(metric), window))
      found[Math.floor((point.time - start) / window.period)]?.push(point);
    return found;
  }

  function statistic(metric: MetricName, name: string, window: Window): Series {
    const compute = statisticNamed(name);
    return periods(metric, window).map((group) => (group.length === 0 ? undefined : compute(group)));
  }

  return {
    put,
    statistic,
    samples: (metric, window) => statistic(metric, "SampleCount", window),
    has: (key, window) => within(key, window).next().done === false,
  };
}

function pointOf(datum: MetricDatum, now: number): Point {
  const { Timestamp, StatisticValues: set, Value, Values, Counts } = datum;
  const time = Timestamp === undefined ? now : new Date(Timestamp).getTime();
  if (set !== undefined) {
    const { SampleCount: count = 0, Sum: sum = 0, Minimum: minimum = 0, Maximum: maximum = 0 } = set;
    // A summary has no percentiles, unless all its values are equal.
    return { time, summary: { count, sum, minimum, maximum }, values: minimum === maximum ? [[minimum, count]] : [] };
  }
  const values = (Values ?? [Value ?? 0]).map((value, i): readonly [number, number] => [value, Counts?.[i] ?? 1]);
  const summary = {
    count: values.reduce((sum, [, count]) => sum + count, 0),
    sum: values.reduce((sum, [value, count]) => sum + value * count, 0),
    minimum: values.reduce((least, [value]) => Math.min(least, value), Infinity),
    maximum: values.reduce((most, [value]) => Math.max(most, value), -Infinity),
  };
  return { time, summary, values };
}

type Statistic = (group: readonly Point[]) => number | undefined;

const total = (group: readonly Point[], of: "count" | "sum"): number =>
  group.reduce((sum, { summary }) => sum + summary[of], 0);
const statistics: Readonly<Record<string, Statistic>> = {
  SampleCount: (group) => total(group, "count"),
  Sum: (group) => total(group, "sum"),
  Average: (group) => total(group, "sum") / total(group, "count"),
  Minimum: (group) => Math.min(...group.map(({ summary }) => summary.minimum)),
  Maximum: (group) => Math.max(...group.map(({ summary }) => summary.maximum)),
};

function statisticNamed(name: string): Statistic {
  const known = Object.hasOwn(statistics, name) ? statistics[name] : undefined;
  if (known !== undefined) return known;
  const percent = /^p(\d{1,2}(?:\.\d+)?|100)$/.exec(name)?.[1];
  if (percent === undefined) throw invalid(`The rehearsal does not know the statistic ${name}.`);
  return (group) =>
    percentile(
      group.flatMap(({ values }) => values),
      Number(percent) / 100,
    );
}

/** Linear between the nearest ranks. CloudWatch does not say how it interpolates. */
function percentile(values: readonly (readonly [value: number, count: number])[], q: number): number | undefined {
  const sorted = [...values].sort(([a], [b]) => a - b);
  const count = sorted.reduce((sum, [, each]) => sum + each, 0);
  if (count === 0) return undefined;
  const rank = q * (count - 1);
  const [low, high] = [valueAt(Math.floor(rank)), valueAt(Math.ceil(rank))];
  return low + (high - low) * (rank - Math.floor(rank));

  function valueAt(index: number): number {
    let seen = 0;
    for (const [value, each] of sorted) {
      seen += each;
      if (index < seen) return value;
    }
    return sorted.at(-1)?.[0] ?? NaN;
  }
}
