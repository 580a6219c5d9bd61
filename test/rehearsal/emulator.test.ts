import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rehearse, type Rehearsal } from "../../src/rehearsal/rehearse.js";
import { awsPython, motoClient, sharedMoto } from "../helpers/moto.js";

const ready = await awsPython("the rehearsal in front of moto");

describe.skipIf(!ready)("the rehearsal in front of moto", () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    const moto = await sharedMoto();
    rehearsal = await rehearse({ emulator: moto.url });
  }, 120_000);
  afterAll(() => rehearsal.close());

  /** A call of SQS, as an SDK makes it. */
  async function sqs(operation: string, input: object): Promise<Record<string, unknown>> {
    const headers = {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `AmazonSQS.${operation}`,
      authorization:
        "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
    };
    const response = await fetch(rehearsal.url, { method: "POST", headers, body: JSON.stringify(input) });
    return (await response.json()) as Record<string, unknown>;
  }

  it("passes other services through, streams too", async () => {
    const s3 = new S3Client({ ...motoClient(rehearsal.url), forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: "rehearsed" }));
    const Body = new Uint8Array(3_000_000).fill(7);
    await s3.send(new PutObjectCommand({ Bucket: "rehearsed", Key: "a b/ü", Body }));
    const got = await s3.send(new GetObjectCommand({ Bucket: "rehearsed", Key: "a b/ü" }));
    expect((await got.Body?.transformToByteArray())?.length).toBe(Body.length);
    s3.destroy();
  });

  it("delivers events to a queue of the emulator", async () => {
    const { QueueUrl } = await sqs("CreateQueue", { QueueName: "rehearsed" });
    const events = new EventBridgeClient(motoClient(rehearsal.url));
    await events.send(new PutRuleCommand({ Name: "own", EventPattern: '{"source":["churn"]}' }));
    const Arn = "arn:aws:sqs:us-east-1:123456789012:rehearsed";
    await events.send(new PutTargetsCommand({ Rule: "own", Targets: [{ Id: "q", Arn, InputPath: "$.detail" }] }));
    await events.send(new PutEventsCommand({ Entries: [{ Source: "churn", DetailType: "t", Detail: '{"n":1}' }] }));
    await rehearsal.clock.advanceTo(rehearsal.clock.now() + 1);
    const { Messages } = await sqs("ReceiveMessage", { QueueUrl });
    expect((Messages as { Body: string }[]).map(({ Body }) => Body)).toEqual(['{"n":1}']);
    expect(rehearsal.timeline.filter(({ kind }) => kind === "dead letter")).toEqual([]);
    events.destroy();
  });
});
