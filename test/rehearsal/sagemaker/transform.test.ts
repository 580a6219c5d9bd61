import { gzipSync } from "node:zlib";
import {
  CreateTransformJobCommand,
  DescribeTransformJobCommand,
  ListTransformJobsCommand,
  type CreateTransformJobCommandInput,
} from "@aws-sdk/client-sagemaker";
import { CloudWatchLogsClient, DescribeLogStreamsCommand, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { afterEach, describe, expect, it } from "vitest";
import { batches, inputOf, outputOf, recordsOf } from "../../../src/rehearsal/sagemaker/transform-records.js";
import { sampleRecords } from "../../helpers/artifact.js";
import { endpointWorld, type EndpointWorld } from "../../helpers/endpoint-world.js";
import { clientOf } from "../../helpers/rehearsed.js";

const started: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const each of started.splice(0)) await each.close();
});

const customers = sampleRecords(5).map((record) => ({ ...record, churned: undefined }));
const lines = customers.map((record) => JSON.stringify(record)).join("\n");

const TransformInput = {
  DataSource: { S3DataSource: { S3DataType: "S3Prefix", S3Uri: "s3://churn-data/customers/" } },
  ContentType: "application/jsonlines",
  SplitType: "Line",
} as const;
const job = (name: string, more: Partial<CreateTransformJobCommandInput> = {}): CreateTransformJobCommandInput => ({
  TransformJobName: name,
  ModelName: "v1",
  TransformInput,
  TransformOutput: { S3OutputPath: "s3://churn-data/scores/", AssembleWith: "Line", Accept: "text/csv" },
  TransformResources: { InstanceType: "ml.m5.large", InstanceCount: 1 },
  ...more,
});

async function world(): Promise<EndpointWorld> {
  const made = await endpointWorld();
  started.push(made);
  await made.store.put("customers/a.jsonl", Buffer.from(lines));
  return made;
}

async function done({ sagemaker, pass }: EndpointWorld, request: CreateTransformJobCommandInput) {
  await sagemaker.send(new CreateTransformJobCommand(request));
  await pass(60);
  return sagemaker.send(new DescribeTransformJobCommand({ TransformJobName: request.TransformJobName }));
}

const textAt = async ({ store }: EndpointWorld, key: string): Promise<string> =>
  Buffer.from((await store.get(key))?.bytes ?? []).toString("utf8");

describe("a transform job, rehearsed", () => {
  it("scores objects as an endpoint of the model does, an answer a line, each below its own name", async () => {
    const at = await world();
    await at.store.put("customers/more/b.jsonl", Buffer.from(lines.split("\n")[0] ?? ""));
    await at.config("c1", [{ ModelName: "v1" }]);
    await at.endpoint("e", "c1");
    const { probability } = await at.invoke("e");
    const described = await done(at, job("score"));
    expect([described.TransformJobStatus, described.FailureReason]).toEqual(["Completed", undefined]);
    // Five minutes of work, and a minute each of downloading and of beginning.
    const took = Number(described.TransformEndTime) - Number(described.TransformStartTime);
    expect(took).toBe(7 * 60_000);
    const scores = (await textAt(at, "scores/a.jsonl.out")).split("\n");
    expect(scores).toHaveLength(6);
    expect(Number(scores[0])).toBeCloseTo(probability, 6);
    expect(new Set(scores.slice(0, 5)).size).toBeGreaterThan(1);
    expect(await textAt(at, "scores/more/b.jsonl.out")).toBe(`${scores[0]}\n`);
    const { TransformJobSummaries } = await at.sagemaker.send(new ListTransformJobsCommand({}));
    expect(TransformJobSummaries?.map(({ TransformJobName }) => TransformJobName)).toEqual(["score"]);
  });

  it("joins answers with records, one a request, and keeps what the filter asks", async () => {
    const at = await world();
    await at.store.put("zipped/a.gz", gzipSync(lines));
    const described = await done(
      at,
      job("joined", {
        BatchStrategy: "SingleRecord",
        TransformInput: {
          ...TransformInput,
          CompressionType: "Gzip",
          DataSource: { S3DataSource: { S3DataType: "S3Prefix", S3Uri: "s3://churn-data/zipped/a.gz" } },
        },
        TransformOutput: {
          AssembleWith: "Line",
          S3OutputPath: "s3://churn-data/joined",
          Accept: "application/jsonlines",
        },
        DataProcessing: { JoinSource: "Input", OutputFilter: "$.SageMakerOutput" },
      }),
    );
    expect(described.FailureReason).toBeUndefined();
    const kept = (await textAt(at, "joined/a.gz.out")).trim().split("\n");
    expect(kept).toHaveLength(5);
    for (const line of kept) expect(JSON.parse(line)).toHaveProperty("probability");
  });

  it("fails with the model's answer in its log, and needs a model", async () => {
    const at = await world();
    const described = await done(at, job("wrong", { TransformInput: { ...TransformInput, ContentType: "image/png" } }));
    expect(described).toMatchObject({
      TransformJobStatus: "Failed",
      FailureReason: expect.stringMatching(/^AlgorithmError/) as unknown,
    });
    const logs = new CloudWatchLogsClient(clientOf(at.rehearsal));
    started.push({ close: () => logs.destroy() });
    const group = { logGroupName: "/aws/sagemaker/TransformJobs" };
    const { logStreams } = await logs.send(new DescribeLogStreamsCommand({ ...group, logStreamNamePrefix: "wrong/" }));
    const { events } = await logs.send(
      new GetLogEventsCommand({ ...group, logStreamName: logStreams?.[0]?.logStreamName }),
    );
    expect(events?.map(({ message }) => message).join("\n")).toMatch(
      /a\.jsonl: Bad HTTP status received from algorithm: 415\n.*image\/png/,
    );
    const none = at.sagemaker.send(new CreateTransformJobCommand(job("none", { ModelName: "absent" })));
    await expect(none).rejects.toMatchObject({ name: "ValidationException" });
  });
});

