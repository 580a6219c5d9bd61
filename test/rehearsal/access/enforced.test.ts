import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CloudWatchClient, DescribeAlarmsCommand, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { IAMClient, CreateRoleCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateModelPackageGroupCommand,
  DescribeModelPackageCommand,
  ListModelPackagesCommand,
  SageMakerClient,
  UpdateModelPackageCommand,
} from "@aws-sdk/client-sagemaker";
import {
  CreateStateMachineCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import { S3Client, GetObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { policyFor, refs } from "../../../src/deploy/aws/index.js";
import { memoryStore } from "../../../src/io/store/index.js";
import type { ExercisedAction } from "../../../src/rehearsal/access/permissions.js";
import type { PolicyDocument } from "../../../src/rehearsal/access/policy.js";
import {
  type Rehearsal,
  rehearse,
  type RehearsalEntry,
  type RehearsalOptions,
} from "../../../src/rehearsal/rehearse.js";
import { awsTarget } from "../../helpers/aws-target.js";
import { awsPython, botocoreData, motoClient, sharedMoto } from "../../helpers/moto.js";
import { lambda, retraining } from "../../helpers/state-machines.js";

const ready = await awsPython("the loop under AWS's models and policies");
const everything: PolicyDocument = { Statement: { Effect: "Allow", Action: "*", Resource: "*" } };

/** Who acts in the loop, by the role's name, and under which of the generated policies. */
const policies: Record<string, PolicyDocument> = {
  admin: everything,
  churn: policyFor("execution", awsTarget),
  "churn-dev-states": policyFor("states", awsTarget),
  "churn-dev-monitor": policyFor("monitor", awsTarget),
  "churn-dev-retrain": policyFor("retrain", awsTarget),
  "churn-dev-release": policyFor("release", awsTarget),
};

const at = (path: string): string => `s3://churn-data/churn-dev/${path}`;
const machine = retraining({
  data: at("raw/customers.csv"),
  validate: lambda("churn-dev-validate"),
  evaluate: lambda("churn-dev-evaluate"),
  prepare: {
    entrypoint: ["churnkit-container", "process", "ingest"],
    inputs: { file: { uri: refs.parameter("DataUri") } },
    outputs: { rows: { uri: refs.join("/", [at("runs"), refs.execution("PipelineExecutionId")]) } },
    instanceType: "ml.m5.large",
    maxSeconds: 3600,
  },
  topic: "arn:aws:sns:us-east-1:123456789012:churn-dev",
});

/** A client of a role, which its access key names. */
const config = (url: string, role: string) => ({
  endpoint: url,
  region: "us-east-1",
  credentials: { accessKeyId: role, secretAccessKey: "any" },
  maxAttempts: 1,
});

interface Outcome {
  readonly timeline: readonly RehearsalEntry[];
  readonly actions: readonly ExercisedAction[];
  readonly roles: Rehearsal["roles"];
  readonly error: unknown;
}

/** From a metric by way of a schedule, a function and a state machine to an approved version. */
async function loop(permissions: RehearsalOptions["permissions"], more: RehearsalOptions = {}): Promise<Outcome> {
  const store = memoryStore();
  await store.put("churn-dev/raw/customers.csv", new TextEncoder().encode("id\n1\n"));
  const clients: { destroy(): void }[] = [];
  const made = <C extends { destroy(): void }>(client: C): C => {
    clients.push(client);
    return client;
  };
  const stateMachineArn = "arn:aws:states:us-east-1:123456789012:stateMachine:churn-dev";
  const rehearsal = await rehearse({
    ...(permissions && { permissions }),
    buckets: () => store,
    container: async (argv, { root }) => {
      const folder = join(root, argv[0] === "train" ? "model" : "processing/output/rows");
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, "file"), "1");
      return 0;
    },
    functions: {
      "churn-dev-validate": () => ({}),
      "churn-dev-evaluate": () => ({ accuracy: 0.9, f1: 0.9, championF1: 0.8 }),
      "churn-dev-monitor": () =>
        made(new CloudWatchClient(config(rehearsal.url, "churn-dev-monitor"))).send(
          new PutMetricDataCommand({
            Namespace: "Churnkit",
            MetricData: [{ MetricName: "DataDriftScore", Value: 0.4 }],
          }),
        ),
      "churn-dev-retrain": async () => {
        const mine = config(rehearsal.url, "churn-dev-retrain");
        await made(new CloudWatchClient(mine)).send(new DescribeAlarmsCommand({ AlarmNames: ["churn-dev-drift"] }));
        const states = made(new SFNClient(mine));
        const { executions = [] } = await states.send(new ListExecutionsCommand({ stateMachineArn }));
        if (executions.length === 0) await states.send(new StartExecutionCommand({ stateMachineArn, name: "one" }));
      },
    },
    tasks: { "arn:aws:states:::sns:publish": () => Promise.resolve({}) },
    ...more,
  });
  const admin = config(rehearsal.url, "admin");
  const error = await run().catch((thrown: unknown) => thrown);
  for (const client of clients) client.destroy();
  await rehearsal.close();
  return { timeline: rehearsal.timeline, actions: rehearsal.actions, roles: rehearsal.roles, error };

  async function run(): Promise<void> {
    await made(new SFNClient(admin)).send(
      new CreateStateMachineCommand({
        name: "churn-dev",
        definition: JSON.stringify(machine),
        roleArn: "arn:aws:iam::123456789012:role/churn-dev-states",
      }),
    );
    const group = { ModelPackageGroupName: "churn-dev" };
    await made(new SageMakerClient(admin)).send(new CreateModelPackageGroupCommand(group));
    const events = made(new EventBridgeClient(admin));
    for (const name of ["churn-dev-monitor", "churn-dev-retrain"]) {
      await events.send(new PutRuleCommand({ Name: name, ScheduleExpression: "rate(1 hour)" }));
      await events.send(new PutTargetsCommand({ Rule: name, Targets: [{ Id: "1", Arn: lambda(name) }] }));
    }
    await rehearsal.clock.advanceTo(rehearsal.clock.now() + 2.5 * 3_600_000);
    const sagemaker = made(new SageMakerClient(config(rehearsal.url, "churn-dev-release")));
    const { ModelPackageSummaryList } = await sagemaker.send(new ListModelPackagesCommand(group));
    const ModelPackageName = ModelPackageSummaryList?.[0]?.ModelPackageArn;
    const { ModelPackageArn } = await sagemaker.send(new DescribeModelPackageCommand({ ModelPackageName }));
    await sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus: "Approved" }));
  }
}

