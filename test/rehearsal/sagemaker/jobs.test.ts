import {
  CreateProcessingJobCommand,
  CreateTrainingJobCommand,
  DescribeProcessingJobCommand,
  DescribeTrainingJobCommand,
  ListTrainingJobsCommand,
  SageMakerClient,
  StopTrainingJobCommand,
  type CreateProcessingJobCommandInput,
  type CreateTrainingJobCommandInput,
} from "@aws-sdk/client-sagemaker";
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import { afterEach, describe, expect, it } from "vitest";
import { syntheticCustomers } from "../../../src/data/index.js";
import { memoryStore, type ObjectStore } from "../../../src/io/store/index.js";
import { openBundle } from "../../../src/model/bundle/index.js";
import { rehearse, type Rehearsal, type RehearsalOptions } from "../../../src/rehearsal/rehearse.js";
import { clientOf } from "../../helpers/rehearsed.js";

const role = "arn:aws:iam::123456789012:role/churn";
const image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1";
const rows = syntheticCustomers({ rows: 200 })
  .records.map((record) => JSON.stringify(record))
  .join("\n");
const started: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of started.splice(0)) await end();
});

interface World {
  readonly rehearsal: Rehearsal;
  readonly store: ObjectStore;
  readonly client: SageMakerClient;
  readonly states: SFNClient;
}

async function world(options: RehearsalOptions = {}): Promise<World> {
  const store = memoryStore();
  await store.put("raw/customers.jsonl", new TextEncoder().encode(rows));
  const rehearsal = await rehearse({ buckets: () => store, ...options });
  const config = clientOf(rehearsal);
  const [client, states] = [new SageMakerClient(config), new SFNClient(config)];
  started.push(
    rehearsal.close,
    () => client.destroy(),
    () => states.destroy(),
  );
  return { rehearsal, store, client, states };
}

const training = (name: string, more: Partial<CreateTrainingJobCommandInput> = {}): CreateTrainingJobCommandInput => ({
  TrainingJobName: name,
  RoleArn: role,
  AlgorithmSpecification: {
    TrainingImage: image,
    TrainingInputMode: "File",
    MetricDefinitions: [{ Name: "validation:auc", Regex: "validation:auc=([0-9.]+)" }],
  },
  HyperParameters: {
    learner: "logistic",
    l2: "1",
    baseline: "false",
    target: "churn",
    positive: "Yes",
    id: "customerId",
  },
  InputDataConfig: [
    { ChannelName: "rows", DataSource: { S3DataSource: { S3DataType: "S3Prefix", S3Uri: "s3://churn-data/raw/" } } },
  ],
  OutputDataConfig: { S3OutputPath: "s3://churn-data/models" },
  ResourceConfig: { InstanceType: "ml.m5.large", InstanceCount: 1, VolumeSizeInGB: 10 },
  StoppingCondition: { MaxRuntimeInSeconds: 3600 },
  ...more,
});

