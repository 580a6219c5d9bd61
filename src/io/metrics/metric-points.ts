import { ChurnkitError } from "../../base/errors.js";
import { metricTable, metricUnits, type MetricDefinition, type MetricTable } from "./metric-table.js";
import type { MetricPoint } from "./metric-sink.js";

/** A checked point, with its metric's definition and its sorted labels. */
export interface CheckedPoint {
  /** The metric's name in the table. */
  readonly name: string;
  readonly metric: MetricDefinition;
  readonly value: number;
  /** Sorted by name. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Checks points against a table of metrics: all of them, or an error. */
export type PointCheck = (points: readonly MetricPoint[]) => CheckedPoint[];

const maxPoints = 100_000;
const maxLabels = 30;
const maxLabelValue = 250;
const maxTime = Date.UTC(10_000, 0) - 1;

const nameOf = {
  cloudwatch: /^[A-Za-z][A-Za-z0-9_]{0,199}$/,
  prometheus: /^[a-zA-Z_][a-zA-Z0-9_]{0,199}$/,
  label: /^[a-zA-Z][a-zA-Z0-9_]{0,99}$/,
} as const;

const refuse = (name: string, what: string, value?: unknown): never => {
  throw new ChurnkitError("OPTION_INVALID", `The metric ${JSON.stringify(String(name).slice(0, 100))} ${what}.`, {
    where: { path: name, value },
  });
};

/**
 * Makes the check of a sink's points.
 *
 * @throws ChurnkitError OPTION_INVALID for a table with invalid names, or with one name for two metrics.
 */
export function pointCheck(table: MetricTable = metricTable): PointCheck {
  const metrics = indexOf(table);
  return (points) => {
    if (points.length > maxPoints) {
      throw new ChurnkitError(
        "INPUT_TOO_LARGE",
        `${points.length} points at once are more than ${maxPoints}. Write them in parts.`,
      );
    }
    return points.map((point) => checkPoint(metrics, point));
  };
}

type Index = ReadonlyMap<string, { readonly name: string; readonly metric: MetricDefinition }>;

/** Every metric under each of its spellings. */
function indexOf(table: MetricTable): Index {
  const index = new Map<string, { name: string; metric: MetricDefinition }>();
  for (const [name, metric] of Object.entries(table)) {
    if (!nameOf.cloudwatch.test(metric.cloudwatch))
      refuse(name, "has a CloudWatch name with characters other than letters, digits and _", metric.cloudwatch);
    if (!nameOf.prometheus.test(metric.prometheus))
      refuse(name, "has a Prometheus name with characters other than letters, digits and _", metric.prometheus);
    if (metric.labels?.every((label) => nameOf.label.test(label)) === false)
      refuse(name, "requires a label with an invalid name", metric.labels);
    if (
      metric.buckets?.every((bound, i, all) => Number.isFinite(bound) && bound > (all[i - 1] ?? -Infinity)) === false
    ) {
      refuse(name, "has buckets that are not finite and increasing", metric.buckets);
    }
    for (const spelling of new Set([name, metric.cloudwatch, metric.prometheus])) {
      if (index.has(spelling)) refuse(name, `shares the spelling ${spelling} with another`);
      index.set(spelling, { name, metric });
    }
  }
  return index;
}

function checkPoint(index: Index, point: MetricPoint): CheckedPoint {
  const found = index.get(point.name);
  if (found === undefined)
    return refuse(
      point.name,
      `is not declared. Known are ${[...new Set([...index.values()].map(({ name }) => name))].join(", ")}`,
    );
  const { name, metric } = found;
  const { value, unit } = point;
  if (typeof value !== "number" || !Number.isFinite(value) || (metric.type === "counter" && value < 0)) {
    const wanted = metric.type === "counter" ? "a finite number of 0 or more" : "a finite number";
    throw new ChurnkitError(
      "VALUE_INVALID",
      `The metric ${name} has the value ${String(value)}; it must be ${wanted}. Leave out points without a value.`,
      {
        where: { path: name, value },
      },
    );
  }
  if (unit !== undefined && unit !== metric.unit) {
    refuse(
      name,
      `is in ${metric.unit} (one of ${Object.keys(metricUnits).join(", ")}), not in ${unit}: convert the value`,
      unit,
    );
  }
  const at = point.at instanceof Date ? point.at.getTime() : NaN;
  if (!(at >= 0 && at <= maxTime)) {
    throw new ChurnkitError(
      "VALUE_INVALID",
      `The metric ${name} has a time that is not a Date from 1970 to 9999. Give when it was measured.`,
      {
        where: { path: name, value: point.at },
      },
    );
  }
  return { name, metric, value, labels: checkLabels(index, name, metric, point.labels ?? {}), at };
}

function checkLabels(
  index: Index,
  name: string,
  metric: MetricDefinition,
  given: Readonly<Record<string, string>>,
): [string, string][] {
  const labels = Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1));
  if (labels.length > maxLabels) refuse(name, `has ${labels.length} labels, more than ${maxLabels}`);
  for (const [label, value] of labels) {
    if (!nameOf.label.test(label) || label === "le" || label === "quantile" || index.has(label)) {
      refuse(
        name,
        `has a label named ${JSON.stringify(label.slice(0, 100))}. Use a letter, then letters, digits and _, and not the name of a metric, le or quantile`,
        label,
      );
    }
    if (typeof value !== "string" || value.length > maxLabelValue || value.trim() === "" || /\p{Cs}/u.test(value)) {
      refuse(
        name,
        `has a label ${label} whose value is not a well-formed text of 1 to ${maxLabelValue} characters, not blank`,
        value,
      );
    }
  }
  const missing = metric.labels?.find((label) => !Object.hasOwn(given, label));
  if (missing !== undefined) refuse(name, `lacks the label ${missing}`);
  return labels;
}

/** Returns a text that two points share exactly if they belong to one series: the metric and its labels. */
export const seriesKey = (point: CheckedPoint): string => JSON.stringify([point.name, point.labels]);

/** Copies labels into an object without a prototype, which no name can harm. */
export const labelRecord = (labels: CheckedPoint["labels"]): Record<string, string> =>
  Object.assign(Object.create(null) as Record<string, string>, Object.fromEntries(labels));

/** The error of a sink that was closed. */
export const closedSink = (sink: string): ChurnkitError =>
  new ChurnkitError("SINK_FAILED", `The metric sink ${sink} was closed. Make a new one to write more points.`);

/** Returns the points that a failed write did not deliver, for writing again; empty for other errors. */
export function undeliveredPoints(error: unknown): readonly MetricPoint[] {
  if (!ChurnkitError.isInstance(error) || error.code !== "SINK_FAILED" || !Array.isArray(error.where.value)) return [];
  return error.where.value as readonly MetricPoint[];
}
