import {
  AddTagsCommand,
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DeleteTagsCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  ListTagsCommand,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from "@aws-sdk/client-sagemaker";
import { GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { InvokeEndpointCommand } from "@aws-sdk/client-sagemaker-runtime";
import { afterEach, describe, expect, it } from "vitest";
import type { RehearsalOptions } from "../../../src/rehearsal/rehearse.js";
import { customer, endpointWorld, type EndpointWorld } from "../../helpers/endpoint-world.js";

const opened: EndpointWorld[] = [];
afterEach(async () => {
  for (const world of opened.splice(0)) await world.close();
});

async function world(options: RehearsalOptions = {}): Promise<EndpointWorld> {
  const made = await endpointWorld(options);
  opened.push(made);
  return made;
}

const refused = (message: RegExp) => ({
  name: "ValidationException",
  message: expect.stringMatching(message) as unknown,
});

describe("endpoints of SageMaker, rehearsed", () => {
  it("come into service in virtual minutes and answer with the model's own scores", async () => {
    const { sagemaker, config, describe, endpoint, invoke, rehearsal, pass } = await world();
    await config("c1", [{}]);
    await sagemaker.send(new CreateEndpointCommand({ EndpointName: "churn", EndpointConfigName: "c1" }));
    expect(await describe("churn")).toMatchObject({ EndpointStatus: "Creating", EndpointConfigName: "c1" });
    await expect(invoke("churn")).rejects.toMatchObject({ name: "ValidationError" });
    const begin = rehearsal.clock.now();
    await pass(5);
    const made = await describe("churn");
    expect(made).toMatchObject({
      EndpointStatus: "InService",
      ProductionVariants: [{ VariantName: "main", CurrentWeight: 1, CurrentInstanceCount: 1 }],
    });
    expect(made.LastModifiedTime?.getTime()).toBe(begin + 180_000);
    const first = await invoke("churn");
    expect(first.variant).toBe("main");
    expect(first.probability).toBeGreaterThan(0);
    await config("c2", [{ ModelName: "v2" }]);
    await endpoint("other", "c2");
    expect((await invoke("other")).probability).not.toBe(first.probability);
    const changes = rehearsal.timeline.filter(({ kind }) => kind === "endpoint").map(({ text }) => text);
    expect(changes.slice(0, 2)).toEqual(["churn Creating c1", "churn InService c1"]);
  });

  it("keep SageMaker's rules and errors for models, configurations and endpoints", async () => {
    const { sagemaker, config, endpoint, describe, pass } = await world();
    const container = { Image: "i", ModelDataUrl: "s3://churn-data/none/model.tar.gz" };
    await expect(
      sagemaker.send(new CreateModelCommand({ ModelName: "v9", PrimaryContainer: container })),
    ).rejects.toMatchObject(refused(/^Could not find model data at s3/));
    await expect(sagemaker.send(new DescribeModelCommand({ ModelName: "v9" }))).rejects.toMatchObject(
      refused(/^Could not find model "arn:aws:sagemaker:us-east-1:123456789012:model\/v9"/),
    );
    await expect(config("c0", [{ ModelName: "v9" }])).rejects.toMatchObject(refused(/^Could not find model/));
    await config("c1", [{}]);
    await expect(config("c1", [{}])).rejects.toMatchObject(
      refused(/^Cannot create already existing endpoint configuration/),
    );
    await expect(endpoint("churn", "c9")).rejects.toMatchObject(refused(/^Could not find endpoint configuration/));
    await endpoint("churn", "c1");
    await expect(endpoint("churn", "c1")).rejects.toMatchObject(refused(/^Cannot create already existing endpoint /));
    expect(
      (await sagemaker.send(new ListModelsCommand({ NameContains: "v" }))).Models?.map((m) => m.ModelName),
    ).toEqual(["v2", "v1"]);
    expect(await sagemaker.send(new ListEndpointConfigsCommand({}))).toMatchObject({
      EndpointConfigs: [{ EndpointConfigName: "c1" }],
    });
    expect(await sagemaker.send(new ListEndpointsCommand({ StatusEquals: "Failed" }))).toMatchObject({ Endpoints: [] });
    expect(await sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName: "c1" }))).toMatchObject({
      ProductionVariants: [{ ModelName: "v1" }],
    });
    // A trap: a configuration and a model in use can be deleted, and the endpoint goes on without them.
    await sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName: "c1" }));
    await sagemaker.send(new DeleteModelCommand({ ModelName: "v1" }));
    expect(await describe("churn")).toMatchObject({ EndpointStatus: "InService", EndpointConfigName: "c1" });
    await expect(config("c3", [{}])).rejects.toMatchObject(refused(/^Could not find model/));
    await sagemaker.send(new DeleteEndpointCommand({ EndpointName: "churn" }));
    await expect(sagemaker.send(new DeleteEndpointCommand({ EndpointName: "churn" }))).rejects.toMatchObject(
      refused(/^Cannot update in-progress endpoint/),
    );
    expect(await describe("churn")).toMatchObject({ EndpointStatus: "Deleting" });
    await pass(2);
    await expect(sagemaker.send(new DescribeEndpointCommand({ EndpointName: "churn" }))).rejects.toMatchObject(
      refused(/^Could not find endpoint "arn/),
    );
  });

  it.each<[string, { VariantName?: string }[], { capture?: boolean; memory?: number }, RegExp]>([
    ["several serverless variants", [{ VariantName: "a" }, { VariantName: "b" }], {}, /exactly one variant/],
    ["capture on a serverless variant", [{}], { capture: true }, /no data capture/],
    ["a memory that SageMaker does not have", [{}], { memory: 1500 }, /^MemorySizeInMB/],
  ])("refuse %s", async (_, variants, { capture = false, memory = 2048 }, message) => {
    const { sagemaker } = await world();
    const ServerlessConfig = { MemorySizeInMB: memory, MaxConcurrency: 5 };
    const DataCaptureConfig = {
      InitialSamplingPercentage: 100,
      DestinationS3Uri: "s3://churn-data/c",
      CaptureOptions: [{ CaptureMode: "Input" as const }],
    };
    await expect(
      sagemaker.send(
        new CreateEndpointConfigCommand({
          EndpointConfigName: "c",
          ProductionVariants: variants.map((each) => ({
            VariantName: "main",
            ModelName: "v1",
            ServerlessConfig,
            ...each,
          })),
          ...(capture ? { DataCaptureConfig } : {}),
        }),
      ),
    ).rejects.toMatchObject(refused(message));
  });

  it("answer by weight, and by the variant that is asked for", async () => {
    const { sagemaker, config, endpoint, invoke, describe, pass } = await world();
    await config("ab", [
      { VariantName: "a", InitialVariantWeight: 9 },
      { VariantName: "b", ModelName: "v2", InitialVariantWeight: 1 },
    ]);
    await endpoint("churn", "ab");
    const count = async (): Promise<number> => {
      let b = 0;
      for (let i = 0; i < 100; i++) if ((await invoke("churn")).variant === "b") b++;
      return b;
    };
    const tenth = await count();
    expect(tenth).toBeGreaterThan(3);
    expect(tenth).toBeLessThan(20);
    expect((await invoke("churn", { TargetVariant: "b" })).variant).toBe("b");
    await expect(invoke("churn", { TargetVariant: "c" })).rejects.toMatchObject({ name: "ValidationError" });
    const change = (a: number, b: number) =>
      sagemaker.send(
        new UpdateEndpointWeightsAndCapacitiesCommand({
          EndpointName: "churn",
          DesiredWeightsAndCapacities: [
            { VariantName: "a", DesiredWeight: a },
            { VariantName: "b", DesiredWeight: b },
          ],
        }),
      );
    await change(0, 1);
    expect((await describe("churn")).ProductionVariants).toMatchObject([
      { CurrentWeight: 9, DesiredWeight: 0 },
      { CurrentWeight: 1, DesiredWeight: 1 },
    ]);
    await expect(change(1, 0)).rejects.toMatchObject(refused(/^Cannot update in-progress endpoint/));
    await pass(2);
    expect(await describe("churn")).toMatchObject({ EndpointStatus: "InService" });
    for (let i = 0; i < 5; i++) expect((await invoke("churn")).variant).toBe("b");
    await expect(change(0, 0)).rejects.toMatchObject(refused(/weights/));
  });

  it("fail with the container's reason if it does not start", async () => {
    const { sagemaker, config, describe, pass, store } = await world();
    await store.put("models/v1/model.tar.gz", new Uint8Array(10));
    await config("c1", [{}]);
    await sagemaker.send(new CreateEndpointCommand({ EndpointName: "churn", EndpointConfigName: "c1" }));
    await pass(5);
    expect((await describe("churn")).EndpointStatus).toBe("Failed");
    await expect(
      sagemaker.send(new UpdateEndpointCommand({ EndpointName: "churn", EndpointConfigName: "c1" })),
    ).rejects.toMatchObject(refused(/can only be deleted/));
    const {
      sagemaker: second,
      config: configSecond,
      describe: describeSecond,
      pass: passSecond,
    } = await world({
      container: (_argv, { stderr }) => {
        stderr.write("churnkit: no bundle here\n");
        return Promise.resolve(1);
      },
    });
    await configSecond("c1", [{}]);
    await second.send(new CreateEndpointCommand({ EndpointName: "churn", EndpointConfigName: "c1" }));
    await passSecond(5);
    const failed = await describeSecond("churn");
    expect(failed.EndpointStatus).toBe("Failed");
    expect(failed.FailureReason).toMatch(
      /variant main did not pass the ping health check.*no bundle here.*exit code 1/,
    );
  });

  it("tell a model's errors, and count them and its latency", async () => {
    const misbehave: RehearsalOptions["misbehave"] = ({ model }) =>
      model === "v2" ? { errors: 0.5, latency: 20, slower: 300 } : undefined;
    const { runtime, cloudWatch, config, endpoint, invoke, rehearsal } = await world({ misbehave });
    await config("c1", [{ VariantName: "a" }, { VariantName: "b", ModelName: "v2", InitialInstanceCount: 4 }]);
    await endpoint("churn", "c1");
    const Body = "{";
    await expect(
      runtime.send(
        new InvokeEndpointCommand({ EndpointName: "churn", TargetVariant: "a", Body, ContentType: "application/json" }),
      ),
    ).rejects.toMatchObject({ name: "ModelError", OriginalStatusCode: 400, $metadata: { httpStatusCode: 424 } });
    let failures = 0;
    for (let i = 0; i < 6; i++) await invoke("churn", { TargetVariant: "b" }).catch(() => failures++);
    expect(failures).toBe(3);
    const sum = async (MetricName: string, variant: string, Statistic: "Sum" | "Maximum" = "Sum") => {
      const { Datapoints } = await cloudWatch.send(
        new GetMetricStatisticsCommand({
          ...{ Namespace: "AWS/SageMaker", MetricName, Period: 60, Statistics: [Statistic] },
          StartTime: new Date(rehearsal.clock.now() - 3_600_000),
          EndTime: new Date(rehearsal.clock.now() + 60_000),
          Dimensions: [
            { Name: "VariantName", Value: variant },
            { Name: "EndpointName", Value: "churn" },
          ],
        }),
      );
      return Datapoints?.[0]?.[Statistic];
    };
    expect(await sum("Invocations", "b")).toBe(6);
    expect(await sum("InvocationsPerInstance", "b")).toBe(1.5);
    expect(await sum("Invocation5XXErrors", "b")).toBe(3);
    expect(await sum("Invocation4XXErrors", "a")).toBe(1);
    expect(await sum("Invocation5XXErrors", "a")).toBe(0);
    expect(await sum("ModelLatency", "b", "Maximum")).toBe(320_000);
    // The same on every machine, unless the measured times are asked for.
    expect(await sum("ModelLatency", "a", "Maximum")).toBe(20_000);
  });

  it("take binary bodies up to SageMaker's limit, and give attributes and types back", async () => {
    const { runtime, config, endpoint } = await world();
    await config("c1", [{}]);
    await endpoint("churn", "c1");
    const send = (Body: Uint8Array) =>
      runtime.send(new InvokeEndpointCommand({ EndpointName: "churn", Body, ContentType: "application/json" }));
    const json = new TextEncoder().encode(JSON.stringify(customer));
    const padded = new Uint8Array(6_291_456).fill(32);
    padded.set(json);
    const answer = await send(padded);
    expect(answer.ContentType).toMatch(/json/);
    await expect(send(new Uint8Array(6_291_457).fill(32))).rejects.toMatchObject({ name: "ValidationError" });
  });

  it("serve versions of the model registry", async () => {
    const { sagemaker, config, endpoint, invoke } = await world();
    await sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: "churn" }));
    const Containers = [{ Image: "i", ModelDataUrl: "s3://churn-data/models/v2/model.tar.gz" }];
    const { ModelPackageArn: ModelPackageName } = await sagemaker.send(
      new CreateModelPackageCommand({
        ModelPackageGroupName: "churn",
        InferenceSpecification: { Containers, SupportedContentTypes: [], SupportedResponseMIMETypes: [] },
        Tags: [{ Key: "a", Value: "1" }],
      }),
    );
    await sagemaker.send(new CreateModelCommand({ ModelName: "packed", PrimaryContainer: { ModelPackageName } }));
    await config("c1", [
      { VariantName: "a", ModelName: "packed" },
      { VariantName: "b", ModelName: "v2" },
    ]);
    await endpoint("churn", "c1");
    const scores = await Promise.all(["a", "b"].map((TargetVariant) => invoke("churn", { TargetVariant })));
    expect(scores[0]?.probability).toBe(scores[1]?.probability);
    const { Tags } = await sagemaker.send(new ListTagsCommand({ ResourceArn: ModelPackageName }));
    expect(Tags).toEqual([{ Key: "a", Value: "1" }]);
  });

  it("keep tags", async () => {
    const { sagemaker, config } = await world();
    await config("c1", [{}], { Tags: [{ Key: "a", Value: "1" }] });
    const { EndpointConfigArn: ResourceArn } = await sagemaker.send(
      new DescribeEndpointConfigCommand({ EndpointConfigName: "c1" }),
    );
    await sagemaker.send(new AddTagsCommand({ ResourceArn, Tags: [{ Key: "b", Value: "2" }] }));
    await sagemaker.send(new DeleteTagsCommand({ ResourceArn, TagKeys: ["a"] }));
    expect((await sagemaker.send(new ListTagsCommand({ ResourceArn }))).Tags).toEqual([{ Key: "b", Value: "2" }]);
  });
});
