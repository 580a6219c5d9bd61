import { CloudWatchClient, PutMetricAlarmCommand, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  TestEventPatternCommand,
} from "@aws-sdk/client-eventbridge";
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from "@aws-sdk/client-sfn";
import { afterEach, describe, expect, it } from "vitest";
import { AwsError } from "../../src/rehearsal/front/aws-error.js";
import { rehearse, type Rehearsal, type RehearsalOptions } from "../../src/rehearsal/rehearse.js";
import { clientOf } from "../helpers/rehearsed.js";

const hour = 3_600_000;
const started: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const each of started.splice(0)) await each.close();
});

interface World {
  readonly rehearsal: Rehearsal;
  readonly cloudWatch: CloudWatchClient;
  readonly events: EventBridgeClient;
  readonly states: SFNClient;
}

async function world(options: RehearsalOptions = {}): Promise<World> {
  const rehearsal = await rehearse(options);
  const config = clientOf(rehearsal);
  const [cloudWatch, events, states] = [
    new CloudWatchClient(config),
    new EventBridgeClient(config),
    new SFNClient(config),
  ];
  started.push(rehearsal, ...[cloudWatch, events, states].map((client) => ({ close: () => client.destroy() })));
  return { rehearsal, cloudWatch, events, states };
}

const lambdaArn = (name: string): string => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
const alarm = {
  AlarmName: "drift",
  Namespace: "Churn",
  MetricName: "DataDriftScore",
  Statistic: "Maximum",
  Period: 3600,
  EvaluationPeriods: 1,
  Threshold: 0.25,
  ComparisonOperator: "GreaterThanThreshold",
  TreatMissingData: "notBreaching",
} as const;

async function onRule({ events }: World, name: string, pattern: object | string, Arn: string): Promise<void> {
  const how = typeof pattern === "string" ? { ScheduleExpression: pattern } : { EventPattern: JSON.stringify(pattern) };
  await events.send(new PutRuleCommand({ Name: name, ...how }));
  await events.send(new PutTargetsCommand({ Rule: name, Targets: [{ Id: "t", Arn }] }));
}

async function machine({ states }: World, name: string, definition: object): Promise<string> {
  const roleArn = "arn:aws:iam::123456789012:role/states";
  const made = await states.send(
    new CreateStateMachineCommand({ name, roleArn, definition: JSON.stringify(definition) }),
  );
  return made.stateMachineArn ?? "";
}

const training = {
  StartAt: "Train",
  States: {
    Train: {
      Type: "Task",
      Resource: "arn:aws:states:::sagemaker:createTrainingJob.sync",
      Parameters: { "TrainingJobName.$": "States.Format('churn-{}', $$.Execution.Name)" },
      Retry: [{ ErrorEquals: ["SageMaker.AmazonSageMakerException"], IntervalSeconds: 30 }],
      ResultPath: "$.train",
      Next: "Measure",
    },
    Measure: {
      Type: "Task",
      Resource: "arn:aws:states:::aws-sdk:cloudwatch:putMetricData",
      Parameters: { Namespace: "Churn", MetricData: [{ MetricName: "Retrained", Value: 1 }] },
      ResultPath: null,
      End: true,
    },
  },
};