const textOf = ({ timeline, error }: Outcome): string =>
  [...timeline.map(({ text }) => text), String(error)].join("\n");
const good = await loop(policies);
const used = [
  ...new Set(
    good.actions.filter(({ caller }) => caller !== "admin").map(({ caller, action }) => `${caller} ${action}`),
  ),
];

/** The policies without one action of a role. */
const without = (role: string, action: string): typeof policies => ({
  ...policies,
  [role]: {
    Statement: [policies[role]?.Statement ?? []]
      .flat()
      .map((each) => ({ ...each, Action: [each.Action ?? []].flat().filter((name) => name !== action) }))
      .filter(({ Action }) => Action.length > 0),
  },
});

describe("the retraining loop under its generated policies", () => {
  it("passes, and says what it used", () => {
    expect(good.error).toBeUndefined();
    expect(good.timeline.filter(({ kind }) => kind === "denied" || kind === "dead letter")).toEqual([]);
    expect(good.timeline.at(-1)).toMatchObject({ kind: "version", text: "churn-dev 1 Approved" });
    const monitor = good.roles.find(({ role }) => role === "churn-dev-monitor");
    expect(monitor).toMatchObject({ used: ["cloudwatch:PutMetricData"], notAllowed: [] });
    expect(monitor?.unused).toEqual(expect.arrayContaining(["logs:CreateLogStream", "s3:GetObject"]));
    expect(used.sort()).toMatchInlineSnapshot(`
      [
        "churn s3:GetObject",
        "churn s3:ListBucket",
        "churn s3:PutObject",
        "churn-dev-monitor cloudwatch:PutMetricData",
        "churn-dev-release sagemaker:DescribeModelPackage",
        "churn-dev-release sagemaker:ListModelPackages",
        "churn-dev-release sagemaker:UpdateModelPackage",
        "churn-dev-retrain cloudwatch:DescribeAlarms",
        "churn-dev-retrain states:ListExecutions",
        "churn-dev-retrain states:StartExecution",
        "churn-dev-states events:DescribeRule",
        "churn-dev-states events:PutRule",
        "churn-dev-states events:PutTargets",
        "churn-dev-states iam:PassRole",
        "churn-dev-states lambda:InvokeFunction",
        "churn-dev-states sagemaker:AddTags",
        "churn-dev-states sagemaker:CreateModelPackage",
        "churn-dev-states sagemaker:CreateProcessingJob",
        "churn-dev-states sagemaker:CreateTrainingJob",
        "churn-dev-states sagemaker:DescribeProcessingJob",
        "churn-dev-states sagemaker:DescribeTrainingJob",
        "churn-dev-states sns:Publish",
      ]
    `);
  });

  it.each(used)(
    "fails without %s, and names it",
    async (each) => {
      const [role = "", action = ""] = each.split(" ");
      expect(textOf(await loop(without(role, action)))).toMatch(
        new RegExp(`assumed-role/${role}/rehearsal is not authorized to perform: ${action} on resource: [^ ]+ because`),
      );
    },
    20_000,
  );

  it("refuses a caller without policies", async () => {
    const others = { ...policies };
    delete others["admin"];
    expect(String((await loop(others)).error)).toContain("no role admin has policies here");
  });

  it("takes an explicit deny over everything", async () => {
    const deny = { Effect: "Deny", Action: "sagemaker:Create*", Resource: "*" } as const;
    const both = [policies["churn-dev-states"] ?? everything, { Statement: deny }];
    expect(textOf(await loop({ ...policies, "churn-dev-states": both }))).toContain(
      "sagemaker:CreateProcessingJob on resource: arn:aws:sagemaker:us-east-1:123456789012:processing-job/",
    );
  });

  it("cannot enforce what it does not read", async () => {
    const odd = { Statement: { ...everything.Statement, Condition: { IpAddress: { "aws:SourceIp": "::1" } } } };
    await expect(rehearse({ permissions: { odd } })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringContaining("The policy of odd cannot be enforced") as string,
    });
  });
});

