import type { PutDashboardCommandInput } from "@aws-sdk/client-cloudwatch";
import { count, number, optional, strictObject, withDefault } from "../../../base/json/index.js";
import { decodeWith } from "../decode.js";
import { type AwsTarget, arnOf } from "../target.js";
import { alarms, type Alarms } from "./alarms.js";
import { page, type Watched, type WatchedEndpoint, type WatchedMetric, watchedEndpoint } from "./endpoint.js";

/** Options of {@link dashboard}. */
export interface DashboardOptions {
  /** What an instance costs in an hour, in USD; without it there is no cost per prediction. */
  readonly hourlyUsd?: number | undefined;
  /** Seconds of a point. Default 300. */
  readonly period?: number | undefined;
}

const fields = strictObject({ hourlyUsd: optional(number(0)), period: withDefault(count(60, 86_400), 300) });

/** A line: a metric with a statistic, or an expression over lines with ids. */
type Line =
  | { readonly metric: WatchedMetric; readonly stat: string; readonly label?: string; readonly id?: string }
  | { readonly expression: string; readonly label: string };

interface Graph {
  readonly title: string;
  readonly lines: readonly Line[];
  /** Name of the axis. */
  readonly unit?: string;
  /** Horizontal line with its meaning. */
  readonly limit?: { readonly label: string; readonly value: number };
}

/**
 * The dashboard of an endpoint and of the model in it, as a request of CloudWatch: requests, errors, latency, CPU and memory of each
 * variant, what the monitors measure, the cost of a prediction, and the states of the `alarms`, whose limits it draws. It sends nothing.
 *
 * @param watching the alarms that it shows. Default: those without options.
 *
 * @throws ChurnkitError OPTION_INVALID.
 *
 * @example
 * ```ts
 * import { dashboard, parseAwsTarget } from "churnkit/deploy/aws";
 *
 * const target = parseAwsTarget({
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * });
 * const { DashboardName } = dashboard(target, { model: "churn" }, { hourlyUsd: 0.115 });
 * console.assert(DashboardName === "churn-dev");
 * ```
 */
export function dashboard(
  json: AwsTarget,
  endpoint: WatchedEndpoint,
  options: DashboardOptions = {},
  watching: Alarms = alarms(json, endpoint),
): PutDashboardCommandInput {
  const watched = watchedEndpoint(json, endpoint);
  const { hourlyUsd, period } = decodeWith(fields, options, "The description of the dashboard", "options", page);
  const { target } = watched;
  const graphs = [...servingGraphs(watched, watching), ...modelGraphs(watched, watching)];
  if (hourlyUsd !== undefined) graphs.push(costGraph(watched, hourlyUsd));
  const names = [watching.unhealthy, ...watching.metric].map(({ AlarmName = "" }) => AlarmName);
  const states = {
    type: "alarm",
    x: 0,
    y: 0,
    width,
    height: 3,
    properties: { title: "Alarms", alarms: names.map((name) => arnOf(target, "cloudwatch", `alarm:${name}`)) },
  };
  const widgets = graphs.map((graph, i) => ({
    type: "metric",
    x: (i % columns) * (width / columns),
    y: states.height + Math.floor(i / columns) * graphHeight,
    width: width / columns,
    height: graphHeight,
    properties: {
      title: graph.title,
      region: target.region,
      view: "timeSeries",
      period,
      metrics: graph.lines.map(lineOf),
      yAxis: { left: { min: 0, ...(graph.unit === undefined ? {} : { label: graph.unit, showUnits: false }) } },
      ...(graph.limit && { annotations: { horizontal: [graph.limit] } }),
    },
  }));
  return { DashboardName: watched.endpoint, DashboardBody: JSON.stringify({ widgets: [states, ...widgets] }) };
}

/** Columns of the grid of a dashboard. */
const width = 24;
const columns = 3;
const graphHeight = 6;

