import type { MetricDataQuery, PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";
import type { Watched } from "./endpoint.js";

/** Limits of what serves; see `AlarmOptions`. */
export interface ServingLimits {
  readonly p99Ms: number;
  readonly averageMs: number;
  readonly faults: number;
  readonly errors: number;
  readonly quietMinutes: number;
}

const percent = (ratio: number): string => `${Number((100 * ratio).toFixed(4))} %`;
/** ModelLatency is in microseconds. */
const microseconds = (ms: number): number => ms * 1000;

const above = { ComparisonOperator: "GreaterThanThreshold", TreatMissingData: "notBreaching" } as const;

/** Alarms of a variant that fails or is slow; all of them speak only while there are requests. */
export function servingAlarms(watched: Watched, limits: ServingLimits, variant: string): PutMetricAlarmCommandInput[] {
  const { endpoint, nameFor, metricOf } = watched;
  const where = `variant ${variant} of ${endpoint}`;
  const latency = metricOf(variant, "ModelLatency");
  return [
    {
      AlarmName: nameFor("latency-p99", variant),
      AlarmDescription: `One request in a hundred to ${where} takes more than ${limits.p99Ms} ms. Look at CPU and memory on the dashboard; add instances, or return to the configuration before.`,
      ...latency,
      ExtendedStatistic: "p99",
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: microseconds(limits.p99Ms),
      ...above,
    },
    {
      AlarmName: nameFor("latency-average", variant),
      AlarmDescription: `${where} takes more than ${limits.averageMs} ms on average, for 5 minutes. Add instances, or return to the configuration before.`,
      ...latency,
      Statistic: "Average",
      Period: 60,
      EvaluationPeriods: 5,
      Threshold: microseconds(limits.averageMs),
      ...above,
    },
    {
      AlarmName: nameFor("5xx", variant),
      AlarmDescription: `More than ${percent(limits.faults)} of the requests to ${where} failed with 5xx in 5 minutes. Read the endpoint's log; return to the configuration before if it began with an update.`,
      Metrics: ratio(watched, variant, ["Invocation5XXErrors"], 300),
      EvaluationPeriods: 1,
      Threshold: limits.faults,
      ...above,
    },
    {
      AlarmName: nameFor("errors", variant),
      AlarmDescription: `More than ${percent(limits.errors)} of the requests to ${where} failed with 4xx or 5xx, for 3 minutes. With 4xx, look for a caller that changed; with 5xx, read the endpoint's log.`,
      Metrics: ratio(watched, variant, ["Invocation4XXErrors", "Invocation5XXErrors"], 60),
      EvaluationPeriods: 3,
      Threshold: limits.errors,
      ...above,
    },
  ];
}

/** Share of the requests that failed: no errors in a period are none, and no requests give no share. */
function ratio({ metricOf }: Watched, variant: string, names: readonly string[], Period: number): MetricDataQuery[] {
  const sumOf = (Id: string, name: string): MetricDataQuery => ({
    Id,
    MetricStat: { Metric: metricOf(variant, name), Period, Stat: "Sum" },
    ReturnData: false,
  });
  const failed = names.map((_, i) => `FILL(failed${i}, 0)`).join(" + ");
  return [
    { Id: "share", Expression: `(${failed}) / requests`, Label: "share of failed requests", ReturnData: true },
    sumOf("requests", "Invocations"),
    ...names.map((name, i) => sumOf(`failed${i}`, name)),
  ];
}

const quietPeriod = 300;

/** Alarm of an endpoint that nobody asks: silence is what it waits for, so missing data breach. */
export function quietAlarm(
  { endpoint, nameFor, metricOf, variants }: Watched,
  minutes: number,
): PutMetricAlarmCommandInput {
  return {
    AlarmName: nameFor("no-requests"),
    AlarmDescription: `${endpoint} had no request for ${minutes} minutes. Find out whether its callers are well; if nobody needs it, delete it, because its instances cost the same.`,
    Metrics: [
      { Id: "requests", Expression: `SUM([${variants.map((_, i) => `of${i}`).join(", ")}])`, ReturnData: true },
      ...variants.map((variant, i) => ({
        Id: `of${i}`,
        MetricStat: { Metric: metricOf(variant, "Invocations"), Period: quietPeriod, Stat: "Sum" },
        ReturnData: false,
      })),
    ],
    EvaluationPeriods: Math.ceil((minutes * 60) / quietPeriod),
    Threshold: 1,
    ComparisonOperator: "LessThanThreshold",
    TreatMissingData: "breaching",
  };
}

/** Alarms of traffic and latency that are unlike those of the weeks before, by CloudWatch's anomaly detection. */
export function anomalyAlarms(
  { nameFor, metricOf, endpoint }: Watched,
  width: number,
  variant: string,
): PutMetricAlarmCommandInput[] {
  const unusual = (what: string, name: string, Stat: string, isTwoSided: boolean): PutMetricAlarmCommandInput => ({
    AlarmName: nameFor(`unusual-${what}`, variant),
    AlarmDescription: `The ${what} of variant ${variant} of ${endpoint} left the band of ${width} standard deviations around what is usual at this hour. Compare with the callers' releases and with the endpoint's.`,
    Metrics: [
      {
        Id: "seen",
        MetricStat: { Metric: metricOf(variant, name), Period: 300, Stat },
        ReturnData: true,
      },
      { Id: "band", Expression: `ANOMALY_DETECTION_BAND(seen, ${width})`, ReturnData: true },
    ],
    ThresholdMetricId: "band",
    ComparisonOperator: isTwoSided ? "LessThanLowerOrGreaterThanUpperThreshold" : "GreaterThanUpperThreshold",
    EvaluationPeriods: 3,
    TreatMissingData: "notBreaching",
  });
  return [unusual("traffic", "Invocations", "Sum", true), unusual("latency", "ModelLatency", "Average", false)];
}
