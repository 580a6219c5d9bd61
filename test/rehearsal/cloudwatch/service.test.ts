import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  GetDashboardCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  PutCompositeAlarmCommand,
  PutDashboardCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
  type PutMetricAlarmCommandInput,
} from "@aws-sdk/client-cloudwatch";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cloudWatchSink } from "../../../src/io/metrics/cloudwatch-sink.js";
import { virtualClock, type VirtualClock } from "../../../src/rehearsal/clock.js";
import type { AlarmChange } from "../../../src/rehearsal/cloudwatch/alarms.js";
import { cloudWatchService } from "../../../src/rehearsal/cloudwatch/service.js";
import { startFront, type AwsCall, type Front } from "../../../src/rehearsal/front/front.js";

const start = Date.UTC(2026, 0, 5);
const minute = 60_000;
const place = { account: "123456789012", region: "eu-west-1" };

let clock: VirtualClock;
let front: Front;
let client: CloudWatchClient;
let changes: string[];
let notes: string[];
let calls: AwsCall[];

beforeEach(async () => {
  clock = virtualClock(start);
  changes = [];
  notes = [];
  calls = [];
  const onChange = ({ alarm, former }: AlarmChange): void =>
    void changes.push(`${(clock.now() - start) / minute} ${alarm.name} ${former.state} -> ${alarm.state}`);
  const monitoring = cloudWatchService(clock, place, onChange, (text) => void notes.push(text));
  front = await startFront({ clock, services: { monitoring }, onCall: (call) => void calls.push(call) });
  client = new CloudWatchClient({
    endpoint: front.url,
    region: place.region,
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
    maxAttempts: 1,
  });
});
afterEach(async () => {
  client.destroy();
  await front.close();
});

const alarm: PutMetricAlarmCommandInput = {
  AlarmName: "drift",
  Namespace: "Churn",
  MetricName: "DataDriftScore",
  Statistic: "Maximum",
  Period: 3600,
  EvaluationPeriods: 1,
  Threshold: 0.25,
  ComparisonOperator: "GreaterThanThreshold",
  TreatMissingData: "notBreaching",
};
const put = (Value: number, MetricName = "DataDriftScore"): Promise<unknown> =>
  client.send(
    new PutMetricDataCommand({
      Namespace: "Churn",
      MetricData: [{ MetricName, Value, Timestamp: new Date(clock.now()) }],
    }),
  );

