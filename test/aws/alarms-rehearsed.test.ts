import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  type MetricDataQuery,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  type MetricDatum,
} from "@aws-sdk/client-cloudwatch";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { alarms, dashboard, eventRules } from "../../src/deploy/aws/index.js";
import { cloudWatchSink } from "../../src/io/metrics/cloudwatch-sink.js";
import { rehearse, type Rehearsal } from "../../src/rehearsal/index.js";
import { awsTarget } from "../helpers/aws-target.js";
import { clientOf } from "../helpers/rehearsed.js";

const minute = 60_000;
const hour = 60 * minute;
const retrain = "arn:aws:lambda:us-east-1:123456789012:function:retrain";
const rollBack = "arn:aws:lambda:us-east-1:123456789012:function:roll-back";

let rehearsal: Rehearsal;
let client: CloudWatchClient;
let called: string[];

beforeEach(async () => {
  called = [];
  const note = (name: string) => (event: unknown) =>
    void called.push(`${name} for ${(event as { alarmData: { alarmName: string } }).alarmData.alarmName}`);
  const looped = (event: unknown): void => void called.push((event as { "detail-type": string })["detail-type"]);
  rehearsal = await rehearse({ functions: { retrain: note("retrain"), "roll-back": note("roll back"), looped } });
  client = new CloudWatchClient(clientOf(rehearsal));
  const { metric, unhealthy, billing } = alarms(
    awsTarget,
    { model: "churn", variants: ["main", "candidate"] },
    { retrain, rollBack, dailyUsd: 50 },
  );
  for (const alarm of [...metric, ...billing]) await client.send(new PutMetricAlarmCommand(alarm));
  await client.send(new PutCompositeAlarmCommand(unhealthy));
});
afterEach(async () => {
  client.destroy();
  await rehearsal.close();
});

const put = (Namespace: string, ...MetricData: MetricDatum[]): Promise<unknown> =>
  client.send(new PutMetricDataCommand({ Namespace, MetricData }));
const serving = (MetricName: string, value: Partial<MetricDatum>, variant = "main"): Promise<unknown> =>
  put("AWS/SageMaker", {
    MetricName,
    Dimensions: [
      { Name: "EndpointName", Value: "churn-dev" },
      { Name: "VariantName", Value: variant },
    ],
    Timestamp: new Date(rehearsal.clock.now()),
    ...value,
  });
const wait = (ms: number): Promise<void> => rehearsal.clock.advanceTo(rehearsal.clock.now() + ms);
const stateOf = async (name: string): Promise<string | undefined> => {
  const { MetricAlarms, CompositeAlarms } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
  return [...(MetricAlarms ?? []), ...(CompositeAlarms ?? [])][0]?.StateValue;
};

/** The same requests and errors in each minute, for some minutes. */
async function traffic(
  minutes: number,
  requests: number,
  errors: Record<string, number>,
  variant = "main",
): Promise<void> {
  for (let i = 0; i < minutes; i++) {
    if (requests > 0) await serving("Invocations", { Value: requests }, variant);
    for (const [kind, Value] of Object.entries(errors)) await serving(`Invocation${kind}Errors`, { Value }, variant);
    await wait(minute);
  }
}

describe("latency", () => {
  it.each([
    [199_999, "OK"],
    [200_000, "OK"],
    [200_001, "ALARM"],
  ])("whose 99th percentile is %i us: %s", async (slowest, state) => {
    await serving("ModelLatency", { Values: [20_000, slowest], Counts: [980, 20] });
    await wait(5 * minute);
    expect(await stateOf("churn-dev-latency-p99")).toBe(state);
    expect(await stateOf("churn-dev-unhealthy")).toBe(state);
  });

  it("of one request in two hundred does not count for the percentile", async () => {
    await serving("ModelLatency", { Values: [20_000, 900_000], Counts: [995, 5] });
    await wait(5 * minute);
    expect(await stateOf("churn-dev-latency-p99")).toBe("OK");
  });

  it("on average above 500 ms alarms after 5 minutes, not after 4", async () => {
    for (let i = 0; i < 4; i++) {
      await serving("ModelLatency", { Value: 500_001 });
      await wait(minute);
    }
    expect(await stateOf("churn-dev-latency-average")).not.toBe("ALARM");
    await serving("ModelLatency", { Value: 500_001 });
    await wait(minute);
    expect(await stateOf("churn-dev-latency-average")).toBe("ALARM");
  });
});