describe.skipIf(!ready)("in front of an emulator, with AWS's models", () => {
  it("every request of the loop fits AWS's models", async () => {
    const { error, timeline } = await loop(policies, { botocore: botocoreData() });
    expect([error, timeline.at(-1)?.text]).toEqual([undefined, "churn-dev 1 Approved"]);
  });

  it("learns policies from calls of IAM, and answers S3 as S3 does", async () => {
    const rehearsal = await rehearse({ emulator: (await sharedMoto()).url, permissions: { admin: everything } });
    const iam = new IAMClient({ ...motoClient(rehearsal.url), ...config(rehearsal.url, "admin") });
    await iam.send(new CreateRoleCommand({ RoleName: "reader", AssumeRolePolicyDocument: "{}" }));
    const s3 = new S3Client({ ...config(rehearsal.url, "reader"), forcePathStyle: true });
    const read = (): Promise<unknown> => s3.send(new GetObjectCommand({ Bucket: "churn-data", Key: "churn-dev/a" }));
    await expect(read()).rejects.toMatchObject({
      name: "AccessDenied",
      message: expect.stringContaining("s3:GetObject on resource: arn:aws:s3:::churn-data/churn-dev/a") as string,
    });
    const PolicyDocument = JSON.stringify(policyFor("reader", awsTarget));
    await iam.send(new PutRolePolicyCommand({ RoleName: "reader", PolicyName: "p", PolicyDocument }));
    await expect(read()).rejects.toMatchObject({ name: "NoSuchBucket" });
    const odd = new PutRolePolicyCommand({ RoleName: "reader", PolicyName: "q", PolicyDocument: "{}" });
    await expect(iam.send(odd)).rejects.toMatchObject({ name: "MalformedPolicyDocumentException" });
    for (const client of [iam, s3]) client.destroy();
    await rehearsal.close();
  }, 120_000);
});
