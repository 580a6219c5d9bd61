import { afterEach, expect, it } from "vitest";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { syntheticContract, syntheticCustomers } from "../../src/data/index.js";
import { predictionLogFunction } from "../../src/deploy/functions/index.js";
import { memoryStore } from "../../src/io/index.js";
import { captureToStore, days } from "../../src/monitor/index.js";
import { rehearse, type Rehearsal } from "../../src/rehearsal/index.js";
import { awsTarget } from "../helpers/aws-target.js";

let rehearsal: Rehearsal | undefined;
afterEach(() => rehearsal?.close());

it("writes each day when its captures or outcomes have changed, on a schedule", async () => {
  const store = memoryStore();
  const [record] = syntheticCustomers({ rows: 1 }).records;
  const capture = captureToStore(store, { prefix: "captured", writer: "web-1" });
  for (const [at, id] of [
    ["2026-01-01T10:00:00.000Z", "a"],
    ["2026-01-02T10:00:00.000Z", "b"],
  ] as const)
    await capture.write([{ id, at, record, probability: 0.4, label: "No", version: "1" }]);
  await capture.close();

  const results: unknown[] = [];
  const handlers: ReturnType<typeof predictionLogFunction>[] = [];
  const log = async (event: unknown): Promise<void> => void results.push(await handlers[0]?.(event));
  rehearsal = await rehearse({ start: new Date("2026-01-02T12:30:00Z"), functions: { log } });
  const { clock, url: endpoint } = rehearsal;
  handlers.push(
    predictionLogFunction({ target: awsTarget, store, clock, contract: syntheticContract, window: days(3), days: 2 }),
  );
  const credentials = { accessKeyId: "A", secretAccessKey: "s" };
  const events = new EventBridgeClient({ endpoint, region: "us-east-1", credentials });
  await events.send(new PutRuleCommand({ Name: "log", ScheduleExpression: "rate(1 day)" }));
  const Arn = "arn:aws:lambda:us-east-1:123456789012:function:log";
  await events.send(new PutTargetsCommand({ Rule: "log", Targets: [{ Id: "log", Arn }] }));
  events.destroy();

  await clock.advanceTo(Date.parse("2026-01-04T00:00:00Z"));
  expect(results).toEqual([{ written: ["2026-01-01", "2026-01-02"], rows: 2, issues: 0 }]);
  await store.put("labels/1.jsonl", new TextEncoder().encode('{"id":"b","outcome":1}\n'));
  await clock.advanceTo(Date.parse("2026-01-08T00:00:00Z"));
  // The windows close on the 4th and 5th; then nothing changes any more.
  expect(results.slice(1).map((result) => (result as { written: string[] }).written)).toEqual([
    ["2026-01-01"],
    ["2026-01-02"],
    [],
    [],
  ]);
  expect(await handlers[0]?.({ first: "2026-01-01", last: "2026-01-01" })).toEqual({ written: [], rows: 1, issues: 0 });
  await expect(handlers[0]?.({ first: "soon" })).rejects.toThrow(/first/);
  expect(() => predictionLogFunction({ target: awsTarget, contract: syntheticContract, window: 1, days: -1 })).toThrow(
    /days/,
  );
  expect(() => predictionLogFunction({ target: awsTarget, contract: syntheticContract, window: NaN })).toThrow(
    expect.objectContaining({ code: "OPTION_INVALID", message: expect.stringContaining("window") as string }),
  );
});
