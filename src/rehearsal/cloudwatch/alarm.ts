import type { MetricDataQuery, PutMetricAlarmInput } from "@aws-sdk/client-cloudwatch";
import { invalid } from "../front/aws-error.js";
import { evaluateMath, type MathScope } from "./math.js";
import type { MetricData, Series, Window } from "./series.js";

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

const operators: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

/** Periods before the evaluated ones in which CloudWatch looks for values in place of missing ones. */
const periodsBefore = 2;
/** Percentiles of fewer samples than this, divided by the share above, are unsure. */
const sureSamples = 10;

/** Seconds of an alarm's period: its own, or that of its metrics. */
export function periodOf({ Period, Metrics = [] }: PutMetricAlarmInput): number {
  const periods = [Period, ...Metrics.flatMap(({ Period: own, MetricStat }) => [own, MetricStat?.Period])];
  const period = Math.max(...periods.filter((each) => each !== undefined));
  if (Number.isFinite(period)) return period;
  throw invalid("An alarm has neither a period of its own nor one of a metric.");
}

/**
 * The state of an alarm after the period that ends at `end`, by the rules of CloudWatch for missing data: values from
 * before the evaluated periods take the place of missing ones; those that are still missing count as the alarm says.
 *
 * @param former state before, which `ignore` keeps.
 */
export function evaluateAlarm(
  alarm: PutMetricAlarmInput,
  data: MetricData,
  end: number,
  former: AlarmState,
): AlarmState {
  const periods = alarm.EvaluationPeriods ?? 1;
  const needed = alarm.DatapointsToAlarm ?? periods;
  const period = periodOf(alarm) * 1000;
  const window: Window = { end: Math.floor(end / period) * period, period, count: periods + periodsBefore };
  const recent = seriesOf(alarm, data, window)
    .flatMap((value, i) => (value === undefined ? [] : [{ value, age: window.count - i }]))
    .slice(-periods);
  if (isUnsure(alarm, data, window)) return former;
  const breaks = operators[alarm.ComparisonOperator ?? ""];
  const threshold = alarm.Threshold;
  if (breaks === undefined || threshold === undefined)
    throw invalid(`The rehearsal evaluates a threshold, not ${alarm.ComparisonOperator ?? "nothing"}.`);
  const breaching = recent.filter(({ value }) => breaks(value, threshold)).length;
  const missing = periods - recent.length;
  if (breaching >= needed) return "ALARM";
  switch (alarm.TreatMissingData ?? "missing") {
    case "breaching":
      return breaching + missing >= needed ? "ALARM" : "OK";
    case "notBreaching":
      return "OK";
    case "ignore":
      return breaching < recent.length ? "OK" : former;
    default:
      if (breaching < recent.length) return "OK";
      // All there is breaches, but the next value need not: that counts only where the oldest is old enough for an alarm.
      return (recent[0]?.age ?? 0) >= needed ? "ALARM" : "INSUFFICIENT_DATA";
  }
}

/** Whether a percentile rests on too few samples for an alarm that ignores such. */
function isUnsure(alarm: PutMetricAlarmInput, data: MetricData, window: Window): boolean {
  const q = Number(/^p([\d.]+)$/.exec(alarm.ExtendedStatistic ?? "")?.[1]) / 100;
  if (alarm.EvaluateLowSampleCountPercentile !== "ignore" || Number.isNaN(q)) return false;
  const samples = data.samples(alarm, { ...window, count: 1 })[0] ?? 0;
  return samples > 0 && samples < sureSamples / (q < 0.5 ? q : 1 - q);
}

function seriesOf(alarm: PutMetricAlarmInput, data: MetricData, window: Window): Series {
  const { Metrics: queries } = alarm;
  if (queries === undefined)
    return data.statistic(alarm, alarm.ExtendedStatistic ?? alarm.Statistic ?? "Average", window);
  const result = queries.find(({ ReturnData }) => ReturnData !== false);
  if (result === undefined) throw invalid("None of the alarm's metrics returns data.");
  const known = new Map<string, Series>();
  const open = new Set<string>();
  const scope: MathScope = {
    count: window.count,
    period: window.period / 1000,
    series: (id) => {
      const query = queries.find(({ Id }) => Id === id);
      return query === undefined ? undefined : (known.get(id) ?? compute(query));
    },
    metrics: () => queries.filter(({ MetricStat }) => MetricStat !== undefined).map(compute),
  };
  return compute(result);

  function compute(query: MetricDataQuery): Series {
    const { Id = "", MetricStat, Expression } = query;
    if (open.has(Id)) throw invalid(`The metric ${Id} of the alarm depends on itself.`);
    open.add(Id);
    const series =
      MetricStat === undefined
        ? evaluateMath(Expression ?? "", scope)
        : data.statistic(MetricStat.Metric ?? {}, MetricStat.Stat ?? "Average", window);
    open.delete(Id);
    known.set(Id, series);
    return series;
  }
}
