import { describe, expect, it } from "vitest";
import { type CreatedObject, createdObjects, messagesIn, objectsInMessage } from "../../src/io/store/s3/objects.js";

/** As EventBridge tells of a new object: the key as it is. */
const bridged = (key: string, version?: string, sequencer = "0061") => ({
  version: "0",
  id: "2d4eba74-fd51-3966-4bfa-b013c9da8ff1",
  "detail-type": "Object Created",
  source: "aws.s3",
  detail: {
    version: "0",
    bucket: { name: "churn-data" },
    object: { key, size: 5, etag: "b1946ac9", sequencer, ...(version && { "version-id": version }) },
    reason: "PutObject",
  },
});
/** As S3's own notification does: the key as a form writes it. */
const notified = (key: string, versionId?: string, eventName = "ObjectCreated:Put", sequencer = "0061") => ({
  eventVersion: "2.1",
  eventSource: "aws:s3",
  eventName,
  s3: {
    s3SchemaVersion: "1.0",
    bucket: { name: "churn-data", arn: "arn:aws:s3:::churn-data" },
    object: { key, size: 5, eTag: "b1946ac9", sequencer, ...(versionId && { versionId }) },
  },
});
const made = (key: string, version?: string): CreatedObject => ({ bucket: "churn-data", key, version });
/** Keys as they are, and as a notification writes them. */
const spellings: [plain: string, written: string][] = [
  ["raw/2026-02.csv", "raw/2026-02.csv"],
  ["raw/März 2026.csv", "raw/M%C3%A4rz+2026.csv"],
  ["raw/a+b=c&d%20e.csv", "raw/a%2Bb%3Dc%26d%2520e.csv"],
];

describe("the objects of an event", () => {
  it.each(spellings)("are those of EventBridge and of S3's notifications alike: %s", (plain, written) => {
    expect(createdObjects(bridged(plain, "v1"))).toEqual([made(plain, "v1")]);
    expect(createdObjects({ Records: [notified(written, "v1")] })).toEqual([made(plain, "v1")]);
  });

  it("have no version where the bucket keeps none", () => {
    expect(createdObjects(bridged("a.csv"))).toEqual([made("a.csv")]);
    expect(createdObjects({ Records: [notified("a.csv")] })).toEqual([made("a.csv")]);
  });

  it("are told in the order of the event, also twice, and whatever the sequencer says", () => {
    const [late, early] = [notified("a.csv", "v2", "ObjectCreated:Put", "0062"), notified("a.csv", "v1")];
    expect(createdObjects({ Records: [late, early, late] })).toEqual([
      ...[made("a.csv", "v2"), made("a.csv", "v1"), made("a.csv", "v2")],
    ]);
  });

  it.each([
    ["another event of S3", { Records: [notified("a.csv", "v1", "ObjectRemoved:Delete")] }],
    ["another event of EventBridge", { ...bridged("a.csv"), "detail-type": "Object Deleted" }],
    ["S3's test of a notification", { Service: "Amazon S3", Event: "s3:TestEvent", Bucket: "churn-data" }],
  ])("are none: %s", (_, event) => {
    expect(createdObjects(event)).toEqual([]);
    expect(objectsInMessage(JSON.stringify(event))).toEqual([]);
  });

  it.each(["ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload"])("are made in other ways, too: %s", (name) =>
    expect(createdObjects({ Records: [notified("a.csv", "v1", name)] })).toEqual([made("a.csv", "v1")]),
  );

  it("come through a queue in either form", () => {
    const bodies = [JSON.stringify(bridged("a b.csv", "v1")), JSON.stringify({ Records: [notified("a+b.csv", "v1")] })];
    const event = { Records: bodies.map((body, i) => ({ messageId: `m${i}`, body, eventSource: "aws:sqs" })) };
    expect(messagesIn(event)).toEqual(bodies.map((body, i) => ({ messageId: `m${i}`, body })));
    for (const { body } of messagesIn(event)) expect(objectsInMessage(body)).toEqual([made("a b.csv", "v1")]);
    expect(messagesIn({ Records: [notified("a.csv")] })).toEqual([]);
  });

  it.each([
    ["a key that is not URL-encoded", { Records: [notified("50%.csv")] }, /key "50%.csv" is not URL-encoded/],
    ["no key", { ...bridged("a.csv"), detail: { bucket: { name: "b" }, object: {} } }, /key/],
    ["no object", null, /The event/],
  ])("are refused: %s", (_, event, says) => {
    expect(() => createdObjects(event)).toThrow(says);
  });
});
