import { CloudWatchClient, DescribeAlarmsCommand, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { Template } from "aws-cdk-lib/assertions";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { compilePipeline } from "../../../src/deploy/aws/index.js";
import { wireTo } from "../../../src/rehearsal/cloudformation/wire.js";
import { applyTemplate, rehearse, type Rehearsal } from "../../../src/rehearsal/index.js";
import { devStack, graph, testApp } from "../../helpers/churn-stack.js";
import { awsPython, botocoreData, type Moto, motoClient, sharedMoto } from "../../helpers/moto.js";

const ready = await awsPython("stacks of the CDK in the rehearsal");
const names = ["ingestion", "validation", "evaluation", "retrain", "monitor", "approved"];
const minute = 60_000;
const hour = 60 * minute;

/** The loop with all that the rehearsal can apply. */
const template = (props: Parameters<typeof devStack>[1] = {}): { Resources: Record<string, object> } =>
  Template.fromStack(
    devStack(testApp(), {
      pipeline: (target) => compilePipeline(graph, target, { inputs: { customers: `s3://${target.bucket}/a.csv` } }),
      mails: ["team@example.org"],
      budget: { usd: 500 },
      repository: true,
      apiKeys: true,
      ...props,
    }),
  ).toJSON() as { Resources: Record<string, object> };

describe.skipIf(!ready)("the stack of the whole loop", () => {
  let moto: Moto;
  let rehearsal: Rehearsal;
  let answer: () => unknown;
  const called: [name: string, event: unknown][] = [];

  beforeAll(async () => {
    moto = await sharedMoto();
  }, 120_000);
  beforeEach(async () => {
    await moto.reset();
    called.length = 0;
    answer = () => undefined;
    const functions = Object.fromEntries(
      names.map((name) => [
        `churn-dev-${name}`,
        (event: unknown) => {
          called.push([name, event]);
          return answer();
        },
      ]),
    );
    rehearsal = await rehearse({ emulator: moto.url, botocore: botocoreData(), functions });
    return () => rehearsal.close();
  }, 60_000);

  /** What stands, in our services and in the emulator. */
  async function inventory(): Promise<string[]> {
    const wire = wireTo(rehearsal.url, "us-east-1");
    const count = async (...[service, operation, input = {}]: Parameters<typeof wire.json>): Promise<string[]> =>
      Object.entries(await wire.json(service, operation, input)).flatMap(([name, value]) =>
        Array.isArray(value) && value.length > 0 ? [`${name} ${value.length}`] : [],
      );
    const keys = (await wire.json("kms", "ListKeys", {}))["Keys"] as { KeyId: string }[];
    const living = await Promise.all(keys.map(({ KeyId }) => wire.json("kms", "DescribeKey", { KeyId })));
    const isPending = ({ KeyMetadata }: Record<string, unknown>): boolean =>
      (KeyMetadata as { KeyState: string }).KeyState === "PendingDeletion";
    const roles = await wire.query("iam", "ListRoles", {});
    const topics = await wire.query("sns", "ListTopics", {});
    const s3 = new S3Client({ ...motoClient(rehearsal.url), forcePathStyle: true });
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    const times = (name: string, xml: string): string[] => {
      const found = xml.match(new RegExp(`<${name}>`, "g"))?.length ?? 0;
      return found === 0 ? [] : [`${name} ${found}`];
    };
    return [
      ...(await count("monitoring", "DescribeAlarms", {})),
      ...(await count("monitoring", "ListDashboards", {})),
      ...(await count("events", "ListRules", {})),
      ...(await count("states", "ListStateMachines", {})),
      ...(await count("sagemaker", "ListPipelines", {})),
      ...(await count("sagemaker", "ListModelPackageGroups", {})),
      ...(await count("lambda", "ListFunctions", {})),
      ...(await count("logs", "DescribeLogGroups", {})),
      ...(await count("ecr", "DescribeRepositories", {})),
      ...(await count("budgets", "DescribeBudgets", { AccountId: "123456789012" })),
      ...(await count("secretsmanager", "ListSecrets", {})),
      ...(await count("sqs", "ListQueues", {})),
      ...(living.some((key) => !isPending(key)) ? ["Keys"] : []),
      ...times("RoleName", roles),
      ...times("TopicArn", topics),
      ...Buckets.map(({ Name = "" }) => Name),
    ];
  }

  it("is applied, changed and removed, and nothing is left", async () => {
    const before = template();
    const stack = await applyTemplate(rehearsal, before);
    expect(Object.keys(stack.resources()).sort()).toEqual(Object.keys(before.Resources).sort());
    expect(Object.values(stack.outputs())).toEqual([
      expect.stringMatching(/^arn:aws:kms:us-east-1:123456789012:key\//),
    ]);
    expect(await inventory()).toEqual([
      "MetricAlarms 15",
      "CompositeAlarms 1",
      "DashboardEntries 1",
      "Rules 5",
      "stateMachines 1",
      "PipelineSummaries 1",
      "ModelPackageGroupSummaryList 1",
      "Functions 6",
      "logGroups 8",
      "repositories 1",
      "Budgets 1",
      "SecretList 1",
      "QueueUrls 2",
      "Keys",
      "RoleName 9",
      "TopicArn 1",
      "churn-dev-data",
    ]);
    await expect(stack.update(template())).rejects.toThrow("No updates are to be performed.");

    const done = await stack.update(
      template({ alarms: { drift: 0.3 }, automation: false, logDays: 60, budget: undefined as never }),
    );
    const what = done.map((each) => each.replace(/Loop(\w+?)[0-9A-F]{8}$/, "$1")).sort();
    expect(what).toEqual(
      [
        "delete WatchBudget",
        "update ArrivedRule",
        ...["Approved", "Monitor", "Reconcile", "Retrain"].map((name) => `update ChurnDev${name}`),
        ...["Approved", "Evaluation", "Ingestion", "Machine", "Monitor", "Retrain", "Validation"].map(
          (name) => `update ${name}Logs`,
        ),
        "update WatchChurnDevDrift",
        "update WatchDashboard",
        "update WatchLogs",
      ].sort(),
    );
    const cloudwatch = new CloudWatchClient(motoClient(rehearsal.url));
    const drift = new DescribeAlarmsCommand({ AlarmNames: ["churn-dev-drift"] });
    expect((await cloudwatch.send(drift)).MetricAlarms?.[0]?.Threshold).toBe(0.3);

    await stack.remove();
    expect(await inventory()).toEqual([]);
  }, 120_000);

  it("works: an object that arrives is ingested, and what fails three times is a dead letter", async () => {
    await applyTemplate(rehearsal, template({ accessLogs: true }));
    const arrival = { bucket: { name: "churn-dev-data" }, object: { key: "churn-dev/raw/a.csv" } };
    rehearsal.emit("aws.s3", "Object Created", arrival);
    rehearsal.emit("aws.s3", "Object Created", { ...arrival, object: { key: "churn-dev/other/a.csv" } });
    await rehearsal.clock.advanceTo(rehearsal.clock.now() + minute);
    const arrived = called.filter(([name]) => name === "ingestion").map(([, event]) => event as { Records: object[] });
    expect(arrived).toEqual([
      {
        Records: [
          expect.objectContaining({
            eventSource: "aws:sqs",
            body: expect.stringContaining("churn-dev/raw/a.csv") as unknown,
          }),
        ],
      },
    ]);

    answer = () => ({ batchItemFailures: [{ itemIdentifier: "any" }] });
    called.length = 0;
    rehearsal.emit("aws.s3", "Object Created", arrival);
    await rehearsal.clock.advanceTo(rehearsal.clock.now() + 5 * hour);
    expect(called.filter(([name]) => name === "ingestion")).toHaveLength(3);
    const sqs = new SQSClient(motoClient(rehearsal.url));
    const QueueUrl = `${moto.url}/123456789012/churn-dev-dead-letters`;
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(Messages[0]?.Body).toContain("churn-dev/raw/a.csv");
  }, 120_000);

  it("works: drift alarms, and the alarm starts a retraining", async () => {
    await applyTemplate(rehearsal, template());
    await rehearsal.clock.advanceTo(rehearsal.clock.now() + 3 * hour);
    // The schedules run, and no alarm did.
    expect(called.filter(([name]) => name === "monitor")).toHaveLength(3);
    called.length = 0;
    const cloudwatch = new CloudWatchClient(motoClient(rehearsal.url));
    const datum = { MetricName: "DataDriftScore", Dimensions: [{ Name: "model", Value: "churn" }], Value: 0.6 };
    for (let i = 0; i < 3; i++) {
      const Timestamp = new Date(rehearsal.clock.now());
      await cloudwatch.send(new PutMetricDataCommand({ Namespace: "Churnkit", MetricData: [{ ...datum, Timestamp }] }));
      await rehearsal.clock.advanceTo(rehearsal.clock.now() + hour);
    }
    const alarmed = called.filter(
      ([name, event]) => name === "retrain" && (event as { source: string }).source === "aws.cloudwatch",
    );
    expect(alarmed).toHaveLength(1);
  }, 120_000);

  it("goes back where a part fails: nothing is left of a new one, and a changed one is as it was", async () => {
    const whole = template();
    const broken = (id: string, properties: object): object => ({
      Resources: { ...whole.Resources, [id]: { ...whole.Resources[id], Properties: properties } },
    });
    const group = Object.keys(whole.Resources).find((id) => id.startsWith("LoopGroup")) ?? "";
    await expect(applyTemplate(rehearsal, broken(group, { ModelPackageGroupName: "no name" }))).rejects.toThrow(
      /CreateModelPackageGroup was refused.*ModelPackageGroupName/,
    );
    expect(await inventory()).toEqual([]);

    const stack = await applyTemplate(rehearsal, whole);
    const before = await inventory();
    await expect(stack.update(broken(group, { ModelPackageGroupName: "no name" }))).rejects.toThrow(/was refused/);
    expect(await inventory()).toEqual(before);
    await expect(stack.update(whole)).rejects.toThrow("No updates are to be performed.");
  }, 180_000);
});

describe("a template", () => {
  const rule = (properties: object): object => ({
    Hourly: {
      Type: "AWS::Events::Rule",
      Properties: { Name: "hourly", ScheduleExpression: "rate(1 hour)", ...properties },
    },
  });
  let rehearsal: Rehearsal;
  beforeEach(async () => {
    rehearsal = await rehearse({ functions: { known: () => undefined } });
    return () => rehearsal.close();
  });

  it.each([
    [
      "a type",
      { Resources: { Own: { Type: "AWS::EC2::VPC" } } },
      /cannot apply Own: it does not know the type AWS::EC2::VPC/,
    ],
    [
      "a function",
      { Resources: rule({ Description: { "Fn::ImportValue": "x" } }) },
      /does not know the function Fn::ImportValue/,
    ],
    [
      "an attribute",
      {
        Resources: {
          ...rule({}),
          ...{
            Q: { Type: "AWS::SNS::TopicPolicy", Properties: { PolicyDocument: { "Fn::GetAtt": ["Hourly", "Id"] } } },
          },
        },
      },
      /does not know Hourly.Id/,
    ],
    ["a reference", { Resources: rule({ Description: { Ref: "Nobody" } }) }, /refers to Nobody, which is not there/],
    [
      "a parameter",
      { Parameters: { Who: { Type: "String" } }, Resources: rule({ Description: { Ref: "Who" } }) },
      /refers to Who, which has no value/,
    ],
    ["a section", { Conditions: {}, Resources: {} }, /The template has Conditions, which the rehearsal does not apply/],
    [
      "a part of a resource",
      { Resources: { Hourly: { Type: "AWS::Events::Rule", Condition: "x" } } },
      /The resource Hourly has Condition/,
    ],
    [
      "a handler",
      {
        Resources: { F: { Type: "AWS::Lambda::Function", Properties: { FunctionName: "other", Role: "r", Code: {} } } },
      },
      /no function other: give it to rehearse/,
    ],
    [
      "a property",
      {
        Resources: {
          M: {
            Type: "AWS::StepFunctions::StateMachine",
            Properties: {
              StateMachineName: "m",
              RoleArn: "r",
              DefinitionString: '{"StartAt":"a","States":{}}',
              DefinitionS3Location: {},
            },
          },
        },
      },
      /does not read DefinitionS3Location of M, a AWS::StepFunctions::StateMachine/,
    ],
  ])("is refused where it does not know %s", async (_, json, message) => {
    await expect(applyTemplate(rehearsal, json)).rejects.toThrow(message);
  });

  it("refuses resources that need each other, and a change that would replace one under its name", async () => {
    const ring = (id: string, other: string): object => ({
      [id]: { Type: "AWS::Events::Rule", Properties: { Name: { Ref: other } } },
    });
    await expect(applyTemplate(rehearsal, { Resources: { ...ring("A", "B"), ...ring("B", "A") } })).rejects.toThrow(
      /A -> B -> A need each other/,
    );
    const group = (text: string): object => ({
      Resources: {
        G: {
          Type: "AWS::SageMaker::ModelPackageGroup",
          Properties: { ModelPackageGroupName: "g", ModelPackageGroupDescription: text },
        },
      },
    });
    const stack = await applyTemplate(rehearsal, group("one"));
    await expect(stack.update(group("two"))).rejects.toThrow(/would replace G.*another ModelPackageGroupName/);
  });

  it("resolves its functions, takes values of parameters, and renames by replacing", async () => {
    const named = (name: unknown): object => ({
      Parameters: { Stage: { Type: "String", Default: "dev" } },
      Resources: rule({ Name: name, Description: { "Fn::Select": [1, { "Fn::Split": ["-", "a-b"] }] } }),
      Outputs: {
        Arn: {
          Value: {
            "Fn::Sub": ["${Hourly.Arn} ${!kept} ${More}", { More: { "Fn::Join": ["/", ["x", { Ref: "Stage" }]] } }],
          },
        },
      },
    });
    const stack = await applyTemplate(rehearsal, named({ "Fn::Sub": "${Stage}-${AWS::Region}" }), {
      parameters: { Stage: "prod" },
    });
    expect(stack.outputs()).toEqual({
      Arn: "arn:aws:events:us-east-1:123456789012:rule/prod-us-east-1 ${kept} x/prod",
    });
    expect(await stack.update(named("other"))).toEqual(["replace Hourly"]);
    const wire = wireTo(rehearsal.url, "us-east-1");
    expect(await wire.json("events", "ListRules", {})).toMatchObject({ Rules: [{ Name: "other", Description: "b" }] });
  });
});