describe("jobs of SageMaker, rehearsed", () => {
  it("train a real model through the container's folders, stage by stage", async () => {
    const { client, rehearsal, store } = await world();
    await client.send(new CreateTrainingJobCommand(training("churn-1")));
    await expect(client.send(new CreateTrainingJobCommand(training("churn-1")))).rejects.toMatchObject({
      name: "ResourceInUse",
    });
    const begin = rehearsal.clock.now();
    await rehearsal.clock.advanceTo(begin + 150_000);
    const early = await client.send(new DescribeTrainingJobCommand({ TrainingJobName: "churn-1" }));
    expect([early.TrainingJobStatus, early.SecondaryStatus]).toEqual(["InProgress", "Training"]);
    await rehearsal.clock.advanceTo(begin + 3_600_000);
    const job = await client.send(new DescribeTrainingJobCommand({ TrainingJobName: "churn-1" }));
    expect(job.FailureReason).toBeUndefined();
    expect(job).toMatchObject({
      TrainingJobStatus: "Completed",
      ModelArtifacts: { S3ModelArtifacts: "s3://churn-data/models/churn-1/output/model.tar.gz" },
      FinalMetricDataList: [{ MetricName: "validation:auc" }],
    });
    expect(job.FinalMetricDataList?.[0]?.Value).toBeGreaterThan(0.6);
    expect(job.SecondaryStatusTransitions?.map(({ Status }) => Status)).toEqual([
      "Starting",
      "Downloading",
      "Training",
      "Uploading",
      "Completed",
    ]);
    expect(job.TrainingEndTime?.getTime()).toBe(begin + 4 * 60_000 + 300_000);
    const model = await store.get("models/churn-1/output/model.tar.gz");
    expect((await openBundle(model?.bytes as Uint8Array<ArrayBuffer>)).artifact.contract.target?.column).toBe("churn");
    const { TrainingJobSummaries } = await client.send(
      new ListTrainingJobsCommand({ NameContains: "churn", StatusEquals: "Completed" }),
    );
    expect(TrainingJobSummaries).toHaveLength(1);
  });

  it("fail with the container's own reason, and stop when they are told to or take too long", async () => {
    const { client, rehearsal } = await world({ duration: ({ name }) => (name === "long" ? 7_200_000 : 600_000) });
    const HyperParameters = { learner: "logistic", target: "churm", positive: "Yes" };
    await client.send(new CreateTrainingJobCommand(training("wrong", { HyperParameters })));
    await client.send(new CreateTrainingJobCommand(training("long")));
    await client.send(new CreateTrainingJobCommand(training("stopped")));
    const nothing = { S3DataSource: { S3DataType: "S3Prefix", S3Uri: "s3://churn-data/none/" } } as const;
    await client.send(
      new CreateTrainingJobCommand(
        training("empty", { InputDataConfig: [{ ChannelName: "rows", DataSource: nothing }] }),
      ),
    );
    await rehearsal.clock.advanceTo(rehearsal.clock.now() + 400_000);
    await client.send(new StopTrainingJobCommand({ TrainingJobName: "stopped" }));
    await rehearsal.clock.advanceTo(rehearsal.clock.now() + 10_000_000);
    const of = (TrainingJobName: string): Promise<object> =>
      client.send(new DescribeTrainingJobCommand({ TrainingJobName }));
    expect(await of("wrong")).toMatchObject({
      TrainingJobStatus: "Failed",
      FailureReason: expect.stringMatching(/^AlgorithmError: .*churm.*exit code: 1$/) as unknown,
    });
    // Too long is no failure: the status says Stopped, and only the second status says why.
    expect(await of("long")).toMatchObject({ TrainingJobStatus: "Stopped", SecondaryStatus: "MaxRuntimeExceeded" });
    expect(await of("stopped")).toMatchObject({ TrainingJobStatus: "Stopped", SecondaryStatus: "Stopped" });
    expect(await of("empty")).toMatchObject({
      TrainingJobStatus: "Failed",
      FailureReason: "ClientError: No S3 objects found under prefix s3://churn-data/none/.",
    });
    await expect(of("absent")).rejects.toMatchObject({ name: "ValidationException" });
  });

  it("process any job of churnkit, over several hosts too", async () => {
    const { client, rehearsal, store } = await world();
    const params = JSON.stringify({ format: "jsonLines", target: "churn", positive: "Yes", id: ["customerId"] });
    const job = {
      ProcessingJobName: "ingest-1",
      RoleArn: role,
      AppSpecification: {
        ImageUri: image,
        ContainerEntrypoint: ["churnkit-container", "process", "ingest"],
        ContainerArguments: ["--params", params],
      },
      ProcessingResources: { ClusterConfig: { InstanceType: "ml.m5.large", InstanceCount: 1, VolumeSizeInGB: 10 } },
      ProcessingInputs: [
        {
          InputName: "file",
          S3Input: {
            S3Uri: "s3://churn-data/raw/",
            LocalPath: "/opt/ml/processing/input/file",
            S3DataType: "S3Prefix",
            S3InputMode: "File",
          },
        },
      ],
      ProcessingOutputConfig: {
        Outputs: [
          {
            OutputName: "rows",
            S3Output: {
              S3Uri: "s3://churn-data/rows/",
              LocalPath: "/opt/ml/processing/output/rows",
              S3UploadMode: "EndOfJob",
            },
          },
        ],
      },
    } satisfies CreateProcessingJobCommandInput;
    await client.send(new CreateProcessingJobCommand(job));
    await rehearsal.clock.advanceTo(rehearsal.clock.now() + 3_600_000);
    const done = await client.send(new DescribeProcessingJobCommand({ ProcessingJobName: "ingest-1" }));
    expect(done.FailureReason).toBeUndefined();
    expect(done.ProcessingJobStatus).toBe("Completed");
    expect((await store.list("rows/")).map(({ key }) => key)).toEqual(["rows/rows.table"]);
    expect(rehearsal.timeline.filter(({ kind }) => kind === "job").map(({ text }) => text)).toEqual(
      ["InProgress", "Starting", "Downloading", "Processing", "Uploading", "Completed", "Completed"].map(
        (stage) => `ingest-1 ${stage}`,
      ),
    );
  });

  it("keep to their own folders", async () => {
    const { client, rehearsal } = await world();
    const s3 = { S3Uri: "s3://churn-data/raw/", S3DataType: "S3Prefix", S3InputMode: "File" } as const;
    await client.send(
      new CreateProcessingJobCommand({
        ...{ ProcessingJobName: "out", RoleArn: role, AppSpecification: { ImageUri: image } },
        ProcessingResources: { ClusterConfig: { InstanceType: "ml.m5.large", InstanceCount: 1, VolumeSizeInGB: 10 } },
        ProcessingInputs: [{ InputName: "a", S3Input: { ...s3, LocalPath: "/opt/ml/../../../out" } }],
      }),
    );
    const [channel] = training("up").InputDataConfig ?? [];
    const InputDataConfig = [
      { ...channel, ChannelName: "../../../up" },
    ] as CreateTrainingJobCommandInput["InputDataConfig"];
    await client.send(new CreateTrainingJobCommand(training("up", { InputDataConfig })));
    await rehearsal.clock.advanceTo(rehearsal.clock.now() + 3_600_000);
    const processed = await client.send(new DescribeProcessingJobCommand({ ProcessingJobName: "out" }));
    expect(processed.FailureReason).toMatch(/is not below \/opt\/ml/);
    const trained = await client.send(new DescribeTrainingJobCommand({ TrainingJobName: "up" }));
    expect(trained.FailureReason).toMatch(/has not the name of a folder/);
  });

  it("run their hosts at the same time", async () => {
    const { client, rehearsal } = await world();
    const ResourceConfig = { InstanceType: "ml.m5.large", InstanceCount: 2, VolumeSizeInGB: 10 } as const;
    await client.send(new CreateTrainingJobCommand(training("two", { ResourceConfig })));
    const begin = rehearsal.clock.now();
    await rehearsal.clock.advanceTo(begin + 3_600_000);
    const job = await client.send(new DescribeTrainingJobCommand({ TrainingJobName: "two" }));
    expect([job.TrainingJobStatus, job.FailureReason]).toEqual(["Completed", undefined]);
    expect(job.TrainingEndTime?.getTime()).toBe(begin + 3 * 60_000 + 300_000 + 60_000);
  });

  it("are waited for by state machines, and stopped with them", async () => {
    const { states, rehearsal, client } = await world();
    const request = training("");
    const definition = {
      StartAt: "Train",
      States: {
        Train: {
          Type: "Task",
          Resource: "arn:aws:states:::sagemaker:createTrainingJob.sync",
          Parameters: {
            ...request,
            TrainingJobName: undefined,
            "TrainingJobName.$": "States.Format('sfn-{}', $$.Execution.Name)",
          },
          TimeoutSeconds: 600,
          Catch: [{ ErrorEquals: ["States.Timeout"], Next: "Late" }],
          Next: "Good",
        },
        Good: {
          Type: "Choice",
          Choices: [{ Variable: "$.FinalMetricDataList[0].Value", NumericGreaterThan: 0.6, Next: "Done" }],
          Default: "Late",
        },
        Done: { Type: "Succeed" },
        Late: { Type: "Fail", Error: "Late" },
      },
    };
    const made = await states.send(
      new CreateStateMachineCommand({ name: "m", roleArn: role, definition: JSON.stringify(definition) }),
    );
    const { executionArn } = await states.send(
      new StartExecutionCommand({ stateMachineArn: made.stateMachineArn, name: "one" }),
    );
    await rehearsal.clock.advanceTo(rehearsal.clock.now() + 3_600_000);
    expect(await states.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({ status: "SUCCEEDED" });

    const slow = await world({ duration: () => 1_000_000 });
    const again = await slow.states.send(
      new CreateStateMachineCommand({ name: "m", roleArn: role, definition: JSON.stringify(definition) }),
    );
    const late = await slow.states.send(
      new StartExecutionCommand({ stateMachineArn: again.stateMachineArn, name: "two" }),
    );
    await slow.rehearsal.clock.advanceTo(slow.rehearsal.clock.now() + 3_600_000);
    expect(await slow.states.send(new DescribeExecutionCommand({ executionArn: late.executionArn }))).toMatchObject({
      status: "FAILED",
      error: "Late",
    });
    const job = await slow.client.send(new DescribeTrainingJobCommand({ TrainingJobName: "sfn-two" }));
    expect(job.TrainingJobStatus).toBe("Stopped");
    expect((await client.send(new ListTrainingJobsCommand({}))).TrainingJobSummaries?.[0]?.TrainingJobName).toBe(
      "sfn-one",
    );
  });
});