describe("records of a transform job", () => {
  it("are lines, or whole files", () => {
    const bytes = Buffer.from("a,1\n\nb,2\n");
    expect(recordsOf(bytes, job(""))).toEqual(["a,1", "b,2"]);
    expect(recordsOf(bytes, {})).toEqual(["a,1\n\nb,2\n"]);
    expect(() => recordsOf(bytes, { TransformInput: { DataSource: undefined, SplitType: "RecordIO" } })).toThrow(
      "RecordIO",
    );
  });

  it("are sent as many at once as fit, or one by one", () => {
    const half = "x".repeat(2 ** 19);
    const records = ["a", half, half, "b"];
    const sizes = (request: Parameters<typeof batches>[1]): number[] =>
      batches(records, request).map(({ length }) => length);
    expect(sizes({ MaxPayloadInMB: 1 })).toEqual([2, 2]);
    expect(sizes({})).toEqual([4]);
    expect(sizes({ MaxPayloadInMB: 0 })).toEqual([4]);
    expect(sizes({ BatchStrategy: "SingleRecord" })).toEqual([1, 1, 1, 1]);
    expect(() => batches(["x".repeat(2 ** 21)], { MaxPayloadInMB: 1 })).toThrow("MaxPayloadInMB, 1");
  });

  it("are filtered and joined by their type", () => {
    expect(inputOf('id-1,"a, ""b""",3', { InputFilter: "$[1:]" }, "text/csv")).toBe('"a, ""b""",3');
    expect(inputOf('{"id":1,"features":[1,2]}', { InputFilter: "$.features" }, "application/json")).toBe("[1,2]");
    expect(inputOf("x", {}, undefined)).toBe("x");
    const join = { JoinSource: "Input" } as const;
    expect(outputOf("id-1,3", "0.5", { ...join, OutputFilter: "$[0,-1:]" }, "text/csv")).toBe("id-1,0.5");
    expect(outputOf("id-1,,3", "0.5", join, "text/csv")).toBe("id-1,,3,0.5");
    expect(outputOf('{"id":1}', '{"p":0.5}', join, "application/json")).toBe('{"id":1,"SageMakerOutput":{"p":0.5}}');
    expect(outputOf("[1]", "0.5", join, "application/json")).toBe('{"SageMakerInput":[1],"SageMakerOutput":0.5}');
    expect(() => outputOf("x", "y", join, "image/png")).toThrow("image/png");
  });
});
