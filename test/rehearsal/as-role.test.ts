import { afterEach, expect, it } from "vitest";
import { awsSession } from "../../src/deploy/sagemaker/index.js";
import { rehearse, type Rehearsal } from "../../src/rehearsal/index.js";
import { awsTarget as target } from "../helpers/aws-target.js";

let rehearsal: Rehearsal;
afterEach(() => rehearsal.close());

it("gives what somebody needs who acts as a role: address, credentials, clock, and a sink for what functions print", async () => {
  const Statement = [{ Effect: "Allow", Action: "cloudwatch:GetMetricStatistics", Resource: "*" }] as const;
  rehearsal = await rehearse({ permissions: { "churn-dev-reader": { Version: "2012-10-17", Statement } } });
  const { sink, ...reader } = rehearsal.as("churn-dev-reader");
  const at = new Date(rehearsal.clock.now());
  await sink.write([
    { name: "data_drift_score", value: 0.4, labels: { model: "churn" }, at },
    { name: "data_drift_score", value: 0.2, labels: { model: "churn" }, at },
  ]);
  await rehearsal.clock.advanceTo(at.getTime() + 60_000);
  const session = awsSession(target, reader);
  const { Datapoints } = await session.call("cloudwatch", "GetMetricStatistics", {
    Namespace: "Churnkit",
    MetricName: "DataDriftScore",
    Dimensions: [{ Name: "model", Value: "churn" }],
    StartTime: at,
    EndTime: new Date(at.getTime() + 60_000),
    Period: 60,
    Statistics: ["Sum", "SampleCount"],
  });
  expect(Datapoints).toMatchObject([{ SampleCount: 2 }]);
  expect(Datapoints?.[0]?.Sum).toBeCloseTo(0.6);
  await expect(session.call("cloudwatch", "PutMetricData", { Namespace: "Churnkit", MetricData: [] })).rejects.toThrow(
    /PutMetricData/,
  );
  session.close();
});
