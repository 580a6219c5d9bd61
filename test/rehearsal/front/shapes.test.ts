import { ApplicationAutoScalingClient, RegisterScalableTargetCommand } from "@aws-sdk/client-application-auto-scaling";
import { CloudWatchClient, PutMetricAlarmCommand, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { CreateRoleCommand, GetRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, InvokeCommand, LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { CreateTrainingJobCommand, SageMakerClient, UpdatePipelineCommand } from "@aws-sdk/client-sagemaker";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { CreateTopicCommand, GetTopicAttributesCommand, PublishBatchCommand, SNSClient } from "@aws-sdk/client-sns";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AwsCall } from "../../../src/rehearsal/front/front.js";
import { rehearse, type Rehearsal } from "../../../src/rehearsal/rehearse.js";
import { awsPython, botocoreData, motoClient, sharedMoto } from "../../helpers/moto.js";

const ready = await awsPython("requests checked as they arrive");

const role = "arn:aws:iam::123456789012:role/churn";
const trust = '{"Version":"2012-10-17","Statement":[]}';
const job = {
  TrainingJobName: "churn",
  RoleArn: role,
  AlgorithmSpecification: { TrainingImage: "image", TrainingInputMode: "File" },
  OutputDataConfig: { S3OutputPath: "s3://b/out" },
  ResourceConfig: { InstanceType: "ml.m5.large", InstanceCount: 1, VolumeSizeInGB: 8 },
  StoppingCondition: { MaxRuntimeInSeconds: 60 },
} as const;
const metric = { MetricName: "ModelAccuracy", Value: 0.9 };

interface Sender {
  send(command: object): Promise<unknown>;
  destroy(): void;
}

describe.skipIf(!ready)("requests are checked as they arrive", () => {
  let rehearsal: Rehearsal;
  const calls: { call: AwsCall; input: unknown }[] = [];
  const clients: Sender[] = [];
  beforeAll(async () => {
    rehearsal = await rehearse({
      emulator: (await sharedMoto()).url,
      botocore: botocoreData(),
      onCall: (call, input) => void calls.push({ call, input }),
    });
  }, 120_000);
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await rehearsal.close();
  });

  function send(Client: new (config: never) => unknown, command: object): Promise<unknown> {
    const client = new Client({ ...motoClient(rehearsal.url), maxAttempts: 1 } as never) as Sender;
    clients.push(client);
    return client.send(command);
  }
  const put = (datum: object, whole: object = {}): Promise<unknown> =>
    send(
      CloudWatchClient,
      new PutMetricDataCommand({ Namespace: "Churn", MetricData: [{ ...metric, ...datum }], ...whole }),
    );
  const train = (change: object): Promise<unknown> =>
    send(SageMakerClient, new CreateTrainingJobCommand({ ...job, ...change }));

  it.each<[string, () => Promise<unknown>, string, string]>([
    [
      "a required member left out",
      () => train({ OutputDataConfig: {} }),
      "ValidationException",
      "CreateTrainingJob.OutputDataConfig: lacks the required member S3OutputPath",
    ],
    [
      "an enum",
      () => train({ ResourceConfig: { ...job.ResourceConfig, InstanceType: "ml.tiny" } }),
      "ValidationException",
      'CreateTrainingJob.ResourceConfig.InstanceType: "ml.tiny" is not one of',
    ],
    [
      "the ARN of something else",
      () => train({ RoleArn: "arn:aws:s3:::bucket" }),
      "ValidationException",
      'CreateTrainingJob.RoleArn: "arn:aws:s3:::bucket" does not match',
    ],
    [
      "a name that is too long",
      () => send(SageMakerClient, new UpdatePipelineCommand({ PipelineName: "x".repeat(257) })),
      "ValidationException",
      "UpdatePipeline.PipelineName: 257 characters, at most 256",
    ],
    ["a text for a number", () => put({ Value: "1" }), "SerializationException", 'expected a finite number, got "1"'],
    ["a fraction", () => put({ StorageResolution: 1.5 }), "SerializationException", "expected a whole number"],
    [
      "two problems at once",
      () => put({ Unit: "Furlongs" }, { Namespace: ":x" }),
      "ValidationException",
      "2 validation errors detected: ",
    ],
    [
      "a member of a nested list",
      () =>
        send(
          CloudWatchClient,
          new PutMetricAlarmCommand({
            AlarmName: "a",
            EvaluationPeriods: 1,
            ComparisonOperator: "GreaterThanThreshold",
            Metrics: [{ Id: "m", MetricStat: { Metric: metric, Period: 60 } as never }],
          }),
        ),
      "ValidationException",
      "PutMetricAlarm.Metrics[0].MetricStat: lacks the required member Stat",
    ],
    [
      "a service under another name",
      () => send(SFNClient, new StartExecutionCommand({ stateMachineArn: "" })),
      "ValidationException",
      "StartExecution.stateMachineArn: 0 characters",
    ],
    [
      "a service of the emulator",
      () =>
        send(
          ApplicationAutoScalingClient,
          new RegisterScalableTargetCommand({
            ServiceNamespace: "sagemaker",
            ResourceId: "endpoint/churn/variant/a",
            ScalableDimension: "sagemaker:variant:Count" as never,
          }),
        ),
      "ValidationException",
      'RegisterScalableTarget.ScalableDimension: "sagemaker:variant:Count" is not one of',
    ],
    [
      "a query without a required member",
      () => send(IAMClient, new CreateRoleCommand({ RoleName: "r", AssumeRolePolicyDocument: undefined })),
      "ValidationError",
      "CreateRole: lacks the required member AssumeRolePolicyDocument",
    ],
    [
      "a query's number",
      () =>
        send(
          IAMClient,
          new CreateRoleCommand({ RoleName: "r", AssumeRolePolicyDocument: trust, MaxSessionDuration: 60 }),
        ),
      "ValidationError",
      "CreateRole.MaxSessionDuration: 60 is not from 3600 to 43200",
    ],
    [
      "a pattern in a query",
      () => send(IAMClient, new PutRolePolicyCommand({ RoleName: "a b", PolicyName: "p", PolicyDocument: "{}" })),
      "ValidationError",
      'PutRolePolicy.RoleName: "a b" does not match',
    ],
    [
      "an item of a query's list",
      () =>
        send(SNSClient, new PublishBatchCommand({ TopicArn: "t", PublishBatchRequestEntries: [{ Id: "1" } as never] })),
      "ValidationError",
      "PublishBatch.PublishBatchRequestEntries[0]: lacks the required member Message",
    ],
    [
      "a header of a REST service",
      () =>
        send(
          LambdaClient,
          new InvokeCommand({ FunctionName: "f", InvocationType: "Later" as never, Payload: Buffer.from("{}") }),
        ),
      "ValidationException",
      'Invoke.InvocationType: "Later" is not one of',
    ],
    [
      "a label of a path",
      () => send(LambdaClient, new InvokeCommand({ FunctionName: "f/g" })),
      "ValidationException",
      'Invoke.FunctionName: "f/g" does not match',
    ],
    [
      "the body of a REST service",
      () =>
        send(LambdaClient, new CreateFunctionCommand({ FunctionName: "f", Role: "nobody", Code: {}, Timeout: 10_000 })),
      "ValidationException",
      'CreateFunction.Role: "nobody" does not match',
    ],
    [
      "an endpoint's request",
      () =>
        send(
          SageMakerRuntimeClient,
          new InvokeEndpointCommand({ EndpointName: "churn", Body: "x", InferenceId: "x".repeat(65) }),
        ),
      "ValidationException",
      "InvokeEndpoint.InferenceId: 65 characters, at most 64",
    ],
  ])("refuses %s", async (_, sent, name, message) => {
    await expect(sent()).rejects.toMatchObject({ name, message: expect.stringContaining(message) as string });
  });

  it("refuses a member that AWS does not have, which this SDK would not send", async () => {
    const headers = {
      "x-amz-target": "SageMaker.CreateTrainingJob",
      authorization: "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/sagemaker/aws4_request",
    };
    const body = JSON.stringify({ ...job, EnableSpot: true });
    const response = await fetch(rehearsal.url, { method: "POST", headers, body });
    expect(await response.json()).toEqual({
      __type: "ValidationException",
      message: "1 validation error detected: CreateTrainingJob: has no member EnableSpot",
    });
  });

  it("lets good requests through, and tells what they ask for", async () => {
    await put({ Timestamp: new Date(rehearsal.clock.now()) });
    await expect(send(STSClient, new GetCallerIdentityCommand({}))).resolves.toMatchObject({ Account: "123456789012" });
    const made = (await send(
      SNSClient,
      new CreateTopicCommand({
        Name: "churn",
        Attributes: { DisplayName: "Churn", FifoTopic: "false" },
        Tags: [
          { Key: "project", Value: "churn" },
          { Key: "stage", Value: "dev" },
        ],
      }),
    )) as { TopicArn: string };
    const { Attributes } = (await send(SNSClient, new GetTopicAttributesCommand(made))) as { Attributes: object };
    expect(Attributes).toMatchObject({ DisplayName: "Churn" });
    await send(SQSClient, new CreateQueueCommand({ QueueName: "churn", Attributes: { VisibilityTimeout: "60" } }));
    await send(IAMClient, new CreateRoleCommand({ RoleName: "churn", AssumeRolePolicyDocument: trust }));
    await expect(send(IAMClient, new GetRoleCommand({ RoleName: "churn" }))).resolves.toMatchObject({
      Role: { Arn: role },
    });
    await send(LambdaClient, new ListFunctionsCommand({ MaxItems: 10 }));
    const inputOf = (operation: string): unknown => calls.findLast(({ call }) => call.operation === operation)?.input;
    expect(inputOf("CreateTopic")).toEqual({
      Name: "churn",
      Attributes: { DisplayName: "Churn", FifoTopic: "false" },
      Tags: [
        { Key: "project", Value: "churn" },
        { Key: "stage", Value: "dev" },
      ],
    });
    expect(inputOf("ListFunctions")).toEqual({ MaxItems: 10 });
  });
});

describe("without AWS's models", () => {
  it("says in one line that requests are not checked", async () => {
    const rehearsal = await rehearse();
    expect(rehearsal.notes).toEqual([expect.stringMatching(/^Requests are not checked .* botocore\.$/)]);
    await rehearsal.close();
  });

  it("refuses a folder that has none", async () => {
    await expect(rehearse({ botocore: import.meta.dirname })).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
  });
});