describe("failed requests", () => {
  it.each([
    [99, "OK"],
    [100, "OK"],
    [101, "ALARM"],
  ])("5xx: %i of 10,000: %s", async (failed, state) => {
    await traffic(1, 10_000, { "5XX": failed });
    await wait(5 * minute);
    expect(await stateOf("churn-dev-5xx")).toBe(state);
    expect(called).toEqual(state === "ALARM" ? ["roll back for churn-dev-unhealthy"] : []);
  });

  it("count by variant: a candidate that fails is not lost among the others", async () => {
    await serving("Invocations", { Value: 10_000 });
    await traffic(1, 100, { "5XX": 2 }, "candidate");
    await wait(5 * minute);
    expect([await stateOf("churn-dev-5xx"), await stateOf("churn-dev-5xx-candidate")]).toEqual(["OK", "ALARM"]);
  });

  it("of either kind above 5 % alarm after 3 minutes, not after 2", async () => {
    await traffic(2, 1000, { "4XX": 30, "5XX": 21 });
    expect(await stateOf("churn-dev-errors")).not.toBe("ALARM");
    await traffic(1, 1000, { "4XX": 30, "5XX": 21 });
    expect(await stateOf("churn-dev-errors")).toBe("ALARM");
  });

  it("that nobody reports are none, and without requests there is no share", async () => {
    await traffic(4, 1000, {});
    expect(await stateOf("churn-dev-errors")).toBe("OK");
    await wait(hour);
    expect(await stateOf("churn-dev-errors")).toBe("OK");
    await traffic(4, 0, { "5XX": 5 });
    await wait(hour);
    expect([await stateOf("churn-dev-errors"), await stateOf("churn-dev-5xx")]).toEqual(["OK", "OK"]);
  });
});

describe("silence", () => {
  it("of all variants for 30 minutes alarms, of one does not, and it ends with a request", async () => {
    await traffic(5, 10, {});
    for (let i = 0; i < 6; i++) {
      await serving("Invocations", { Value: 1 }, "candidate");
      await wait(5 * minute);
    }
    expect(await stateOf("churn-dev-no-requests")).toBe("OK");
    await wait(25 * minute);
    expect(await stateOf("churn-dev-no-requests")).toBe("OK");
    await wait(20 * minute);
    expect(await stateOf("churn-dev-no-requests")).toBe("ALARM");
    await serving("Invocations", { Value: 1 });
    await wait(5 * minute);
    expect(await stateOf("churn-dev-no-requests")).toBe("OK");
  });

  it("from the beginning alarms too", async () => {
    await wait(45 * minute);
    expect(await stateOf("churn-dev-no-requests")).toBe("ALARM");
  });
});

describe("the model", () => {
  /** As the monitors write: by the library's own sink. */
  async function monitored(points: Record<string, number>): Promise<void> {
    const sink = await cloudWatchSink({
      namespace: "Churnkit",
      client,
      now: () => new Date(rehearsal.clock.now()),
    });
    const at = new Date(rehearsal.clock.now());
    await sink.write(Object.entries(points).map(([name, value]) => ({ name, value, labels: { model: "churn" }, at })));
    await sink.close?.();
    await wait(hour);
  }

  it.each([
    [{ model_accuracy: 0.799 }, "accuracy", "ALARM"],
    [{ model_accuracy: 0.8 }, "accuracy", "OK"],
    [{ data_drift_score: 0.251 }, "drift", "ALARM"],
    [{ data_drift_score: 0.25 }, "drift", "OK"],
  ])("with %j: %s is %s", async (points, name, state) => {
    await monitored(points);
    expect(await stateOf(`churn-dev-${name}`)).toBe(state);
    expect(called).toEqual(state === "ALARM" ? [`retrain for churn-dev-${name}`] : []);
  });

  it("keeps its state while the monitor is silent, which is an alarm of its own", async () => {
    await monitored({ model_accuracy: 0.7, monitor_heartbeat_timestamp_seconds: 1 });
    expect(await stateOf("churn-dev-monitor")).toBe("OK");
    await wait(6 * hour);
    expect([await stateOf("churn-dev-accuracy"), await stateOf("churn-dev-monitor")]).toEqual(["ALARM", "ALARM"]);
    await monitored({ model_accuracy: 0.85 });
    expect(await stateOf("churn-dev-accuracy")).toBe("OK");
  });
});

