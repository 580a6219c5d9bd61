import type {
  DeleteAlarmsInput,
  DescribeAlarmsInput,
  GetMetricDataInput,
  GetMetricStatisticsInput,
  MetricDatum,
  PutCompositeAlarmInput,
  PutDashboardInput,
  PutMetricAlarmInput,
  PutMetricDataInput,
  SetAlarmStateInput,
} from "@aws-sdk/client-cloudwatch";
import type { VirtualClock } from "../clock.js";
import { AwsError, invalid } from "../front/aws-error.js";
import type { Service } from "../front/front.js";
import { arnOf, type AwsPlace } from "../place.js";
import { watchAlarms, type AlarmChange } from "./alarms.js";
import { metricData, type MetricData, type Series, type Window } from "./series.js";

/** A point in time on the wire: seconds since 1970. */
type Seconds = number;
type Wire<Input, Dates extends keyof Input> = Omit<Input, Dates> & { readonly [Key in Dates]?: Seconds };

/**
 * CloudWatch: metrics, alarms that are evaluated as time passes, and dashboards, which are only kept.
 *
 * @param onChange is told each change of an alarm.
 * @param onNote is told what is not as in CloudWatch.
 */
export function cloudWatchService(
  clock: VirtualClock,
  place: AwsPlace,
  onChange: (change: AlarmChange) => void,
  onNote: (text: string) => void,
): Service {
  const data = metricData();
  const alarms = watchAlarms(clock, data, onChange, onNote);
  const dashboards = new Map<string, string>();
  function describe({ AlarmNames, AlarmNamePrefix = "", StateValue }: DescribeAlarmsInput): object {
    const found = alarms.all().filter(({ name, state }) => {
      const isNamed = AlarmNames === undefined ? name.startsWith(AlarmNamePrefix) : AlarmNames.includes(name);
      return isNamed && (StateValue === undefined || StateValue === state);
    });
    const shown = found.map(({ definition, ...alarm }) => ({
      ...definition,
      AlarmArn: arnOf(place, "cloudwatch", `alarm:${alarm.name}`),
      StateValue: alarm.state,
      StateReason: alarm.reason,
      StateUpdatedTimestamp: alarm.changedAt / 1000,
    }));
    return {
      MetricAlarms: shown.filter((alarm) => !("AlarmRule" in alarm)),
      CompositeAlarms: shown.filter((alarm) => "AlarmRule" in alarm),
    };
  }

  return {
    PutMetricData: ({ Namespace = "", MetricData: given = [] }: PutMetricDataInput) => {
      // Dates are seconds on the wire.
      const read = (datum: MetricDatum): MetricDatum =>
        datum.Timestamp === undefined ? datum : { ...datum, Timestamp: new Date(Number(datum.Timestamp) * 1000) };
      data.put(Namespace, given.map(read), clock.now());
      for (const datum of given) alarms.touched({ ...datum, Namespace });
    },
    PutMetricAlarm: (input: PutMetricAlarmInput) => alarms.put(input),
    PutCompositeAlarm: (input: PutCompositeAlarmInput) => alarms.put(input),
    DeleteAlarms: ({ AlarmNames = [] }: DeleteAlarmsInput) => alarms.remove(AlarmNames),
    DescribeAlarms: describe,
    SetAlarmState: ({ AlarmName = "", StateValue, StateReason = "" }: SetAlarmStateInput) => {
      if (StateValue === undefined || !alarms.set(AlarmName, StateValue, StateReason))
        throw new AwsError("ResourceNotFound", `There is no alarm ${AlarmName}.`, 404);
    },
    GetMetricStatistics: (input: Wire<GetMetricStatisticsInput, "StartTime" | "EndTime">) => statistics(data, input),
    GetMetricData: (input: Wire<GetMetricDataInput, "StartTime" | "EndTime">) => results(data, input),
    PutDashboard: ({ DashboardName = "", DashboardBody = "" }: PutDashboardInput) => {
      dashboards.set(DashboardName, DashboardBody);
      return { DashboardValidationMessages: [] };
    },
    GetDashboard: ({ DashboardName = "" }: { readonly DashboardName?: string }) => {
      const DashboardBody = dashboards.get(DashboardName);
      if (DashboardBody === undefined)
        throw new AwsError("ResourceNotFound", `There is no dashboard ${DashboardName}.`, 404);
      return { DashboardName, DashboardBody, DashboardArn: arnOf(place, "cloudwatch", `dashboard/${DashboardName}`) };
    },
    ListDashboards: () => ({ DashboardEntries: [...dashboards.keys()].map((DashboardName) => ({ DashboardName })) }),
    DeleteDashboards: ({ DashboardNames = [] }: { readonly DashboardNames?: readonly string[] }) => {
      for (const name of DashboardNames) dashboards.delete(name);
    },
  };
}

function statistics(data: MetricData, input: Wire<GetMetricStatisticsInput, "StartTime" | "EndTime">): object {
  const { Period = 60, Statistics = [], ExtendedStatistics = [] } = input;
  const window = windowOf(input.StartTime, input.EndTime, Period);
  const seriesOf = (names: readonly string[]): readonly (readonly [string, Series])[] =>
    names.map((name) => [name, data.statistic(input, name, window)]);
  const [plain, extended] = [seriesOf(Statistics), seriesOf(ExtendedStatistics)];
  const valuesAt = (series: typeof plain, i: number): object =>
    Object.fromEntries(series.flatMap(([name, values]) => (values[i] === undefined ? [] : [[name, values[i]]])));
  const Datapoints = Array.from({ length: window.count }, (_, i) => ({
    Timestamp: (window.end - (window.count - i) * window.period) / 1000,
    ...valuesAt(plain, i),
    ExtendedStatistics: valuesAt(extended, i),
  })).filter((_, i) => [...plain, ...extended].some(([, values]) => values[i] !== undefined));
  return { Label: input.MetricName, Datapoints };
}

function results(data: MetricData, input: Wire<GetMetricDataInput, "StartTime" | "EndTime">): object {
  const MetricDataResults = (input.MetricDataQueries ?? []).map(({ Id, MetricStat, Label }) => {
    if (MetricStat === undefined) throw invalid("The rehearsal's GetMetricData takes metrics, not expressions.");
    const window = windowOf(input.StartTime, input.EndTime, MetricStat.Period ?? 60);
    const series = data.statistic(MetricStat.Metric ?? {}, MetricStat.Stat ?? "Average", window);
    const points = series
      .map((value, i) => ({ value, time: (window.end - (window.count - i) * window.period) / 1000 }))
      .filter(({ value }) => value !== undefined);
    // The latest first, unless asked otherwise.
    if (input.ScanBy !== "TimestampAscending") points.reverse();
    return {
      Id,
      Label: Label ?? MetricStat.Metric?.MetricName,
      StatusCode: "Complete",
      Timestamps: points.map(({ time }) => time),
      Values: points.map(({ value }) => value),
    };
  });
  return { MetricDataResults };
}

/** Periods of so many seconds between two times in seconds. */
function windowOf(start: Seconds | undefined, end: Seconds | undefined, period: number): Window {
  if (start === undefined || end === undefined || end <= start) throw invalid("EndTime must come after StartTime.");
  const [first, last] = [Math.floor(start / period), Math.ceil(end / period)];
  if (last - first > 100_000) throw invalid("These are too many data points.");
  return { end: last * period * 1000, period: period * 1000, count: last - first };
}
