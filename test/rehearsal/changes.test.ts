import { beforeEach, expect, it } from "vitest";
import { changeLog } from "../../src/rehearsal/changes.js";
import type { RehearsalEntry } from "../../src/rehearsal/rehearse.js";

const place = { account: "123456789012", region: "us-east-1" };
const begin = Date.UTC(2026, 0, 1);
const hour = 3_600_000;
const timeline: RehearsalEntry[] = [];
let told: ReturnType<typeof changeLog>;

beforeEach(() => {
  timeline.length = 0;
  told = changeLog(timeline, place);
});

function call(service: string, operation: string, input: object = {}, { caller = "ada", after = 0 } = {}): void {
  told({ service, operation, caller, time: begin + after * hour }, input);
}
const texts = (): string[] => timeline.map(({ text }) => text);

it("tells who changed what, and nothing of calls that only read", () => {
  call("monitoring", "PutMetricAlarm", { AlarmName: "drift" });
  call("monitoring", "DescribeAlarms");
  call("sagemaker", "CreateEndpoint", { EndpointName: "churn" }, { caller: "arn:aws:iam::123456789012:role/release" });
  call("s3", "PUT /churn-data/raw/a.csv?x-id=PutObject");
  call("s3", "GET /churn-data/raw/a.csv");
  call("sqs", "DeleteQueue", { QueueUrl: "http://127.0.0.1/123456789012/q" }, { caller: "cloudformation" });
  expect(texts()).toEqual([
    "ada cloudwatch:PutMetricAlarm alarm:drift",
    "release sagemaker:CreateEndpoint endpoint/churn",
    "ada s3:PutObject churn-data/raw/a.csv",
    "cloudformation sqs:DeleteQueue q",
  ]);
  expect(timeline[0]).toEqual({ time: "2026-01-01T00:00:00.000Z", kind: "call", text: texts()[0] });
});

it("counts equal calls in a row in one entry", () => {
  for (let i = 0; i < 3; i++) call("sagemaker", "StopTrainingJob", { TrainingJobName: "one" });
  for (const name of ["a", "b"])
    call("monitoring", "PutMetricAlarm", { AlarmName: name }, { caller: "cloudformation" });
  for (let after = 0; after < 24; after++) call("monitoring", "PutMetricData", {}, { caller: "monitor", after });
  timeline.push({ time: "", kind: "alarm", text: "drift OK -> ALARM" });
  call("monitoring", "PutMetricData", {}, { caller: "monitor", after: 24 });
  expect(texts()).toEqual([
    "ada sagemaker:StopTrainingJob training-job/one, 3 times",
    "cloudformation cloudwatch:PutMetricAlarm, 2 times",
    "monitor cloudwatch:PutMetricData, 24 times until 2026-01-01 23:00:00",
    "drift OK -> ALARM",
    "monitor cloudwatch:PutMetricData",
  ]);
});
