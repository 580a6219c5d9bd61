import type { MetricDataQuery, PutMetricAlarmInput } from "@aws-sdk/client-cloudwatch";
import { arnOf, type AwsPlace } from "../place.js";
import type { Alarm, AlarmChange } from "./alarms.js";

/** As CloudWatch writes times in what it sends. */
const timeOf = (ms: number): string => new Date(ms).toISOString().replace("Z", "+0000");

const stateOf = ({ state: value, reason, changedAt }: AlarmChange["former"]) => ({
  value,
  reason,
  timestamp: timeOf(changedAt),
});

/** The detail of the event, which a function that is an action gets as `alarmData`. */
export const alarmDetail = ({ alarm, former }: AlarmChange) => ({
  alarmName: alarm.name,
  state: stateOf(alarm),
  previousState: stateOf(former),
  configuration: configurationOf(alarm.definition),
});

/** What an action gets: a function its own event, a topic a notification. */
export function actionPayload(action: string, change: AlarmChange, place: AwsPlace): object {
  const { name, changedAt, state, reason, definition } = change.alarm;
  const alarmArn = arnOf(place, "cloudwatch", `alarm:${name}`);
  if (!action.startsWith("arn:aws:sns:")) {
    const { account: accountId, region } = place;
    const time = timeOf(changedAt);
    return { source: "aws.cloudwatch", alarmArn, accountId, time, region, alarmData: alarmDetail(change) };
  }
  return {
    AlarmName: name,
    AlarmDescription: definition.AlarmDescription ?? null,
    AWSAccountId: place.account,
    NewStateValue: state,
    NewStateReason: reason,
    StateChangeTime: timeOf(changedAt),
    Region: place.region,
    AlarmArn: alarmArn,
    OldStateValue: change.former.state,
    ...("AlarmRule" in definition ? { AlarmRule: definition.AlarmRule } : { Trigger: triggerOf(definition) }),
  };
}

function triggerOf({ MetricName, Namespace, Statistic, Dimensions = [], ...alarm }: PutMetricAlarmInput): object {
  const { Period, EvaluationPeriods, ComparisonOperator, Threshold, TreatMissingData = "missing", Metrics } = alarm;
  const shared = { EvaluationPeriods, ComparisonOperator, Threshold, TreatMissingData };
  if (Metrics !== undefined) return { ...shared, Metrics };
  const dimensions = Dimensions.map(({ Name: name, Value: value }) => ({ name, value }));
  return { MetricName, Namespace, StatisticType: "Statistic", Statistic, Dimensions: dimensions, Period, ...shared };
}

function configurationOf(definition: Alarm["definition"]): object {
  const description = definition.AlarmDescription === undefined ? {} : { description: definition.AlarmDescription };
  if ("AlarmRule" in definition) return { ...description, alarmRule: definition.AlarmRule };
  const { MetricName, Namespace, Dimensions, Statistic, ExtendedStatistic, Period, Metrics } = definition;
  const own: MetricDataQuery = {
    Id: "m1",
    MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Period, Stat: ExtendedStatistic ?? Statistic },
  };
  return { ...description, metrics: (Metrics ?? [own]).map(metricOf) };
}

function metricOf({ Id: id, MetricStat: stat, Expression: expression, Label: label, ReturnData }: MetricDataQuery) {
  const { Namespace: namespace, MetricName: name, Dimensions = [] } = stat?.Metric ?? {};
  const dimensions = Object.fromEntries(Dimensions.map(({ Name = "", Value = "" }) => [Name, Value]));
  return {
    id,
    ...(stat === undefined
      ? { expression, ...(label !== undefined && { label }) }
      : { metricStat: { metric: { namespace, name, dimensions }, period: stat.Period, stat: stat.Stat } }),
    returnData: ReturnData ?? true,
  };
}
