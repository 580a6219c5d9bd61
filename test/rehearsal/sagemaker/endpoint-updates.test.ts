import { PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import {
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
  type DeploymentConfig,
  type UpdateEndpointCommandInput,
} from "@aws-sdk/client-sagemaker";
import { afterEach, describe, expect, it } from "vitest";
import type { RehearsalOptions } from "../../../src/rehearsal/rehearse.js";
import { endpointWorld, type EndpointWorld } from "../../helpers/endpoint-world.js";
import { clientOf } from "../../helpers/rehearsed.js";

const opened: EndpointWorld[] = [];
afterEach(async () => {
  for (const world of opened.splice(0)) await world.close();
});

interface UpdateWorld extends EndpointWorld {
  readonly update: (config: string, more?: Partial<UpdateEndpointCommandInput>) => Promise<unknown>;
  /** Which part of 40 requests the new model answers. */
  readonly share: () => Promise<number>;
}

/** An endpoint `churn` on the configuration `old` of four instances, and a configuration `new` of another model. */
async function world(options: RehearsalOptions = {}): Promise<UpdateWorld> {
  const made = await endpointWorld(options);
  opened.push(made);
  const { sagemaker, cloudWatch, config, endpoint, invoke } = made;
  await cloudWatch.send(
    new PutMetricAlarmCommand({
      ...{ AlarmName: "errors", Namespace: "AWS/SageMaker", MetricName: "Invocation5XXErrors", Statistic: "Average" },
      ...{ Period: 60, EvaluationPeriods: 1, Threshold: 0.05, ComparisonOperator: "GreaterThanThreshold" },
      TreatMissingData: "notBreaching",
      Dimensions: [
        { Name: "EndpointName", Value: "churn" },
        { Name: "VariantName", Value: "main" },
      ],
    }),
  );
  await config("old", [{ InitialInstanceCount: 4 }]);
  await config("new", [{ ModelName: "v2", InitialInstanceCount: 4 }]);
  await endpoint("churn", "old");
  const { probability: former } = await invoke("churn");
  return {
    ...made,
    update: (EndpointConfigName, more = {}) =>
      sagemaker.send(new UpdateEndpointCommand({ EndpointName: "churn", EndpointConfigName, ...more })),
    async share() {
      let changed = 0;
      for (let i = 0; i < 40; i++) if ((await invoke("churn")).probability !== former) changed++;
      return changed / 40;
    },
  };
}

const guarded = (policy: Partial<DeploymentConfig>): Partial<UpdateEndpointCommandInput> => ({
  DeploymentConfig: { AutoRollbackConfiguration: { Alarms: [{ AlarmName: "errors" }] }, ...policy },
});
const canary = guarded({
  BlueGreenUpdatePolicy: {
    TrafficRoutingConfiguration: {
      Type: "CANARY",
      WaitIntervalInSeconds: 600,
      CanarySize: { Type: "INSTANCE_COUNT", Value: 1 },
    },
    TerminationWaitInSeconds: 300,
  },
});

describe("updates of endpoints, rehearsed", () => {
  it("move all traffic at once, and refuse a second update meanwhile", async () => {
    const { update, describe: described, pass, share } = await world();
    await update("new");
    await expect(update("new")).rejects.toThrow(/^Cannot update in-progress endpoint/);
    expect(await described("churn")).toMatchObject({
      EndpointStatus: "Updating",
      EndpointConfigName: "old",
      PendingDeploymentSummary: { EndpointConfigName: "new" },
    });
    expect(await share()).toBe(0);
    await pass(4);
    const done = await described("churn");
    expect(done).toMatchObject({ EndpointStatus: "InService", EndpointConfigName: "new" });
    expect(done.PendingDeploymentSummary).toBeUndefined();
    expect(await share()).toBe(1);
  });

  it("go by a canary's steps and waits", async () => {
    const { update, describe: described, share, rehearsal } = await world();
    const begin = rehearsal.clock.now();
    await update("new", canary);
    const stageAt = async (minutes: number): Promise<string | undefined> => {
      await rehearsal.clock.advanceTo(begin + minutes * 60_000);
      const { PendingDeploymentSummary, EndpointStatus } = await described("churn");
      const [status] = PendingDeploymentSummary?.ProductionVariants?.[0]?.VariantStatus ?? [];
      return status === undefined ? EndpointStatus : `${status.Status}: ${status.StatusMessage}`;
    };
    expect(await stageAt(1)).toBe("Creating: Launching 1 instance(s).");
    expect(await stageAt(4)).toBe(
      "Baking: Baking for 600 seconds (WaitIntervalInSeconds) with traffic enabled on canary capacity of 1 instance(s).",
    );
    const quarter = await share();
    expect(quarter).toBeGreaterThan(0.05);
    expect(quarter).toBeLessThan(0.5);
    expect(await stageAt(12.9)).toMatch(/canary/);
    expect(await stageAt(13.1)).toMatch(/full capacity of 4/);
    expect(await share()).toBe(1);
    expect(await stageAt(23.1)).toMatch(/^Baking: Baking for 300 seconds \(TerminationWaitInSeconds\)/);
    expect(await stageAt(27.9)).toMatch(/TerminationWait/);
    expect(await stageAt(28.1)).toBe("InService");
    expect(await described("churn")).toMatchObject({ EndpointConfigName: "new", LastDeploymentConfig: {} });
  });

  it("go back in silence where an alarm goes off: in service, the old configuration, no reason", async () => {
    const seen: { EndpointStatus?: string; "detail-type"?: string }[] = [];
    const misbehave: RehearsalOptions["misbehave"] = ({ model }) => (model === "v2" ? { errors: 1 } : undefined);
    const {
      update,
      describe: described,
      pass,
      invoke,
      rehearsal,
    } = await world({
      misbehave,
      functions: { watch: (event) => void seen.push((event as { detail: object }).detail) },
    });
    const events = new EventBridgeClient(clientOf(rehearsal));
    const EventPattern = '{"detail-type":["SageMaker Endpoint State Change"]}';
    await events.send(new PutRuleCommand({ Name: "endpoints", EventPattern }));
    const Arn = "arn:aws:lambda:us-east-1:123456789012:function:watch";
    await events.send(new PutTargetsCommand({ Rule: "endpoints", Targets: [{ Id: "w", Arn }] }));
    events.destroy();
    await update("new", canary);
    await pass(4);
    let failures = 0;
    for (let i = 0; i < 40; i++) await invoke("churn").catch(() => failures++);
    expect(failures).toBeGreaterThan(2);
    await pass(1.5);
    expect((await described("churn")).EndpointStatus).toBe("RollingBack");
    // Nobody gets an error any more.
    for (let i = 0; i < 10; i++) await invoke("churn");
    await pass(2);
    const back = await described("churn");
    expect(back).toMatchObject({ EndpointStatus: "InService", EndpointConfigName: "old" });
    expect(back.FailureReason).toBeUndefined();
    expect(seen.map(({ EndpointStatus }) => EndpointStatus)).toEqual(["UPDATING", "ROLLING_BACK", "IN_SERVICE"]);
  });

  it("go back where a container does not start, with its reason", async () => {
    const { update, describe: described, pass, store, share } = await world();
    await store.put("models/v2/model.tar.gz", new Uint8Array(10));
    await update("new");
    await pass(10);
    expect(await described("churn")).toMatchObject({ EndpointStatus: "InService", EndpointConfigName: "old" });
    expect((await described("churn")).FailureReason).toMatch(/ping health check/);
    expect(await share()).toBe(0);
  });

  it("go back where a container is stuck, after the time that it has", async () => {
    const misbehave: RehearsalOptions["misbehave"] = ({ model }) => ({ stuck: model === "v2" });
    const { update, describe: described, pass } = await world({ misbehave });
    await update("new");
    await pass(10);
    expect((await described("churn")).EndpointStatus).toBe("Updating");
    await pass(3);
    expect(await described("churn")).toMatchObject({ EndpointStatus: "InService", EndpointConfigName: "old" });
    expect((await described("churn")).FailureReason).toMatch(/ping health check/);
  });

  it("go linearly and in batches, and end at their time limit", async () => {
    const { update, describe: described, pass, share, rehearsal } = await world();
    const linear = (MaximumExecutionTimeoutInSeconds: number) =>
      guarded({
        BlueGreenUpdatePolicy: {
          TrafficRoutingConfiguration: {
            Type: "LINEAR",
            WaitIntervalInSeconds: 300,
            LinearStepSize: { Type: "CAPACITY_PERCENT", Value: 50 },
          },
          MaximumExecutionTimeoutInSeconds,
        },
      });
    await expect(update("new", linear(600))).rejects.toThrow(/more than all waits together, 600/);
    // The start of the instances takes its part of the time.
    await update("new", linear(700));
    await pass(20);
    expect(await described("churn")).toMatchObject({ EndpointStatus: "InService", EndpointConfigName: "old" });
    await update("new", {
      DeploymentConfig: {
        RollingUpdatePolicy: {
          MaximumBatchSize: { Type: "CAPACITY_PERCENT", Value: 50 },
          WaitIntervalInSeconds: 60,
        },
      },
    });
    await pass(3.5);
    const half = await share();
    expect(half).toBeGreaterThan(0.2);
    expect(half).toBeLessThan(0.8);
    await pass(5);
    expect(await described("churn")).toMatchObject({ EndpointStatus: "InService", EndpointConfigName: "new" });
    expect(rehearsal.timeline.filter(({ text }) => text.includes("RollingBack"))).toHaveLength(1);
  });

  it("keep counts and weights where they are told to", async () => {
    const { update, describe: described, pass, sagemaker } = await world();
    await sagemaker.send(
      new UpdateEndpointWeightsAndCapacitiesCommand({
        EndpointName: "churn",
        DesiredWeightsAndCapacities: [{ VariantName: "main", DesiredInstanceCount: 2, DesiredWeight: 7 }],
      }),
    );
    await pass(5);
    await update("new", {
      RetainAllVariantProperties: true,
      ExcludeRetainedVariantProperties: [{ VariantPropertyType: "DesiredWeight" }],
    });
    await pass(5);
    expect((await described("churn")).ProductionVariants).toMatchObject([
      { CurrentInstanceCount: 2, CurrentWeight: 1 },
    ]);
    await update("old");
    await pass(5);
    expect((await described("churn")).ProductionVariants).toMatchObject([{ CurrentInstanceCount: 4 }]);
  });

  it.each<[string, Partial<UpdateEndpointCommandInput>, RegExp]>([
    [
      "a canary of more than half",
      guarded({
        BlueGreenUpdatePolicy: {
          TrafficRoutingConfiguration: {
            Type: "CANARY",
            WaitIntervalInSeconds: 0,
            CanarySize: { Type: "INSTANCE_COUNT", Value: 3 },
          },
        },
      }),
      /^CanarySize/,
    ],
    [
      "steps below a tenth",
      guarded({
        BlueGreenUpdatePolicy: {
          TrafficRoutingConfiguration: {
            Type: "LINEAR",
            WaitIntervalInSeconds: 0,
            LinearStepSize: { Type: "CAPACITY_PERCENT", Value: 5 },
          },
        },
      }),
      /^LinearStepSize/,
    ],
    [
      "two policies",
      guarded({
        ...canary.DeploymentConfig,
        RollingUpdatePolicy: { MaximumBatchSize: { Type: "CAPACITY_PERCENT", Value: 50 }, WaitIntervalInSeconds: 0 },
      }),
      /not both/,
    ],
    [
      "an alarm that nobody made",
      guarded({ AutoRollbackConfiguration: { Alarms: [{ AlarmName: "none" }] } }),
      /alarm none/,
    ],
    [
      "other variant names",
      { EndpointConfigName: "other", ...canary },
      /same variant names: there are main, and would be champion/,
    ],
  ])("refuse %s", async (_, input, message) => {
    const { update, config, describe: described } = await world();
    await config("other", [{ VariantName: "champion" }]);
    await expect(update("new", input)).rejects.toMatchObject({ name: "ValidationException", message: expect.stringMatching(message) as unknown }); // prettier-ignore
    expect((await described("churn")).EndpointStatus).toBe("InService");
  });
});
