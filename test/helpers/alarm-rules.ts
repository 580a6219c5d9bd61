import type { PutCompositeAlarmCommandInput, PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";
import { metricTable } from "../../src/io/metrics/index.js";

/** An alarm, perhaps without what it needs. */
type Alarm = Partial<PutMetricAlarmCommandInput>;

/** Metrics of SageMaker, with the least threshold that makes sense in their unit. */
const sagemaker: Readonly<Record<string, number>> = {
  Invocations: 1,
  Invocation4XXErrors: 0,
  Invocation5XXErrors: 0,
  // Microseconds: a limit below a millisecond was meant as milliseconds.
  ModelLatency: 1000,
  HasBacklogWithoutCapacity: 1,
};
const monitors = new Set<string>(Object.values(metricTable).map(({ cloudwatch }) => cloudwatch));

/** What CloudWatch, or the sense of it, has against alarms, as far as no model of the service says so. */
export function alarmProblems(alarms: readonly Alarm[], region: string): string[] {
  return alarms.flatMap((alarm) => {
    const { AlarmName = "", AlarmDescription = "", AlarmActions = [], OKActions = [], Metrics } = alarm;
    const found = [
      ...(Metrics === undefined ? plain(alarm) : math(alarm)),
      ...span(alarm),
      ...wrongMetrics(alarm, region),
    ];
    if (!/[.;] [A-Z].*\./.test(AlarmDescription)) found.push("does not say what to do");
    if (AlarmActions.length > 5 || OKActions.length > 5) found.push("has more than 5 actions");
    for (const arn of [...AlarmActions, ...OKActions])
      if (arn.split(":")[3] !== region) found.push(`acts in another region: ${arn}`);
    if (alarm.TreatMissingData === undefined) found.push("does not say what missing data mean");
    return found.map((problem) => `${AlarmName} ${problem}`);
  });
}

function plain({ Statistic, ExtendedStatistic, Period, MetricName, Threshold }: Alarm): string[] {
  return [
    ...((Statistic === undefined) === (ExtendedStatistic === undefined) ? ["needs one statistic"] : []),
    ...(Period === undefined || MetricName === undefined ? ["lacks its metric or period"] : []),
    ...(Threshold === undefined ? ["lacks a threshold"] : []),
    ...((Threshold ?? 0) < (sagemaker[MetricName ?? ""] ?? -Infinity) ? ["has a threshold in another unit"] : []),
  ];
}

function math({ Metrics = [], ThresholdMetricId, Threshold, MetricName }: Alarm): string[] {
  const ids = Metrics.map(({ Id = "" }) => Id);
  const returned = Metrics.filter(({ ReturnData }) => ReturnData !== false);
  const named = Metrics.flatMap(({ Expression = "" }) => Expression.match(/\b[a-z]\w*/g) ?? []);
  return [
    ...(new Set(ids).size < ids.length ? ["repeats an id"] : []),
    ...ids.filter((id) => !/^[a-z]\w*$/.test(id)).map((id) => `has the id ${id}`),
    ...(returned.length === (ThresholdMetricId === undefined ? 1 : 2) ? [] : ["returns other than one series"]),
    ...named.filter((id) => !ids.includes(id)).map((id) => `names ${id}, which is no id`),
    ...ids.filter((id) => !named.includes(id) && !returned.some(({ Id }) => Id === id)).map((id) => `never uses ${id}`),
    ...((ThresholdMetricId === undefined) === (Threshold === undefined) ? ["needs one threshold"] : []),
    ...(MetricName === undefined ? [] : ["has both a metric and math"]),
    ...(Metrics.length > 10 + 1 ? ["has more than 10 metrics"] : []),
  ];
}

/** CloudWatch looks back a day, or a week where periods are an hour or longer. */
function span({ Period, EvaluationPeriods = 0, DatapointsToAlarm = 1, Metrics = [] }: Alarm): string[] {
  const periods = [Period, ...Metrics.map(({ MetricStat }) => MetricStat?.Period)].filter((each) => each !== undefined);
  const period = Math.max(...periods);
  const longest = period >= 3600 ? 7 * 86_400 : 86_400;
  return [
    ...(new Set(periods).size === 1 ? [] : ["mixes periods"]),
    ...(period === 10 || period === 30 || period % 60 === 0 ? [] : [`has the period ${period}`]),
    ...(period * EvaluationPeriods > longest ? ["looks back too far"] : []),
    ...(DatapointsToAlarm > EvaluationPeriods ? ["needs more points than it has"] : []),
  ];
}

/** Metrics that nobody writes: an alarm of one never speaks. */
function wrongMetrics(alarm: Alarm, region: string): string[] {
  const metrics = alarm.Metrics?.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []) ?? [alarm];
  return metrics.flatMap(({ Namespace = "", MetricName = "", Dimensions = [] }) => {
    const names = Dimensions.map(({ Name = "" }) => Name).join();
    const what = `watches ${Namespace} ${MetricName}{${names}}`;
    if (Namespace === "AWS/Billing")
      return region === "us-east-1" && names === "Currency" ? [] : [`${what} in ${region}`];
    if (Namespace !== "AWS/SageMaker") return monitors.has(MetricName) && names === "model" ? [] : [what];
    const expected = MetricName === "HasBacklogWithoutCapacity" ? "EndpointName" : "EndpointName,VariantName";
    return MetricName in sagemaker && names === expected ? [] : [what];
  });
}

/** Names in the rule of a composite alarm that are no alarms. */
export const ruleProblems = ({ AlarmRule = "" }: PutCompositeAlarmCommandInput, alarms: readonly Alarm[]): string[] =>
  [...AlarmRule.matchAll(/ALARM\("([^"]*)"\)/g)]
    .map(([, name = ""]) => name)
    .filter((name) => !alarms.some(({ AlarmName }) => AlarmName === name))
    .map((name) => `there is no alarm ${name}`);
