import { describe, expect, it } from "vitest";
import { virtualClock } from "../../../src/rehearsal/clock.js";
import type { Emulator } from "../../../src/rehearsal/front/emulator.js";
import { eventSourceMappings } from "../../../src/rehearsal/lambda/mappings.js";

const EventSourceArn = "arn:aws:sqs:us-east-1:123456789012:work";

interface Received {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The records of a message that a function refuses twice. */
async function receivedBy(more: object): Promise<Received[]> {
  const clock = virtualClock(0);
  const received: Received[] = [];
  const queueAttributes: Emulator["queueAttributes"] = () => Promise.resolve({ VisibilityTimeout: "60" });
  const mappings = eventSourceMappings({
    ...{ clock, region: "us-east-1", emulator: { queueAttributes } as Emulator },
    invoke: (_, event) => {
      received.push(...(event as { Records: Received[] }).Records);
      return Promise.resolve({ batchItemFailures: received.length < 3 ? [{ itemIdentifier: "m" }] : [] });
    },
    send: () => expect.unreachable(),
    onLost: (_, reason) => expect.unreachable(reason),
  });
  mappings.put("one", { EventSourceArn, FunctionName: "f", ...more });
  expect(mappings.take(EventSourceArn, "{}")).toBe(true);
  await clock.advanceTo(600_000);
  return received;
}

describe("a message of a queue that a function refuses", () => {
  it("comes again as the same message", async () => {
    const received = await receivedBy({ FunctionResponseTypes: ["ReportBatchItemFailures"] });
    expect(received.map(({ attributes }) => attributes["ApproximateReceiveCount"])).toEqual(["1", "2", "3"]);
    expect(new Set(received.map(({ messageId }) => messageId)).size).toBe(1);
    expect(new Set(received.map(({ attributes }) => attributes["SentTimestamp"]))).toEqual(new Set(["0"]));
    expect(new Set(received.map(({ receiptHandle }) => receiptHandle)).size).toBe(3);
  });

  it("is taken for done where the mapping does not ask for failures", async () => {
    expect(await receivedBy({})).toHaveLength(1);
  });
});
