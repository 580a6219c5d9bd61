import type { PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";
import type { Watched } from "./endpoint.js";

const hour = 3600;
/** Hours without a heartbeat after which the monitor counts as dead. */
const silentHours = 3;

/**
 * Alarms of the model's quality, by what churnkit's monitors measure. They keep their state until the monitor speaks again; that it
 * speaks is the third alarm.
 */
export function modelAlarms(
  { endpoint, nameFor, monitored }: Watched,
  accuracy: number,
  drift: number,
): PutMetricAlarmCommandInput[] {
  return [
    {
      AlarmName: nameFor("accuracy"),
      AlarmDescription: `The model of ${endpoint} is right in less than ${accuracy} of the cases with known outcomes. Retrain it on recent data; if it was released lately, return to the version before.`,
      ...monitored("model_accuracy"),
      Statistic: "Minimum",
      Period: hour,
      EvaluationPeriods: 1,
      Threshold: accuracy,
      ComparisonOperator: "LessThanThreshold",
      TreatMissingData: "ignore",
    },
    {
      AlarmName: nameFor("drift"),
      AlarmDescription: `A feature of the requests to ${endpoint} has a population stability index above ${drift} against the baseline. Read the monitor's report: repair the source of a broken feature, or retrain.`,
      ...monitored("data_drift_score"),
      Statistic: "Maximum",
      Period: hour,
      EvaluationPeriods: 1,
      Threshold: drift,
      ComparisonOperator: "GreaterThanThreshold",
      TreatMissingData: "ignore",
    },
    {
      AlarmName: nameFor("monitor"),
      AlarmDescription: `The monitor of ${endpoint} has not reported for ${silentHours} hours, so accuracy and drift are unknown. Look at the log of the monitor and at its schedule.`,
      ...monitored("monitor_heartbeat_timestamp_seconds"),
      Statistic: "SampleCount",
      Period: hour,
      EvaluationPeriods: silentHours,
      Threshold: 1,
      ComparisonOperator: "LessThanThreshold",
      TreatMissingData: "breaching",
    },
  ];
}

/**
 * Alarm of an account that spends more in a day. The charges are those since the month began, so a day's are a difference, or all of
 * them after they fell back.
 */
export const costAlarm = ({ nameFor, target }: Watched, usd: number): PutMetricAlarmCommandInput => ({
  AlarmName: nameFor("daily-cost"),
  AlarmDescription: `The account ${target.account} was charged more than ${usd} USD in a day. Look for endpoints without requests, jobs that do not end, and scaling at its maximum.`,
  Metrics: [
    { Id: "day", Expression: "IF(change < 0, charges, change)", Label: "USD in a day", ReturnData: true },
    { Id: "change", Expression: "DIFF(charges)", ReturnData: false },
    {
      Id: "charges",
      MetricStat: {
        Metric: {
          Namespace: "AWS/Billing",
          MetricName: "EstimatedCharges",
          Dimensions: [{ Name: "Currency", Value: "USD" }],
        },
        Period: 24 * hour,
        Stat: "Maximum",
      },
      ReturnData: false,
    },
  ],
  EvaluationPeriods: 1,
  Threshold: usd,
  ComparisonOperator: "GreaterThanThreshold",
  TreatMissingData: "notBreaching",
});