describe("the retraining loop, rehearsed", () => {
  it("goes from an alarm by event and function to a training, once, though each event comes twice and late", async () => {
    const runs = new Set<string>();
    const made: World = await world({
      deliveries: 2,
      delay: 5 * 60_000,
      functions: {
        retrain: async (event) => {
          // Idempotent by the alarm's own time.
          const { time } = event as { time: string };
          runs.add(time);
          const name = time.replace(/\W/g, "");
          await made.states
            .send(new StartExecutionCommand({ stateMachineArn: arn, name, input: JSON.stringify({ since: time }) }))
            .catch((error: Error) => {
              if (error.name !== "ExecutionAlreadyExists") throw error;
            });
        },
      },
      tasks: {
        "arn:aws:states:::sagemaker:createTrainingJob.sync": async (parameters) => {
          await made.rehearsal.clock.sleep(hour);
          return { ...(parameters as object), TrainingJobStatus: "Completed" };
        },
      },
    });
    const arn = await machine(made, "retrain", training);
    await onRule(
      made,
      "on-alarm",
      { source: ["aws.cloudwatch"], detail: { state: { value: ["ALARM"] } } },
      lambdaArn("retrain"),
    );
    await made.cloudWatch.send(new PutMetricAlarmCommand(alarm));
    const { clock, timeline } = made.rehearsal;
    const begin = clock.now();
    for (let at = 0; at < 48; at++) {
      const Value = at % 24 === 10 ? 0.4 : 0.1;
      await made.cloudWatch.send(
        new PutMetricDataCommand({
          Namespace: "Churn",
          MetricData: [{ MetricName: "DataDriftScore", Value, Timestamp: new Date(clock.now()) }],
        }),
      );
      await clock.advanceTo(begin + (at + 1) * hour);
    }
    await clock.advanceTo(begin + 60 * hour);
    const { executions } = await made.states.send(new ListExecutionsCommand({ stateMachineArn: arn }));
    expect(executions?.map(({ status }) => status)).toEqual(["SUCCEEDED", "SUCCEEDED"]);
    expect(runs.size).toBe(2);
    const last = await made.states.send(new DescribeExecutionCommand({ executionArn: executions?.[0]?.executionArn }));
    expect(JSON.parse(last.output ?? "")).toMatchObject({ train: { TrainingJobName: "churn-20260102T110000Z" } });
    expect(last.stopDate?.getTime()).toBe(Date.UTC(2026, 0, 2, 12, 5));
    expect(
      timeline
        .filter(({ kind }) => kind === "alarm" || kind === "execution")
        .map(({ time, text }) => `${time.slice(5, 16)} ${text}`),
    ).toEqual([
      "01-01T01:00 drift INSUFFICIENT_DATA -> OK",
      "01-01T11:00 drift OK -> ALARM",
      "01-01T11:05 retrain 20260101T110000Z RUNNING",
      "01-01T12:00 drift ALARM -> OK",
      "01-01T12:05 retrain 20260101T110000Z SUCCEEDED",
      "01-02T11:00 drift OK -> ALARM",
      "01-02T11:05 retrain 20260102T110000Z RUNNING",
      "01-02T12:00 drift ALARM -> OK",
      "01-02T12:05 retrain 20260102T110000Z SUCCEEDED",
    ]);
  });

  it("retries a function that fails, and then gives up in the open", async () => {
    const times: number[] = [];
    const made = await world({
      functions: {
        broken: () => {
          times.push(made.rehearsal.clock.now());
          throw new Error("no table");
        },
      },
    });
    await onRule(made, "weekly", "cron(0 3 ? * MON *)", lambdaArn("broken"));
    await made.rehearsal.clock.advanceTo(Date.UTC(2026, 0, 6));
    const monday = Date.UTC(2026, 0, 5, 3);
    expect(times).toEqual([monday, monday + 60_000, monday + 180_000]);
    expect(made.rehearsal.timeline.filter(({ kind }) => kind !== "call")).toEqual([
      { time: "2026-01-05T03:03:00.000Z", kind: "dead letter", text: `${lambdaArn("broken")}: no table` },
    ]);
  });

  it("gives alarms' actions and rules' targets that it cannot reach to the timeline", async () => {
    const made = await world();
    await made.cloudWatch.send(
      new PutMetricAlarmCommand({ ...alarm, AlarmActions: ["arn:aws:automate:us-east-1:ec2:stop"] }),
    );
    await onRule(made, "all", { source: [{ prefix: "aws." }] }, lambdaArn("absent"));
    await made.cloudWatch.send(
      new PutMetricDataCommand({ Namespace: "Churn", MetricData: [{ MetricName: "DataDriftScore", Value: 1 }] }),
    );
    await made.rehearsal.clock.advanceTo(made.rehearsal.clock.now() + 2 * hour);
    const texts = made.rehearsal.timeline.map(({ kind, text }) => `${kind} ${text}`);
    expect(texts).toContain(
      "dead letter arn:aws:automate:us-east-1:ec2:stop: The rehearsal does not deliver to arn:aws:automate:us-east-1:ec2:stop.",
    );
    expect(texts).toContain(`dead letter ${lambdaArn("absent")}: The rehearsal has no function absent.`);
  });
});

describe("executions", () => {
  it("are idempotent by name and input, can be stopped, and fail with the state's error", async () => {
    const made = await world({
      tasks: {
        "arn:aws:states:::sagemaker:createTrainingJob.sync": (_, signal) =>
          made.rehearsal.clock.sleep(100 * hour, signal),
      },
      functions: { refuse: () => Promise.reject(new TypeError("bad rows")) },
    });
    const { states } = made;
    const stateMachineArn = await machine(made, "train", training);
    const start = new StartExecutionCommand({ stateMachineArn, name: "one", input: "{}" });
    const { executionArn } = await states.send(start);
    expect((await states.send(start)).executionArn).toBe(executionArn);
    const other = new StartExecutionCommand({ stateMachineArn, name: "one", input: '{"a":1}' });
    await expect(states.send(other)).rejects.toMatchObject({ name: "ExecutionAlreadyExists" });
    await made.rehearsal.clock.advanceTo(made.rehearsal.clock.now() + hour);
    await states.send(new StopExecutionCommand({ executionArn, error: "Stopped", cause: "by hand" }));
    await made.rehearsal.clock.advanceTo(made.rehearsal.clock.now() + 1);
    expect(await states.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      status: "ABORTED",
      error: "Stopped",
      cause: "by hand",
    });

    const resource = "arn:aws:states:::lambda:invoke";
    const failing = {
      StartAt: "V",
      States: {
        V: { Type: "Task", Resource: resource, Parameters: { FunctionName: "refuse", Payload: {} }, End: true },
      },
    };
    const validate = await machine(made, "validate", failing);
    const run = await states.send(new StartExecutionCommand({ stateMachineArn: validate }));
    await made.rehearsal.clock.advanceTo(made.rehearsal.clock.now() + 1);
    const failed = await states.send(new DescribeExecutionCommand({ executionArn: run.executionArn }));
    expect(failed).toMatchObject({ status: "FAILED", error: "TypeError" });
    expect(JSON.parse(failed.cause ?? "")).toEqual({ errorType: "TypeError", errorMessage: "bad rows" });
  });

  it("are refused for a definition that is none, and for a machine that does not exist", async () => {
    const made = await world();
    await expect(machine(made, "x", { States: {} })).rejects.toMatchObject({ name: "InvalidDefinition" });
    const start = new StartExecutionCommand({
      stateMachineArn: "arn:aws:states:us-east-1:123456789012:stateMachine:none",
    });
    await expect(made.states.send(start)).rejects.toMatchObject({ name: "StateMachineDoesNotExist" });
  });
});