describe("alarms over HTTP, on the virtual clock", () => {
  it("fire on transition only, and settle when data stop", async () => {
    await client.send(new PutMetricAlarmCommand(alarm));
    await put(0.1);
    await clock.advanceTo(start + 61 * minute);
    await put(0.3);
    await clock.advanceTo(start + 121 * minute);
    await put(0.4);
    await clock.advanceTo(start + 24 * 60 * minute);
    expect(changes).toEqual(["60 drift INSUFFICIENT_DATA -> OK", "120 drift OK -> ALARM", "360 drift ALARM -> OK"]);
    const { MetricAlarms } = await client.send(new DescribeAlarmsCommand({ AlarmNames: ["drift"] }));
    expect(MetricAlarms?.[0]).toMatchObject({
      StateValue: "OK",
      AlarmArn: "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:drift",
      StateUpdatedTimestamp: new Date(start + 360 * minute),
    });
    expect(calls[0]).toMatchObject({ service: "monitoring", operation: "PutMetricAlarm", caller: "AKIDEXAMPLE" });
  });

  it("begin with INSUFFICIENT_DATA, and alarm on silence where missing data breach", async () => {
    const silent = { ...alarm, AlarmName: "silent", TreatMissingData: "breaching", Period: 60, EvaluationPeriods: 30 };
    await client.send(new PutMetricAlarmCommand({ ...silent, ComparisonOperator: "LessThanThreshold", Threshold: 1 }));
    const { MetricAlarms } = await client.send(new DescribeAlarmsCommand({}));
    expect(MetricAlarms?.[0]?.StateValue).toBe("INSUFFICIENT_DATA");
    await put(5);
    await clock.advanceTo(start + 120 * minute);
    expect(changes).toEqual(["1 silent INSUFFICIENT_DATA -> OK", "33 silent OK -> ALARM"]);
  });

  it("combine in composite alarms at once", async () => {
    await client.send(new PutMetricAlarmCommand(alarm));
    await client.send(new PutMetricAlarmCommand({ ...alarm, AlarmName: "errors", MetricName: "Errors" }));
    await client.send(
      new PutCompositeAlarmCommand({ AlarmName: "both", AlarmRule: 'ALARM("drift") AND NOT (OK(errors) OR FALSE)' }),
    );
    await put(1);
    await clock.advanceTo(start + 60 * minute);
    expect(changes).toEqual([
      "0 both INSUFFICIENT_DATA -> OK",
      "60 drift INSUFFICIENT_DATA -> ALARM",
      "60 both OK -> ALARM",
      "60 errors INSUFFICIENT_DATA -> OK",
      "60 both ALARM -> OK",
    ]);
  });

  it("of anomaly detection are kept as they are: what CloudWatch learns is not imitated", async () => {
    const band: PutMetricAlarmCommandInput = {
      AlarmName: "unusual",
      ComparisonOperator: "LessThanLowerOrGreaterThanUpperThreshold",
      EvaluationPeriods: 1,
      ThresholdMetricId: "band",
      Metrics: [
        { Id: "band", Expression: "ANOMALY_DETECTION_BAND(seen, 2)" },
        { Id: "seen", MetricStat: { Metric: { Namespace: "N", MetricName: "M" }, Period: 60, Stat: "Sum" } },
      ],
    };
    await client.send(new PutMetricAlarmCommand(band));
    await client.send(new PutMetricDataCommand({ Namespace: "N", MetricData: [{ MetricName: "M", Value: 1e9 }] }));
    await clock.advanceTo(start + 120 * minute);
    expect(changes).toEqual([]);
    expect(notes).toEqual(["The alarm unusual never goes off here: anomaly detection is not imitated."]);
    // A band that is none is refused.
    const none = { ...band, ThresholdMetricId: "seen" };
    await expect(client.send(new PutMetricAlarmCommand(none))).rejects.toThrow(/ANOMALY_DETECTION_BAND/);
  });

  it("refuse a composite alarm that depends on itself, directly or through others", async () => {
    const composite = (AlarmName: string, AlarmRule: string): Promise<unknown> =>
      client.send(new PutCompositeAlarmCommand({ AlarmName, AlarmRule }));
    await expect(composite("a", "ALARM(a) OR ALARM(drift)")).rejects.toThrow(/a -> a depends on itself/);
    await composite("a", "ALARM(b) OR OK(drift)");
    await composite("b", 'ALARM("c")');
    const arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a";
    await expect(composite("c", `OK(drift) AND NOT ALARM("${arn}")`)).rejects.toThrow(/c -> a -> b -> c depends on/);
    // Two ways to one alarm are no circle.
    await composite("c", "OK(drift)");
    await composite("d", "ALARM(a) OR ALARM(b) OR ALARM(c)");
    expect((await client.send(new DescribeAlarmsCommand({}))).CompositeAlarms).toHaveLength(4);
  });

  it("are set by hand until the next evaluation, and removed", async () => {
    await client.send(new PutMetricAlarmCommand(alarm));
    await put(0.1);
    await clock.advanceTo(start + 60 * minute);
    await client.send(new SetAlarmStateCommand({ AlarmName: "drift", StateValue: "ALARM", StateReason: "drill" }));
    await clock.advanceTo(start + 120 * minute);
    expect(changes.slice(1)).toEqual(["60 drift OK -> ALARM", "120 drift ALARM -> OK"]);
    await client.send(new DeleteAlarmsCommand({ AlarmNames: ["drift"] }));
    expect((await client.send(new DescribeAlarmsCommand({}))).MetricAlarms).toEqual([]);
    const unknown = new SetAlarmStateCommand({ AlarmName: "none", StateValue: "OK", StateReason: "" });
    await expect(client.send(unknown)).rejects.toMatchObject({ name: "ResourceNotFound" });
  });

  it("wait for an alarm's last data only: a year without data takes no time", async () => {
    for (let i = 0; i < 20; i++)
      await client.send(new PutMetricAlarmCommand({ ...alarm, AlarmName: `a${i}`, Period: 60 }));
    const before = Date.now();
    await clock.advanceTo(start + 365 * 24 * 60 * minute);
    expect(changes).toHaveLength(20);
    expect(Date.now() - before).toBeLessThan(10_000);
  });
});

