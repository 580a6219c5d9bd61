import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateTrainingJobCommand, SageMakerClient } from "@aws-sdk/client-sagemaker";
import { CreateStateMachineCommand, SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { retrainingRequest } from "../../../src/deploy/functions/retraining-events.js";
import { memoryStore } from "../../../src/io/store/index.js";
import { rehearse, type Rehearsal } from "../../../src/rehearsal/rehearse.js";
import { clientOf } from "../../helpers/rehearsed.js";

const arn = (service: string, name: string): string => `arn:aws:${service}:us-east-1:123456789012:${name}`;
const start = Date.UTC(2026, 0, 1);
let rehearsal: Rehearsal;
let events: EventBridgeClient;
let seen: { detail: Record<string, unknown> }[];
beforeEach(async () => {
  seen = [];
  const functions = { seen: (event: unknown) => void seen.push(event as (typeof seen)[0]) };
  rehearsal = await rehearse({ functions, buckets: () => memoryStore() });
  events = new EventBridgeClient(clientOf(rehearsal));
});
afterEach(() => rehearsal.close());

const pass = (): Promise<void> => rehearsal.clock.advanceTo(rehearsal.clock.now() + 1000);
async function watch(source: string): Promise<void> {
  await events.send(new PutRuleCommand({ Name: "seen", EventPattern: JSON.stringify({ source: [source] }) }));
  await events.send(
    new PutTargetsCommand({ Rule: "seen", Targets: [{ Id: "f", Arn: arn("lambda", "function:seen") }] }),
  );
}

describe("what services tell", () => {
  it("has the shape that CloudWatch gives to a function as an alarm's action, and to the bus", async () => {
    const client = new CloudWatchClient(clientOf(rehearsal));
    const Dimensions = [{ Name: "model", Value: "churn" }];
    await client.send(
      new PutMetricAlarmCommand({
        ...{ AlarmName: "drift", Namespace: "Churn", MetricName: "Drift", Dimensions, Statistic: "Maximum" },
        ...{ Period: 60, EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: "GreaterThanThreshold" },
        AlarmActions: [arn("lambda", "function:seen")],
      }),
    );
    await watch("aws.cloudwatch");
    await client.send(new SetAlarmStateCommand({ AlarmName: "drift", StateValue: "ALARM", StateReason: "by hand" }));
    await pass();
    const timestamp = "2026-01-01T00:00:00.000+0000";
    const alarmData = {
      alarmName: "drift",
      state: { value: "ALARM", reason: "by hand", timestamp },
      previousState: { value: "INSUFFICIENT_DATA", reason: "", timestamp },
      configuration: {
        metrics: [
          {
            id: "m1",
            metricStat: {
              metric: { namespace: "Churn", name: "Drift", dimensions: { model: "churn" } },
              ...{ period: 60, stat: "Maximum" },
            },
            returnData: true,
          },
        ],
      },
    };
    const place = { accountId: "123456789012", region: "us-east-1", time: timestamp };
    const action = { source: "aws.cloudwatch", alarmArn: arn("cloudwatch", "alarm:drift"), ...place, alarmData };
    expect(seen[0]).toEqual(action);
    expect(seen[1]?.detail).toEqual(alarmData);
    const at = new Date(start);
    expect(seen.map(retrainingRequest)).toEqual(
      Array(2).fill({ signals: { alarms: [{ name: "drift", reason: "by hand", at }] } }),
    );
    client.destroy();
  });

  it("has times in milliseconds, of executions and of jobs", async () => {
    const [states, sagemaker] = [new SFNClient(clientOf(rehearsal)), new SageMakerClient(clientOf(rehearsal))];
    await watch("aws.states");
    const definition = JSON.stringify({ StartAt: "Done", States: { Done: { Type: "Pass", End: true } } });
    const made = await states.send(new CreateStateMachineCommand({ name: "m", definition, roleArn: arn("iam", "r") }));
    await states.send(new StartExecutionCommand({ stateMachineArn: made.stateMachineArn, name: "one" }));
    await pass();
    expect(seen.map(({ detail }) => [detail["status"], detail["startDate"], detail["stopDate"]])).toEqual([
      ["RUNNING", start, null],
      ["SUCCEEDED", start, start],
    ]);
    seen.length = 0;
    await watch("aws.sagemaker");
    await sagemaker.send(
      new CreateTrainingJobCommand({
        ...{ TrainingJobName: "one", RoleArn: arn("iam", "r"), Tags: [{ Key: "team", Value: "churn" }] },
        AlgorithmSpecification: { TrainingImage: "i", TrainingInputMode: "File" },
        ResourceConfig: { InstanceType: "ml.m5.large", InstanceCount: 1, VolumeSizeInGB: 1 },
        OutputDataConfig: { S3OutputPath: "s3://b/models" },
        StoppingCondition: { MaxRuntimeInSeconds: 60 },
      }),
    );
    await pass();
    expect(seen[1]?.detail).toMatchObject({
      CreationTime: start + 1000,
      SecondaryStatusTransitions: [{ Status: "Starting", StartTime: start + 1000 }],
      Tags: { team: "churn" },
    });
    for (const each of [states, sagemaker]) each.destroy();
  });

  it("is refused by the entry where it is no event, and the others are sent", async () => {
    await watch("churn");
    const entry = { Source: "churn", DetailType: "t" };
    const { FailedEntryCount, Entries } = await events.send(
      new PutEventsCommand({
        Entries: [
          { ...entry, Detail: "{" },
          { ...entry, Detail: '{"n":1}' },
        ],
      }),
    );
    expect([FailedEntryCount, Entries?.map(({ ErrorCode }) => ErrorCode)]).toEqual([1, ["MalformedDetail", undefined]]);
    await pass();
    expect(seen.map(({ detail }) => detail)).toEqual([{ n: 1 }]);
    await expect(events.send(new PutRuleCommand({ Name: "none" }))).rejects.toThrow(
      /EventPattern or ScheduleExpression/,
    );
  });
});
