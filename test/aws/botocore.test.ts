import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { beforeAll, describe, expect, it } from "vitest";
import { checkRequest, recordRequests } from "../helpers/botocore.js";
import { awsPython, motoClient, sharedMoto, type Moto } from "../helpers/moto.js";

const ready = await awsPython("requests against botocore's models");

const datum = {
  MetricName: "ModelAccuracy",
  Value: 0.9,
  Unit: "None",
  Timestamp: new Date(0),
  Dimensions: [{ Name: "model", Value: "churn" }],
};
const put = (change: object, whole: object = {}): string[] =>
  checkRequest("cloudwatch", "PutMetricData", { Namespace: "Churn", MetricData: [{ ...datum, ...change }], ...whole });

describe.skipIf(!ready)("checkRequest", () => {
  it("finds nothing wrong with good requests", () => {
    expect(put({ Values: [1, 2], Counts: [1, 1], StorageResolution: 60, StatisticValues: undefined })).toEqual([]);
    expect(
      checkRequest("S3", "PutObject", {
        Bucket: "b",
        Key: "k",
        Body: new Uint8Array(1),
        IfMatch: '"1"',
        Metadata: { a: "b" },
      }),
    ).toEqual([]);
    expect(
      checkRequest("SFN", "StartExecution", {
        stateMachineArn: "arn:aws:states:us-east-1:123456789012:stateMachine:churn",
        input: "{}",
      }),
    ).toEqual([]);
    const parameters = {
      PipelineName: "churn",
      ClientRequestToken: "x".repeat(32),
      PipelineParameters: [{ Name: "rows", Value: "5" }],
    };
    expect(checkRequest("sagemaker", "StartPipelineExecution", parameters)).toEqual([]);
  });

  it.each([
    ["a required member left out", () => put({ MetricName: undefined }), "lacks the required member MetricName"],
    ["an unknown member", () => put({ Color: "red" }), "has no member Color"],
    ["an inherited name", () => put({ toString: "red" }), "has no member toString"],
    ["an enum", () => put({ Unit: "Furlongs" }), '"Furlongs" is not one of Seconds'],
    ["a number that is not finite", () => put({ Value: NaN }), "expected a finite number, got NaN"],
    ["a number as text", () => put({ Value: "1" }), 'expected a finite number, got "1"'],
    ["a text as number", () => put({ MetricName: 7 }), "expected a string, got 7"],
    ["an invalid date", () => put({ Timestamp: new Date(NaN) }), "expected a valid Date"],
    [
      "too many items",
      () => put({ Dimensions: Array.from({ length: 31 }, () => datum.Dimensions[0]) }),
      "31 items, at most 30 are allowed",
    ],
    ["an empty text", () => put({ Dimensions: [{ Name: "", Value: "x" }] }), "0 characters, at least 1 are needed"],
    ["too long a text", () => put({ MetricName: "x".repeat(256) }), "256 characters, at most 255 are allowed"],
    ["a pattern", () => put({}, { Namespace: ":x" }), '":x" does not match [^:].*'],
    ["a range", () => put({ StorageResolution: 0 }), "0 is not from 1 to Infinity"],
    ["a fraction", () => put({ StorageResolution: 1.5 }), "expected a whole number"],
    ["an object for a list", () => put({ Dimensions: {} }), "expected a list"],
    ["a list for an object", () => put({}, { MetricData: [[]] }), "expected an object"],
    ["null", () => put({}, { Namespace: null }), "expected a string, got null"],
    ["an unknown operation", () => checkRequest("cloudwatch", "PutMetrics", {}), "has no operation PutMetrics"],
    [
      "a map's value",
      () => checkRequest("s3", "PutObject", { Bucket: "b", Key: "k", Metadata: { a: 1 } }),
      "PutObject.Metadata.a: expected a string",
    ],
    ["a SageMaker name", () => checkRequest("sagemaker", "CreateModel", { ModelName: "a_b" }), '"a_b" does not match'],
  ])("finds %s", (_, check, problem) => {
    const problems = check();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it("names the place", () => {
    expect(put({ Unit: 1 })[0]).toMatch(/^PutMetricData\.MetricData\[0\]\.Unit: /);
    expect(() => checkRequest("nosuch", "X", {})).toThrow("botocore has no service nosuch");
  });
});

describe.skipIf(!ready)("recordRequests", () => {
  let moto: Moto;
  beforeAll(async () => (moto = await sharedMoto()), 120_000);

  it("records what a client sends, good and bad", async () => {
    const client = new CloudWatchClient(motoClient(moto.url));
    const record = recordRequests(client);
    await client.send(new PutMetricDataCommand({ Namespace: "Churn", MetricData: [{ ...datum, Unit: "None" }] }));
    expect(record.requests.map(({ service, operation }) => [service, operation])).toEqual([
      ["CloudWatch", "PutMetricData"],
    ]);
    expect(record.problems()).toEqual([]);
    await client
      .send(new PutMetricDataCommand({ Namespace: "Churn", MetricData: [{ ...datum, Unit: "Furlongs" as "None" }] }))
      .catch(() => undefined);
    expect(record.problems()).toHaveLength(1);
    client.destroy();
  });
});