describe("what is not readable", () => {
  it("is refused at once, by the service's own error, and leaves nothing behind", async () => {
    const made = await world();
    const stateMachineArn = await machine(made, "echo", { StartAt: "P", States: { P: { Type: "Pass", End: true } } });
    const start = new StartExecutionCommand({ stateMachineArn, name: "one", input: "{" });
    await expect(made.states.send(start)).rejects.toMatchObject({ name: "InvalidExecutionInput" });
    expect((await made.states.send(new ListExecutionsCommand({ stateMachineArn }))).executions).toEqual([]);

    await onRule(made, "hourly", "rate(1 hour)", stateMachineArn);
    const rule = (more: object) => new PutRuleCommand({ Name: "hourly", ...more });
    await expect(made.events.send(rule({ EventPattern: "{" }))).rejects.toMatchObject({
      name: "InvalidEventPatternException",
    });
    await expect(made.events.send(rule({ ScheduleExpression: "rate(0 hours)" }))).rejects.toMatchObject({
      name: "ValidationException",
    });
    const targets = new PutTargetsCommand({ Rule: "hourly", Targets: [{ Id: "t", Arn: stateMachineArn, Input: "{" }] });
    await expect(made.events.send(targets)).rejects.toMatchObject({ name: "ValidationException" });
    // The rule that stood before goes on.
    await made.rehearsal.clock.advanceTo(made.rehearsal.clock.now() + 2 * hour);
    expect((await made.states.send(new ListExecutionsCommand({ stateMachineArn }))).executions).toHaveLength(2);
  });
});

describe("calls", () => {
  it("are told by service and operation, and fail as asked", async () => {
    const seen: string[] = [];
    const made = await world({
      onCall: ({ service, operation }) => {
        seen.push(`${service}:${operation}`);
        if (seen.length === 2) throw new AwsError("ThrottlingException", "Rate exceeded", 429);
      },
    });
    const test = new TestEventPatternCommand({ EventPattern: '{"source":["a"]}', Event: '{"source":"a"}' });
    expect((await made.events.send(test)).Result).toBe(true);
    await expect(made.events.send(test)).rejects.toMatchObject({ name: "ThrottlingException" });
    expect(seen).toEqual(["events:TestEventPattern", "events:TestEventPattern"]);
  });

  it("deliver events that callers put, to a state machine too", async () => {
    const made = await world();
    const arn = await machine(made, "echo", { StartAt: "P", States: { P: { Type: "Pass", End: true } } });
    await onRule(made, "own", { source: ["churn"], detail: { n: [{ numeric: [">", 1] }] } }, arn);
    const entry = (n: number): object => ({ Source: "churn", DetailType: "Scored", Detail: JSON.stringify({ n }) });
    await made.events.send(new PutEventsCommand({ Entries: [entry(1), entry(2)] }));
    await made.rehearsal.clock.advanceTo(made.rehearsal.clock.now() + 1);
    const { executions } = await made.states.send(new ListExecutionsCommand({ stateMachineArn: arn }));
    expect(executions).toHaveLength(1);
  });

  it("without an emulator, are refused for what the rehearsal does not have", async () => {
    const made = await world();
    const response = await fetch(made.rehearsal.url, {
      headers: { authorization: "Credential=A/20260101/us-east-1/s3/aws4_request" },
    });
    expect([response.status, await response.text()]).toEqual([
      503,
      "<Error><Code>ServiceUnavailable</Code><Message>This service needs the emulator, which the rehearsal runs without.</Message></Error>",
    ]);
    const body = "x".repeat(9 * 1024 * 1024);
    const headers = {
      authorization: "Credential=A/20260101/us-east-1/events/aws4_request",
      "x-amz-target": "AWSEvents.PutRule",
    };
    expect((await fetch(made.rehearsal.url, { method: "POST", headers, body })).status).toBe(413);
  });
});
