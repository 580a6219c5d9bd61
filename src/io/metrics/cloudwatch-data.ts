import { ChurnkitError } from "../../base/errors.js";
import { hasher } from "../../base/hash.js";
import { labelRecord, seriesKey, type CheckedPoint } from "./metric-points.js";
import type { MetricPoint } from "./metric-sink.js";
import { metricUnits } from "./metric-table.js";

/** CloudWatch's limits (PutMetricData and embedded metric format). */
export const cloudWatchLimits = {
  /** Metrics in a request. */
  metricsPerRequest: 1000,
  /** Bytes of a request. */
  requestBytes: 1_000_000,
  /** Different values of a metric in a request. */
  valuesPerMetric: 150,
  /** Metrics in a line of the embedded format. */
  metricsPerLine: 100,
  /** Values of a metric in such a line. */
  valuesPerLine: 100,
  /** Bytes of such a line. */
  lineBytes: 256_000,
  dimensions: 30,
  dimensionValue: 1024,
  pastMs: 14 * 86_400_000,
  futureMs: 2 * 3_600_000,
  /** Largest magnitude of a value: 2^360. */
  value: 2 ** 360,
} as const;

/** One metric, as PutMetricData takes it. */
export interface MetricDatum {
  readonly MetricName: string;
  readonly Dimensions: { readonly Name: string; readonly Value: string }[];
  readonly Timestamp: Date;
  readonly Values: number[];
  /** Count of each value. */
  readonly Counts: number[];
  readonly Unit: (typeof metricUnits)[keyof typeof metricUnits];
  readonly StorageResolution: 1 | 60;
}

/** @throws ChurnkitError OPTION_INVALID for a namespace that CloudWatch does not allow. */
export function checkNamespace(namespace: string): void {
  if (/^(?!AWS\/)[A-Za-z0-9._\-/#][A-Za-z0-9._\-/# ]{0,254}$/.test(namespace)) return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `The CloudWatch namespace ${JSON.stringify(namespace.slice(0, 100))} is not allowed. Use up to 255 letters, digits and ._-/# that do not start with AWS/.`,
    { where: { value: namespace } },
  );
}

/**
 * Encodes a label's value for CloudWatch, which accepts only ASCII without control characters: anything else and `%`
 * is percent-encoded, and a text that is then too long is cut and made unique by its hash.
 */
export function dimensionValue(text: string): string {
  const encoded = text.replace(/[^\x20-\x24\x26-\x7e]+/g, (part) => encodeURIComponent(part));
  if (encoded.length <= cloudWatchLimits.dimensionValue) return encoded;
  return `${encoded.slice(0, cloudWatchLimits.dimensionValue - 17)}~${hasher().update(text).hex().slice(0, 16)}`;
}

/** Separates points that CloudWatch accepts from those that it would refuse, with the reason. */
export function admitted(
  points: readonly CheckedPoint[],
  now: number,
): { taken: CheckedPoint[]; refused: CheckedPoint[]; reason: string } {
  const { pastMs, futureMs, value } = cloudWatchLimits;
  const inTime = ({ at }: CheckedPoint): boolean => at > now - pastMs && at < now + futureMs;
  const inRange = (point: CheckedPoint): boolean => Math.abs(point.value) <= value;
  const taken = points.filter((point) => inTime(point) && inRange(point));
  const refused = points.filter((point) => !inTime(point) || !inRange(point));
  return {
    taken,
    refused,
    reason: refused.every(inTime) ? "a value is beyond 2^360" : "a time is more than 14 days past or 2 hours ahead",
  };
}

/**
 * Groups points into CloudWatch's data: those of one series and one period (a minute, or a second with `resolution`
 * 1) become one datum of values and counts, or several if there are more than 150 different values.
 */
export function gather(
  points: readonly CheckedPoint[],
  resolution: 1 | 60,
): { datum: MetricDatum; points: CheckedPoint[] }[] {
  const groups = new Map<string, CheckedPoint[]>();
  for (const point of points) {
    const key = `${Math.floor(point.at / (resolution * 1000))} ${seriesKey(point)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [point]);
    else group.push(point);
  }
  return [...groups.values()].flatMap((group) => dataOf(group, resolution));
}

function dataOf(group: readonly CheckedPoint[], resolution: 1 | 60): { datum: MetricDatum; points: CheckedPoint[] }[] {
  const [first] = group;
  if (first === undefined) return [];
  const byValue = new Map<number, CheckedPoint[]>();
  for (const point of group) {
    const same = byValue.get(point.value);
    if (same === undefined) byValue.set(point.value, [point]);
    else same.push(point);
  }
  const entries = [...byValue];
  const size = cloudWatchLimits.valuesPerMetric;
  return Array.from({ length: Math.ceil(entries.length / size) }, (_, i) => {
    const part = entries.slice(i * size, (i + 1) * size);
    const datum: MetricDatum = {
      MetricName: first.metric.cloudwatch,
      Dimensions: first.labels.map(([name, value]) => ({ Name: name, Value: dimensionValue(value) })),
      Timestamp: new Date(Math.floor(first.at / (resolution * 1000)) * resolution * 1000),
      Values: part.map(([value]) => value),
      Counts: part.map(([, same]) => same.length),
      Unit: metricUnits[first.metric.unit],
      StorageResolution: resolution,
    };
    return { datum, points: part.flatMap(([, same]) => same) };
  });
}

/** An upper bound of a datum's bytes in any of the protocols that SDK versions use; the query form is the longest. */
export function datumBytes(datum: MetricDatum): number {
  const leaf = 70;
  const texts = [datum.MetricName, ...datum.Dimensions.flatMap(({ Name, Value }) => [Name, Value])];
  const text = texts.reduce((sum, value) => sum + leaf + 3 * value.length, 0);
  return text + (datum.Values.length + datum.Counts.length) * (leaf + 26) + 3 * (leaf + 30);
}

interface Batch {
  data: MetricDatum[];
  points: CheckedPoint[];
}

/** Cuts data into requests within CloudWatch's limits. */
export function batches(
  gathered: readonly { readonly datum: MetricDatum; readonly points: readonly CheckedPoint[] }[],
): Batch[] {
  const made: Batch[] = [];
  let bytes = 0;
  for (const { datum, points } of gathered) {
    const size = datumBytes(datum);
    let last = made.at(-1);
    if (
      last === undefined ||
      last.data.length === cloudWatchLimits.metricsPerRequest ||
      bytes + size > cloudWatchLimits.requestBytes - 1000
    ) {
      made.push((last = { data: [], points: [] }));
      bytes = 0;
    }
    last.data.push(datum);
    last.points.push(...points);
    bytes += size;
  }
  return made;
}

/** Makes the error for undelivered points; {@link undeliveredPoints} returns them. */
export function undelivered(
  sink: string,
  points: readonly CheckedPoint[],
  of: number,
  reason: string,
  cause?: unknown,
): ChurnkitError {
  const value: MetricPoint[] = points.map((point) => ({
    name: point.name,
    value: point.value,
    unit: point.metric.unit,
    labels: labelRecord(point.labels),
    at: new Date(point.at),
  }));
  return new ChurnkitError(
    "SINK_FAILED",
    `${points.length} of ${of} points did not reach ${sink}, starting with ${points[0]?.name ?? "none"}: ${reason}. The others did. undeliveredPoints(error) returns the points to write again.`,
    { where: { value }, cause },
  );
}