function lineOf(line: Line): unknown[] {
  if ("expression" in line) return [{ expression: line.expression, label: line.label }];
  const { metric, stat, label, id } = line;
  const dimensions = metric.Dimensions.flatMap(({ Name, Value }) => [Name, Value]);
  // A line with an id only feeds an expression.
  const shown = { stat, ...(label !== undefined && { label }), ...(id !== undefined && { id, visible: false }) };
  return [metric.Namespace, metric.MetricName, ...dimensions, shown];
}

/** The limit of an alarm, as a line. */
function limitOf({ metric }: Alarms, name: string): Pick<Graph, "limit"> {
  const threshold = metric.find(({ AlarmName }) => AlarmName === name)?.Threshold;
  return threshold === undefined ? {} : { limit: { label: name, value: threshold } };
}

function servingGraphs({ variants, metricOf, nameFor }: Watched, watching: Alarms): Graph[] {
  const each = (lines: (variant: string) => Line[]): Line[] => variants.flatMap(lines);
  const [first = ""] = variants;
  const instance = (name: string): Line[] =>
    variants.map((variant) => ({
      metric: metricOf(variant, name, "/aws/sagemaker/Endpoints"),
      stat: "Average",
      label: `${variant} ${name}`,
    }));
  return [
    {
      title: "Latency of the model",
      unit: "microseconds",
      lines: each((variant) =>
        ["p50", "p90", "p99"].map((stat) => ({
          metric: metricOf(variant, "ModelLatency"),
          stat,
          label: `${variant} ${stat}`,
        })),
      ),
      ...limitOf(watching, nameFor("latency-p99", first)),
    },
    {
      title: "Requests",
      lines: variants.map((variant) => ({ metric: metricOf(variant, "Invocations"), stat: "Sum", label: variant })),
    },
    {
      title: "Failed requests",
      lines: each((variant) =>
        ["4XX", "5XX"].map((kind) => ({
          metric: metricOf(variant, `Invocation${kind}Errors`),
          stat: "Sum",
          label: `${variant} ${kind}`,
        })),
      ),
    },
    { title: "CPU and memory", unit: "%", lines: ["CPUUtilization", "MemoryUtilization"].flatMap(instance) },
  ];
}

function modelGraphs({ monitored, nameFor }: Watched, watching: Alarms): Graph[] {
  return [
    {
      title: "Accuracy",
      lines: [
        { metric: monitored("model_accuracy"), stat: "Minimum", label: "by known outcomes" },
        { metric: monitored("estimated_model_accuracy"), stat: "Minimum", label: "estimated" },
      ],
      ...limitOf(watching, nameFor("accuracy")),
    },
    {
      title: "Drift of the features",
      lines: [{ metric: monitored("data_drift_score"), stat: "Maximum", label: "largest stability index" }],
      ...limitOf(watching, nameFor("drift")),
    },
    {
      title: "Drift of the predictions' distribution",
      lines: [{ metric: monitored("prediction_drift_score"), stat: "Maximum", label: "stability index" }],
    },
    {
      title: "Quality of the data",
      lines: [{ metric: monitored("data_quality_score"), stat: "Minimum", label: "score" }],
    },
  ];
}

/** An instance reports its CPU once a minute, so their number is the reports by the minute. */
function costGraph({ variants, metricOf }: Watched, hourlyUsd: number): Graph {
  const sum = (prefix: string): string => variants.map((_, i) => `FILL(${prefix}${i}, 0)`).join(" + ");
  return {
    title: "Cost of a prediction",
    unit: "USD",
    lines: [
      { expression: `(${sum("instances")}) * ${hourlyUsd} / 60 / (${sum("requests")})`, label: "USD a prediction" },
      ...variants.flatMap((variant, i): Line[] => [
        {
          metric: metricOf(variant, "CPUUtilization", "/aws/sagemaker/Endpoints"),
          stat: "SampleCount",
          id: `instances${i}`,
        },
        { metric: metricOf(variant, "Invocations"), stat: "Sum", id: `requests${i}` },
      ]),
    ],
  };
}
