import {
  ApplicationAutoScalingClient,
  DescribeScheduledActionsCommand,
} from "@aws-sdk/client-application-auto-scaling";
import { GetBucketReplicationCommand, ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { beforeAll, describe, expect, it } from "vitest";
import { app as example } from "../../../examples/aws-pipeline/app.js";
import { applyTemplate, rehearse, type RehearsedStack } from "../../../src/rehearsal/index.js";
import { elementOf, type Wire, wireTo } from "../../../src/rehearsal/cloudformation/wire.js";
import { type Network, prodScaling, prodStack, prodTargetIn, testApp } from "../../helpers/churn-stack.js";
import type { Template } from "../../helpers/cloudformation.js";
import { endpointWorld, type EndpointWorld } from "../../helpers/endpoint-world.js";
import { awsPython, botocoreData, type Moto, motoClient, sharedMoto } from "../../helpers/moto.js";

const ready = await awsPython("stacks of production in the rehearsal");
const account = "123456789012";
const target = prodTargetIn(account);
const functionNames = ["ingestion", "validation", "evaluation", "retrain", "monitor", "approved", "release-step"];

/** The templates of all stacks of production, by their names. */
function templates(within: Network, props: Parameters<typeof prodStack>[1] = {}): Record<string, Template> {
  const app = testApp();
  prodStack(app, { target, within, ...props });
  return Object.fromEntries(app.synth().stacks.map(({ stackName, template }) => [stackName, template as Template]));
}

/** A network as a team has one before. */
async function network(wire: Wire): Promise<Network> {
  const made = async (element: string, operation: string, input: object): Promise<string> =>
    elementOf(await wire.query("ec2", operation, input), element);
  const vpcId = await made("vpcId", "CreateVpc", { CidrBlock: "10.0.0.0/16" });
  const zones = ["10.0.0.0/24", "10.0.1.0/24"];
  return {
    vpcId,
    subnets: await Promise.all(zones.map((CidrBlock) => made("subnetId", "CreateSubnet", { VpcId: vpcId, CidrBlock }))),
    routeTables: await Promise.all(zones.map(() => made("routeTableId", "CreateRouteTable", { VpcId: vpcId }))),
  };
}

/** Handlers that do nothing, for the functions of a stage. */
const functionsOf = (stage: string) =>
  Object.fromEntries(functionNames.map((name) => [`churn-${stage}-${name}`, () => undefined]));

let moto: Moto;
const settings = () => ({ account, emulator: moto.url, botocore: botocoreData() });

describe.skipIf(!ready)("the synthesized stacks", () => {
  let world: EndpointWorld;
  beforeAll(async () => {
    moto = await sharedMoto();
    await moto.reset();
    world = await endpointWorld({ ...settings(), region: target.region, functions: functionsOf("prod") });
    return () => world.close();
  }, 120_000);

  /** Applies a template in a region of its own. */
  async function applyIn(region: string, template: unknown): Promise<RehearsedStack> {
    const rehearsal = await rehearse({ ...settings(), region });
    try {
      return await applyTemplate(rehearsal, template);
    } finally {
      await rehearsal.close();
    }
  }

  it("of production are applied in three regions with every property read, changed and removed", async () => {
    const { rehearsal } = world;
    const wire = wireTo(rehearsal.url, target.region);
    const within = await network(wire);
    const first = templates(within, { scaling: [] });
    for (const region of ["eu-central-1", "us-east-1"]) {
      const template = first[`churn-prod-${region}`];
      const stack = await applyIn(region, template);
      expect(Object.keys(stack.resources()).sort()).toEqual(Object.keys(template?.Resources ?? {}).sort());
    }
    const stack = await applyTemplate(rehearsal, first["churn-prod"]);
    expect(Object.keys(stack.resources()).sort()).toEqual(Object.keys(first["churn-prod"]?.Resources ?? {}).sort());
    await expect(stack.update(templates(within, { scaling: [] })["churn-prod"])).rejects.toThrow("No updates are");
    expect(rehearsal.notes.filter((note) => note.includes("anomaly detection"))).toHaveLength(2);
    const s3 = new S3Client({ ...motoClient(rehearsal.url), region: target.region, forcePathStyle: true });
    const replication = await s3.send(new GetBucketReplicationCommand({ Bucket: target.bucket }));
    expect(replication.ReplicationConfiguration?.Rules?.[0]).toMatchObject({
      Status: "Enabled",
      Destination: { Bucket: `arn:aws:s3:::${target.bucket}-eu-central-1` },
    });

    // What scales is added once the endpoint stands.
    await world.config("v1", [{}]);
    await world.endpoint("churn-prod", "v1");
    const done = await stack.update(templates(within)["churn-prod"]);
    expect(done.map(short)).toEqual([
      "create WatchEndpointChurnProdVariantMain",
      "create WatchEndpointChurnProdVariantMainChurnProdTrack",
    ]);
    const scaling = new ApplicationAutoScalingClient({ ...motoClient(rehearsal.url), region: target.region });
    const scheduled = new DescribeScheduledActionsCommand({ ServiceNamespace: "sagemaker" });
    expect((await scaling.send(scheduled)).ScheduledActions).toMatchObject([
      { ScheduledActionName: "churn-prod-night" },
    ]);
    const { config, variant } = prodScaling;
    const fewer = { config, variant: { ...variant, schedule: [], max: 3 } };
    const changed = await stack.update(templates(within, { trail: false, scaling: [fewer] })["churn-prod"]);
    expect(changed.map(short)).toEqual([
      "update StorageLogsPolicy",
      "update WatchEndpointChurnProdVariantMain",
      "delete StorageTrail",
    ]);
    expect((await scaling.send(scheduled)).ScheduledActions).toEqual([]);

    const kept = Object.values(first["churn-prod"]?.Resources ?? {}).filter((each) => each.DeletionPolicy === "Retain");
    await stack.remove();
    for (const [service, operation, left] of [
      ["monitoring", "DescribeAlarms", 0],
      ["events", "ListRules", 0],
      ["states", "ListStateMachines", 0],
      ["application-autoscaling", "DescribeScalableTargets", 0],
      ["cloudtrail", "DescribeTrails", 0],
      ["lambda", "ListFunctions", 0],
      ["sqs", "ListQueues", 0],
      ["logs", "DescribeLogGroups", kept.filter(({ Type }) => Type === "AWS::Logs::LogGroup").length],
      ["ecr", "DescribeRepositories", 1],
    ] as const) {
      const input = service === "application-autoscaling" ? { ServiceNamespace: "sagemaker" } : {};
      const lists = Object.values(await wire.json(service, operation, input)).filter(Array.isArray);
      expect(lists.flat(), operation).toHaveLength(left);
    }
    expect(await wire.query("ec2", "DescribeVpcEndpoints", {})).not.toContain("<state>available");
    const groups = await wire.query("ec2", "DescribeSecurityGroups", {});
    expect(groups).not.toContain("rehearsal-");
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets.map(({ Name }) => Name?.replace(target.bucket, "")).sort()).toEqual(["", "-eu-central-1", "-logs"]);
    for (const client of [s3, scaling]) client.destroy();
  }, 240_000);

  it.each<[string, string, object, RegExp]>([
    [
      "a member deep in a bucket",
      "AWS::S3::Bucket",
      { LifecycleConfiguration: { Rules: [{ Id: "old", Status: "Enabled", Transitions: [] }] } },
      /does not read LifecycleConfiguration.Rules\[0\].Transitions of Planted/,
    ],
    [
      "a notification",
      "AWS::S3::Bucket",
      { NotificationConfiguration: { TopicConfigurations: [] } },
      /does not read NotificationConfiguration.TopicConfigurations of Planted/,
    ],
    [
      "a rule's source",
      "AWS::EC2::SecurityGroup",
      { GroupDescription: "any", SecurityGroupIngress: [{ IpProtocol: "tcp", SourcePrefixListId: "pl-1" }] },
      /SourcePrefixListId of Planted/,
    ],
    [
      "what EC2 would not take",
      "AWS::EC2::VPCEndpoint",
      { VpcId: "vpc-1", ServiceName: "s3", VpcEndpointType: "Wormhole" },
      /CreateVpcEndpoint was refused.*VpcEndpointType/,
    ],
  ])("are refused with %s", async (_, Type, Properties, message) => {
    const template = { Resources: { Planted: { Type, Properties } } };
    await expect(applyTemplate(world.rehearsal, template)).rejects.toThrow(message);
  });

  it("of the example are applied with every property read, changed and removed", async () => {
    const rehearsal = await rehearse({ ...settings(), functions: functionsOf("dev") });
    try {
      const { template } = example.synth().getStackByName("churn-dev") as { readonly template: Template };
      const stack = await applyTemplate(rehearsal, template);
      expect(Object.keys(stack.resources()).sort()).toEqual(Object.keys(template.Resources).sort());
      await expect(stack.update(template)).rejects.toThrow("No updates are to be performed.");
      const [id = "", alarm] =
        Object.entries(template.Resources).find(([, { Type }]) => Type === "AWS::CloudWatch::Alarm") ?? [];
      const changed = { ...alarm, Properties: { ...alarm?.Properties, EvaluationPeriods: 2 } };
      expect(await stack.update({ ...template, Resources: { ...template.Resources, [id]: changed } })).toEqual([
        `update ${id}`,
      ]);
      await stack.remove();
      const wire = wireTo(rehearsal.url, rehearsal.region);
      for (const [service, operation, list] of [
        ["monitoring", "DescribeAlarms", "MetricAlarms"],
        ["states", "ListStateMachines", "stateMachines"],
        ["sagemaker", "ListPipelines", "PipelineSummaries"],
        ["lambda", "ListFunctions", "Functions"],
        ["logs", "DescribeLogGroups", "logGroups"],
      ] as const)
        expect((await wire.json(service, operation, {}))[list], operation).toEqual([]);
    } finally {
      await rehearsal.close();
    }
  }, 120_000);
});

/** What was done, without the hash of the CDK's ids. */
const short = (done: string): string => done.replace(/Loop(\w+?)[0-9A-F]{8}$/, "$1");
