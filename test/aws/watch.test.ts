import type { PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";
import { describe, expect, it } from "vitest";
import {
  alarms,
  budget,
  dashboard,
  eventRules,
  logRetention,
  scaling,
  type EndpointConfig,
} from "../../src/deploy/aws/index.js";
import { readPattern } from "../../src/rehearsal/events/pattern.js";
import { alarmProblems, ruleProblems } from "../helpers/alarm-rules.js";
import { awsTarget, securedTarget } from "../helpers/aws-target.js";
import { checkRequest } from "../helpers/botocore.js";
import { dashboardProblems, type Widget } from "../helpers/dashboard-rules.js";
import { awsPython } from "../helpers/moto.js";

const ready = await awsPython("requests of watching against botocore's models");

const topic = "arn:aws:sns:us-east-1:123456789012:churn-alarms";
const functionArn = "arn:aws:lambda:us-east-1:123456789012:function:churn-dev-retrain";
const queue = "arn:aws:sqs:us-east-1:123456789012:churn-dev-dead-letters";
const endpoint = { model: "churn", variants: ["main", "candidate"] };
const watching = alarms(securedTarget, endpoint, {
  dailyUsd: 50,
  anomalies: 2,
  notify: [topic],
  scale: "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1:resource/sagemaker/x:policyName/y",
  rollBack: functionArn,
  retrain: functionArn,
});
const board = dashboard(securedTarget, endpoint, { hourlyUsd: 0.115 }, watching);
const rules = eventRules(securedTarget, endpoint, {
  retrain: functionArn,
  monitor: functionArn,
  approved: functionArn,
  deployed: functionArn,
  deadLetters: queue,
});
const realTime = {
  kind: "real-time",
  name: "v12",
  variants: [{ model: "v12", instanceType: "ml.m5.large" }],
} satisfies EndpointConfig;
const asynchronous = {
  ...realTime,
  kind: "async",
  output: { uri: "s3://churn-data/answers" },
} satisfies EndpointConfig;
const serverless = {
  kind: "serverless",
  name: "v12",
  model: "v12",
  memoryMb: 2048,
  maxConcurrency: 20,
} satisfies EndpointConfig;
const scalings = {
  realTime: scaling(securedTarget, realTime, {
    hold: 600,
    schedule: [{ name: "night", at: "cron(0 20 * * ? *)", min: 1, max: 2 }],
    timezone: "Europe/Berlin",
  }),
  toZero: scaling(securedTarget, asynchronous, { hold: 5, min: 0, onlyOut: true }),
  serverless: scaling(awsTarget, { ...serverless, provisionedConcurrency: 2 }, { hold: 0.7 }),
};
const logs = logRetention(securedTarget, { endpoints: ["churn-dev"], functions: ["churn-dev-retrain"], days: 90 });
const money = budget(securedTarget, { usd: 200, tell: ["team@example.org", topic] });

/** Every request with the service and the operation that it belongs to. */
const requests: [service: string, operation: string, input: unknown][] = [
  ...[...watching.metric, ...watching.billing].map((each): [string, string, unknown] => [
    "cloudwatch",
    "PutMetricAlarm",
    each,
  ]),
  ["cloudwatch", "PutCompositeAlarm", watching.unhealthy],
  ["cloudwatch", "PutDashboard", board],
  ...rules.flatMap((rule): [string, string, unknown][] => [
    ["events", "PutRule", rule.PutRule],
    ["events", "PutTargets", rule.PutTargets],
    ["lambda", "AddPermission", rule.AddPermission],
  ]),
  ...Object.values(scalings).flatMap((each): [string, string, unknown][] => [
    ["application-autoscaling", "RegisterScalableTarget", each.RegisterScalableTarget],
    ...each.PutScalingPolicy.map((one): [string, string, unknown] => [
      "application-autoscaling",
      "PutScalingPolicy",
      one,
    ]),
    ...each.PutScheduledAction.map((one): [string, string, unknown] => [
      "application-autoscaling",
      "PutScheduledAction",
      one,
    ]),
    ...(each.wake === undefined ? [] : [["cloudwatch", "PutMetricAlarm", each.wake] as [string, string, unknown]]),
  ]),
  ...logs.flatMap((group): [string, string, unknown][] => [
    ["logs", "CreateLogGroup", group.CreateLogGroup],
    ["logs", "PutRetentionPolicy", group.PutRetentionPolicy],
  ]),
  ["budgets", "CreateBudget", money],
];

it.skipIf(!ready)("fits AWS's models of the services", () => {
  expect(requests.length).toBeGreaterThan(30);
  expect(requests.flatMap(([service, operation, input]) => checkRequest(service, operation, input))).toEqual([]);
});

it.skipIf(!ready)("finds a fault that is planted into any member of any request", () => {
  for (const [service, operation, input] of requests)
    for (const [member, value] of Object.entries(input as object)) {
      const wrong = typeof value === "object" ? 7 : { wrong: true };
      const problems = checkRequest(service, operation, { ...(input as object), [member]: wrong });
      expect(problems.join(), `${operation}.${member}`).toContain(member);
    }
});

const golden = {
  alarms: alarms(awsTarget, { model: "churn" }, { dailyUsd: 50, anomalies: 2, notify: [topic], rollBack: functionArn }),
  dashboard: { ...board, DashboardBody: JSON.parse(board.DashboardBody ?? "") as unknown },
  rules,
  scalings,
  logs,
  money,
};
it.each(Object.entries(golden))("%s are what they were", async (name, value) => {
  await expect(`${JSON.stringify(value, null, 1)}\n`).toMatchFileSnapshot(`golden/watch-${name}.json`);
});

it("is the same from the same description, as JSON", () => {
  expect(JSON.parse(JSON.stringify(watching))).toEqual(watching);
  expect(dashboard(securedTarget, endpoint, { hourlyUsd: 0.115 }, watching)).toEqual(board);
});

describe("alarms", () => {
  it("break no rule of CloudWatch, in any region", () => {
    const elsewhere = {
      ...awsTarget,
      region: "eu-west-1",
      image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/churn:1",
    };
    const there = alarms(elsewhere, { model: "churn", name: "b" }, { dailyUsd: 9, notifyCost: [topic] });
    expect(alarmProblems(watching.metric, "us-east-1")).toEqual([]);
    expect(alarmProblems(there.metric, "eu-west-1")).toEqual([]);
    expect(alarmProblems([...watching.billing, ...there.billing], "us-east-1")).toEqual([]);
    expect(ruleProblems(watching.unhealthy, watching.metric)).toEqual([]);
    expect(alarmProblems(scalings.toZero.wake === undefined ? [] : [scalings.toZero.wake], "us-east-1")).toEqual([]);
    expect(there.unhealthy.AlarmName).toBe("churn-dev-b-unhealthy");
  });

  const [p99, , faults] = watching.metric;
  it.each<[string, PutMetricAlarmCommandInput | undefined, Partial<PutMetricAlarmCommandInput>, string]>([
    ["milliseconds", p99, { Threshold: 200 }, "threshold in another unit"],
    ["a misspelled metric", p99, { MetricName: "ModelLatencies" }, "watches AWS/SageMaker ModelLatencies"],
    ["a lost dimension", p99, { Dimensions: p99?.Dimensions?.slice(0, 1) }, "ModelLatency{EndpointName}"],
    ["two statistics", p99, { Statistic: "Average" }, "needs one statistic"],
    ["a period", p99, { Period: 90 }, "has the period 90"],
    ["a long look back", p99, { EvaluationPeriods: 300 }, "looks back too far"],
    ["a topic elsewhere", p99, { AlarmActions: [topic.replace("us-east-1", "eu-west-1")] }, "acts in another region"],
    ["missing data", p99, { TreatMissingData: undefined }, "what missing data mean"],
    ["no advice", p99, { AlarmDescription: "Latency is high." }, "does not say what to do"],
    ["a lost metric", faults, { Metrics: faults?.Metrics?.slice(0, 2) }, "names failed0, which is no id"],
    [
      "two results",
      faults,
      { Metrics: faults?.Metrics?.map((each) => ({ ...each, ReturnData: true })) },
      "returns other than one series",
    ],
  ])("planted fault: %s", (_, alarm, fault, problem) => {
    expect(alarmProblems([{ ...alarm, ...fault }], "us-east-1").join()).toContain(problem);
  });

  it("planted fault: a rule of an alarm that does not exist", () => {
    expect(ruleProblems(watching.unhealthy, watching.metric.slice(1))).toEqual([
      "there is no alarm churn-dev-latency-p99",
    ]);
    expect(alarmProblems(watching.billing, "eu-west-1").join()).toContain("in eu-west-1");
  });

  it.each([
    [{ accuracy: 84 }, /options\.accuracy must be a finite number/],
    [{ quietMinutes: 33 }, /quietMinutes must be a multiple of 5/],
    [{ notify: ["arn:aws:sns:eu-west-1:123456789012:x"] }, /an alarm acts only in its own region, us-east-1/],
    [{ notify: [functionArn] }, /options\.notify must be a list of ARNs of at most 3 SNS topics/],
    [{ notifyCost: [topic] }, /has no effect without dailyUsd/],
    [{ notifyCost: [topic.replace("us-east-1", "eu-west-1")], dailyUsd: 1 }, /must be in us-east-1/],
    [{ p99: 200 }, /unknown member "p99".*docs\/aws-alarms\.md/s],
  ])("refuses %j", (options, message) => {
    expect(() => alarms(awsTarget, endpoint, options as object)).toThrow(message);
  });

  it("refuses wrong endpoints and regions without charges", () => {
    expect(() => alarms(awsTarget, { model: "churn", variants: [] })).toThrow(
      /endpoint\.variants must be a list of 1 to 10/,
    );
    expect(() => alarms(awsTarget, { model: "churn", namespace: "AWS/X" })).toThrow(/namespace/);
    const china = {
      ...awsTarget,
      region: "cn-north-1",
      image: "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/churn:1",
      role: "arn:aws-cn:iam::123456789012:role/churn",
    };
    expect(() => alarms(china, { model: "churn" }, { dailyUsd: 5 })).toThrow(/its charges are not in us-east-1/);
  });
});

describe("the dashboard", () => {
  const { widgets } = JSON.parse(board.DashboardBody ?? "") as { widgets: Widget[] };
  const names = [watching.unhealthy, ...watching.metric].map(({ AlarmName = "" }) => AlarmName);

  it("shows the alarms that exist, and metrics that somebody writes, beside each other", () => {
    expect(dashboardProblems(widgets, names)).toEqual([]);
    expect(widgets[0]?.properties.alarms).toHaveLength(names.length);
    const shown = widgets.flatMap(({ properties }) => (properties.metrics ?? []).map(([, name]) => name));
    for (const name of ["ModelLatency", "Invocations", "Invocation4XXErrors", "Invocation5XXErrors", "CPUUtilization"])
      expect(shown).toContain(name);
    for (const name of ["MemoryUtilization", "ModelAccuracy", "DataDriftScore", "DataQualityScore"])
      expect(shown).toContain(name);
    expect(shown).toContain("PredictionDriftScore");
  });

  const text = JSON.stringify(widgets);
  it.each([
    ["a misspelled metric", text.replaceAll("ModelLatency", "ModelLatencies"), "nobody writes AWS/SageMaker ModelLat"],
    ["a dimension", text.replaceAll('"model"', '"Model"'), "nobody writes Churnkit ModelAccuracy Model"],
    ["a namespace", text.replaceAll("/aws/sagemaker/Endpoints", "AWS/SageMaker"), "nobody writes AWS/SageMaker CPU"],
    ["an alarm", text.replaceAll("churn-dev-5xx", "churn-dev-5x"), "there is no alarm"],
    ["an id", text.replaceAll('"id":"requests0"', '"id":"requests"'), "names requests0, which is no id"],
    ["a place", text.replaceAll('"x":8', '"x":7'), "widgets lie over each other"],
    ["a column", text.replaceAll('"x":16', '"x":17'), "a widget leaves the 24 columns"],
  ])("planted fault: %s", (_, body, problem) => {
    expect(dashboardProblems(JSON.parse(body) as Widget[], names).join()).toContain(problem);
  });
});

describe("scaling", () => {
  it.each<[string, EndpointConfig, object, RegExp]>([
    ["serverless", serverless, { hold: 1 }, /nothing to scale: a serverless variant has no instances/],
    ["share", { ...serverless, provisionedConcurrency: 2 }, { hold: 70 }, /hold is a share/],
    ["concurrency", { ...serverless, provisionedConcurrency: 2 }, { hold: 0.7, max: 30 }, /maxConcurrency, 20/],
    [
      "variant",
      realTime,
      { hold: 600, variant: "candidate" },
      /variant is "candidate", but the configuration has main/,
    ],
    ["zero", realTime, { hold: 600, min: 0 }, /may be 0 only for an asynchronous endpoint/],
    ["order", realTime, { hold: 600, min: 6 }, /max is less than min/],
    ["nothing", realTime, { hold: 0 }, /hold must be more than 0/],
    [
      "time",
      realTime,
      { hold: 1, schedule: [{ name: "x", at: "20:00", min: 1, max: 1 }] },
      /at must be a time such as/,
    ],
  ])("refuses: %s", (_, config, description, message) => {
    expect(() => scaling(awsTarget, config, description as { hold: number })).toThrow(message);
  });

  it("wakes an endpoint without instances", () => {
    expect(scalings.toZero.PutScalingPolicy.map(({ PolicyType }) => PolicyType)).toEqual([
      "TargetTrackingScaling",
      "StepScaling",
    ]);
    expect(scalings.toZero.wake?.MetricName).toBe("HasBacklogWithoutCapacity");
    expect(scalings.realTime.wake).toBeUndefined();
  });
});

describe("event rules", () => {
  const event = (source: string, type: string, resource: string, detail: object): object => ({
    source,
    "detail-type": type,
    resources: [resource],
    detail,
  });
  const alarmEvent = (name: string, value: string): object =>
    event(
      "aws.cloudwatch",
      "CloudWatch Alarm State Change",
      `arn:aws:cloudwatch:us-east-1:123456789012:alarm:${name}`,
      {
        alarmName: name,
        state: { value },
      },
    );
  const packageEvent = (ModelPackageGroupName: string, ModelApprovalStatus: string): object =>
    event("aws.sagemaker", "SageMaker Model Package State Change", "arn", {
      ModelPackageGroupName,
      ModelApprovalStatus,
    });
  const deployment = (EndpointName: string): object =>
    event("aws.sagemaker", "SageMaker Endpoint Deployment State Change", "arn", { EndpointName });

  it.each<[string, object, string[]]>([
    ["accuracy alarms", alarmEvent("churn-dev-accuracy", "ALARM"), ["retrain"]],
    ["drift alarms", alarmEvent("churn-dev-drift", "ALARM"), ["retrain"]],
    ["accuracy is well again", alarmEvent("churn-dev-accuracy", "OK"), []],
    ["another alarm", alarmEvent("churn-dev-5xx", "ALARM"), []],
    ["another target's alarm", alarmEvent("churn-prod-accuracy", "ALARM"), []],
    ["an approval", packageEvent("churn-dev", "Approved"), ["approved"]],
    ["a rejection", packageEvent("churn-dev", "Rejected"), []],
    ["another group", packageEvent("fraud-dev", "Approved"), []],
    ["a deployment", deployment("churn-dev"), ["deployed"]],
    ["another endpoint's", deployment("churn-dev-b"), []],
  ])("on %s", (_, happened, expected) => {
    const called = rules.filter(
      ({ PutRule: { EventPattern } }) => EventPattern !== undefined && readPattern(JSON.parse(EventPattern))(happened),
    );
    expect(called.map(({ PutRule }) => PutRule.Name)).toEqual(expected.map((name) => `churn-dev-${name}`));
  });

  it("names an alarm that exists, lets its rule call, and can be switched off", () => {
    for (const { PutRule, PutTargets, AddPermission } of rules) {
      expect(PutTargets.Rule).toBe(PutRule.Name);
      expect(AddPermission.SourceArn).toBe(`arn:aws:events:us-east-1:123456789012:rule/${PutRule.Name}`);
    }
    const [first] = rules;
    const { resources } = JSON.parse(first?.PutRule.EventPattern ?? "{}") as { resources: string[] };
    const existing = watching.metric.map(({ AlarmName = "" }) => AlarmName);
    for (const arn of resources) expect(existing).toContain(arn.split(":").at(-1));
    const off = eventRules(awsTarget, endpoint, { retrain: functionArn, deadLetters: queue, enabled: false });
    expect(off.map(({ PutRule }) => PutRule.State)).toEqual(["DISABLED", "DISABLED"]);
  });

  it("refuses what is no function or queue", () => {
    expect(() => eventRules(awsTarget, endpoint, { retrain: topic, deadLetters: queue })).toThrow(
      /retrain must be an ARN/,
    );
    const elsewhere = functionArn.replace("us-east-1", "eu-west-1");
    expect(() => eventRules(awsTarget, endpoint, { retrain: elsewhere, deadLetters: queue })).toThrow(
      /in us-east-1, such/,
    );
    const long = { ...endpoint, name: "e".repeat(50) };
    expect(() => eventRules(awsTarget, long, { retrain: functionArn, deadLetters: queue })).toThrow(/Shorten the name/);
    expect(() => eventRules(awsTarget, endpoint, { retrain: functionArn } as never)).toThrow(/deadLetters is missing/);
  });
});

it("refuses retentions that CloudWatch Logs does not have, and budgets of nothing", () => {
  expect(() => logRetention(awsTarget, { days: 31 })).toThrow(/retention\.days must be one of the numbers/);
  expect(() => budget(awsTarget, { usd: 0, tell: ["a@b.c"] })).toThrow(/budget\.usd must be more than 0/);
  expect(() => budget(awsTarget, { usd: 5, tell: ["nobody"] })).toThrow(/budget\.tell must be/);
  expect(budget(awsTarget, { usd: 5, every: "day", tell: [topic] }).NotificationsWithSubscribers).toHaveLength(2);
});