describe("event rules", () => {
  it("call a function when accuracy alarms, and by the hour, unless they are switched off", async () => {
    const events = new EventBridgeClient(clientOf(rehearsal));
    const putRules = async (enabled?: false): Promise<void> => {
      const rules = eventRules(
        awsTarget,
        { model: "churn" },
        {
          retrain: "arn:aws:lambda:us-east-1:123456789012:function:looped",
          deadLetters: "arn:aws:sqs:us-east-1:123456789012:churn-dev-dead-letters",
          reconcileHours: 2,
          enabled,
        },
      );
      for (const { PutRule, PutTargets } of rules) {
        await events.send(new PutRuleCommand(PutRule));
        await events.send(new PutTargetsCommand(PutTargets));
      }
    };
    const accuracy = (Value: number): Promise<unknown> =>
      put("Churnkit", {
        MetricName: "ModelAccuracy",
        Dimensions: [{ Name: "model", Value: "churn" }],
        Timestamp: new Date(rehearsal.clock.now()),
        Value,
      });
    await putRules();
    await accuracy(0.7);
    await wait(5 * hour);
    const byAlarm = ["retrain for churn-dev-accuracy", "CloudWatch Alarm State Change"];
    expect(called.slice(0, 2).sort()).toEqual(byAlarm.sort());
    expect(called.slice(2)).toEqual(["Scheduled Event", "Scheduled Event"]);
    await putRules(false);
    await accuracy(0.9);
    await wait(hour);
    await accuracy(0.7);
    await wait(5 * hour);
    expect(called.slice(4)).toEqual(["retrain for churn-dev-accuracy"]);
    events.destroy();
  });
});

describe("the cost", () => {
  it.each([
    ["grows by less", [100, 149], "OK"],
    ["grows by more", [100, 151], "ALARM"],
    ["is high for the month, not for the day", [900, 940], "OK"],
    ["began anew with the month", [900, 40], "OK"],
    ["began anew, and is too much already", [900, 60], "ALARM"],
  ])("that %s", async (_, charges, state) => {
    for (const Value of charges) {
      const Dimensions = [{ Name: "Currency", Value: "USD" }];
      const Timestamp = new Date(rehearsal.clock.now());
      await put("AWS/Billing", { MetricName: "EstimatedCharges", Dimensions, Timestamp, Value });
      await wait(24 * hour);
    }
    expect(await stateOf("churn-dev-daily-cost")).toBe(state);
  });
});

it("shows on the dashboard what a prediction costs: its minute's instances over its minute's requests", async () => {
  const { DashboardBody = "" } = dashboard(awsTarget, { model: "churn" }, { hourlyUsd: 0.115, period: 60 });
  const { widgets } = JSON.parse(DashboardBody) as {
    widgets: { properties: { title: string; metrics: unknown[][] } }[];
  };
  const lines = widgets.find(({ properties }) => properties.title === "Cost of a prediction")?.properties.metrics ?? [];
  const Metrics = lines.map((line): MetricDataQuery => {
    const { expression, stat, id } = line.at(-1) as { expression?: string; stat?: string; id?: string };
    if (expression !== undefined) return { Id: "cost", Expression: expression };
    const [Namespace, MetricName, ...names] = line.slice(0, -1) as string[];
    const Dimensions = names.flatMap((Name, i) => (i % 2 === 0 ? [{ Name, Value: names[i + 1] }] : []));
    return {
      Id: id,
      ReturnData: false,
      MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Period: 60, Stat: stat },
    };
  });
  // Two instances, of which each tells its CPU once a minute.
  const cost = (2 * 0.115) / 60 / 460;
  for (const [AlarmName, Threshold] of Object.entries({ below: cost * 0.999, above: cost * 1.001 })) {
    const rule = {
      ComparisonOperator: "GreaterThanThreshold",
      EvaluationPeriods: 1,
      TreatMissingData: "ignore",
    } as const;
    await client.send(new PutMetricAlarmCommand({ AlarmName, Metrics, Threshold, ...rule }));
  }
  const Dimensions = Object.entries({ EndpointName: "churn-dev", VariantName: "main" }).map(([Name, Value]) => ({
    Name,
    Value,
  }));
  const Timestamp = new Date(rehearsal.clock.now());
  for (const Value of [20, 60])
    await put("/aws/sagemaker/Endpoints", { MetricName: "CPUUtilization", Dimensions, Timestamp, Value });
  await serving("Invocations", { Values: [1], Counts: [460] });
  await wait(minute);
  expect([await stateOf("below"), await stateOf("above")]).toEqual(["ALARM", "OK"]);
});