it.each([
  ["an unknown statistic", new PutMetricAlarmCommand({ ...alarm, Statistic: undefined, ExtendedStatistic: "tm99" })],
  ["an unknown comparison", new PutMetricAlarmCommand({ ...alarm, ComparisonOperator: "GreaterThanUpperThreshold" })],
  ["a rule that is none", new PutCompositeAlarmCommand({ AlarmName: "c", AlarmRule: "ALARM(a" })],
])("an alarm with %s is refused when it is put", async (_, command) => {
  await put(1);
  await expect(client.send(command as PutMetricAlarmCommand)).rejects.toMatchObject({ name: "ValidationException" });
  expect((await client.send(new DescribeAlarmsCommand({}))).MetricAlarms).toEqual([]);
});

describe("data over HTTP", () => {
  it("come back as statistics, large requests gzipped, and by way of the library's own sink", async () => {
    const sink = await cloudWatchSink({ namespace: "Churn", client });
    await sink.write([{ name: "model_accuracy", value: 0.81, at: new Date() }]);
    await sink.close?.();
    const MetricData = Array.from({ length: 900 }, (_, i) => ({
      MetricName: "Latency",
      Value: i,
      Timestamp: new Date(start),
    }));
    await client.send(new PutMetricDataCommand({ Namespace: "Churn", MetricData }));
    const query = {
      Namespace: "Churn",
      MetricName: "Latency",
      Period: 60,
      StartTime: new Date(start),
      EndTime: new Date(start + 5 * minute),
    };
    const { Datapoints } = await client.send(
      new GetMetricStatisticsCommand({ ...query, Statistics: ["Sum", "SampleCount"], ExtendedStatistics: ["p50"] }),
    );
    expect(Datapoints).toMatchObject([
      { Timestamp: new Date(start), Sum: (899 * 900) / 2, SampleCount: 900, ExtendedStatistics: { p50: 449.5 } },
    ]);
    const { StartTime, EndTime, ...metric } = query;
    const MetricStat = {
      Metric: { Namespace: "Churn", MetricName: "Latency" },
      Period: metric.Period,
      Stat: "Maximum",
    };
    const { MetricDataResults } = await client.send(
      new GetMetricDataCommand({ StartTime, EndTime, MetricDataQueries: [{ Id: "m", MetricStat }] }),
    );
    expect(MetricDataResults?.[0]?.Values).toEqual([899]);
    expect(calls.filter(({ operation }) => operation === "PutMetricData").length).toBeGreaterThan(1);
  });

  it("give the latest point first, unless asked otherwise", async () => {
    for (const [i, Value] of [1, 2, 3].entries())
      await client.send(
        new PutMetricDataCommand({
          Namespace: "N",
          MetricData: [{ MetricName: "m", Value, Timestamp: new Date(start + i * minute) }],
        }),
      );
    const MetricStat = { Metric: { Namespace: "N", MetricName: "m" }, Period: 60, Stat: "Sum" };
    const window = { StartTime: new Date(start), EndTime: new Date(start + 3 * minute) };
    const values = async (ScanBy?: "TimestampAscending") => {
      const MetricDataQueries = [{ Id: "m", MetricStat }];
      const { MetricDataResults } = await client.send(
        new GetMetricDataCommand({ ...window, MetricDataQueries, ScanBy }),
      );
      return MetricDataResults?.map(({ Label, Values }) => [Label, Values]);
    };
    expect(await values()).toEqual([["m", [3, 2, 1]]]);
    expect(await values("TimestampAscending")).toEqual([["m", [1, 2, 3]]]);
  });

  it("keep dashboards, and name what is not known", async () => {
    await client.send(new PutDashboardCommand({ DashboardName: "churn", DashboardBody: "{}" }));
    expect((await client.send(new GetDashboardCommand({ DashboardName: "churn" }))).DashboardBody).toBe("{}");
    await expect(client.send(new GetDashboardCommand({ DashboardName: "x" }))).rejects.toMatchObject({
      name: "ResourceNotFound",
    });
  });
});
