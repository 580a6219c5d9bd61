import {
  ApplicationAutoScalingClient,
  DeregisterScalableTargetCommand,
  DescribeScalableTargetsCommand,
  DescribeScalingActivitiesCommand,
  DescribeScalingPoliciesCommand,
  DescribeScheduledActionsCommand,
  PutScalingPolicyCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
} from "@aws-sdk/client-application-auto-scaling";
import { DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { DeleteEndpointCommand, UpdateEndpointCommand } from "@aws-sdk/client-sagemaker";
import { afterEach, describe, expect, it } from "vitest";
import { endpointWorld, type EndpointWorld } from "../helpers/endpoint-world.js";
import { clientOf } from "../helpers/rehearsed.js";

const opened: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

const target = {
  ServiceNamespace: "sagemaker",
  ResourceId: "endpoint/churn/variant/main",
  ScalableDimension: "sagemaker:variant:DesiredInstanceCount",
} as const;

interface ScalingWorld extends EndpointWorld {
  readonly scaling: ApplicationAutoScalingClient;
  /** Instances that there are. */
  readonly instances: () => Promise<number | undefined>;
  /** So many requests a minute for some minutes. */
  readonly traffic: (requests: number, minutes: number) => Promise<void>;
}

/** An endpoint `churn` with a variant `main`, which may have one to five instances. */
async function world(): Promise<ScalingWorld> {
  const made = await endpointWorld();
  const scaling = new ApplicationAutoScalingClient(clientOf(made.rehearsal));
  opened.push(() => made.close(), () => scaling.destroy()); // prettier-ignore
  await made.config("c1", [{}]);
  await made.endpoint("churn", "c1");
  await scaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 1, MaxCapacity: 5 }));
  return {
    ...made,
    scaling,
    instances: async () => (await made.describe("churn")).ProductionVariants?.[0]?.CurrentInstanceCount,
    async traffic(requests, minutes) {
      for (let minute = 0; minute < minutes; minute++) {
        for (let i = 0; i < requests; i++) await made.invoke("churn");
        await made.pass(1);
      }
    },
  };
}

const tracking = new PutScalingPolicyCommand({
  ...target,
  PolicyName: "track",
  PolicyType: "TargetTrackingScaling",
  TargetTrackingScalingPolicyConfiguration: {
    TargetValue: 4,
    PredefinedMetricSpecification: { PredefinedMetricType: "SageMakerVariantInvocationsPerInstance" },
    ScaleOutCooldown: 60,
    ScaleInCooldown: 300,
  },
});

describe("scaling of endpoints, rehearsed", () => {
  it("follows the traffic, out after three minutes and in after fifteen", async () => {
    const { scaling, cloudWatch, instances, traffic, rehearsal, describe: described } = await world();
    const { Alarms } = await scaling.send(tracking);
    expect(Alarms?.map(({ AlarmName }) => AlarmName)).toEqual(
      ["High", "Low"].map((kind) => `TargetTracking-endpoint/churn/variant/main-Alarm${kind}-track`),
    );
    await traffic(1, 3);
    await traffic(12, 2);
    expect(await described("churn")).toMatchObject({ EndpointStatus: "InService" });
    await traffic(12, 1);
    expect(await described("churn")).toMatchObject({
      EndpointStatus: "Updating",
      ProductionVariants: [{ CurrentInstanceCount: 1, DesiredInstanceCount: 3 }],
    });
    await traffic(12, 4);
    expect(await instances()).toBe(3);
    await traffic(2, 14);
    expect(await instances()).toBe(3);
    await traffic(2, 5);
    expect(await instances()).toBe(1);
    const { ScalingActivities } = await scaling.send(new DescribeScalingActivitiesCommand(target));
    expect(ScalingActivities).toMatchObject([
      { Description: "Setting desired instance count to 1.", StatusCode: "Successful" },
      {
        Description: "Setting desired instance count to 3.",
        StatusCode: "Successful",
        Cause: expect.stringMatching(/AlarmHigh-track in state ALARM triggered policy track/) as unknown,
      },
    ]);
    expect(rehearsal.timeline.filter(({ kind }) => kind === "dead letter")).toEqual([]);
    const scaled = rehearsal.timeline.filter(({ kind }) => kind === "scaling").map(({ text }) => text);
    expect(scaled).toEqual([
      expect.stringMatching(/^churn\/main 1 -> 3: .*AlarmHigh-track in state ALARM triggered policy track$/),
      expect.stringMatching(/^churn\/main 3 -> [12]: .*AlarmLow-track/),
      ...scaled.slice(2),
    ]);
    await scaling.send(new DeregisterScalableTargetCommand(target));
    expect((await cloudWatch.send(new DescribeAlarmsCommand({}))).MetricAlarms).toEqual([]);
  });

  it("changes bounds by schedule, and instances with them", async () => {
    const { scaling, instances, pass, rehearsal } = await world();
    const scheduled = (ScheduledActionName: string, Schedule: string, MinCapacity: number) =>
      scaling.send(
        new PutScheduledActionCommand({
          ...target,
          ScheduledActionName,
          Schedule,
          ScalableTargetAction: { MinCapacity, MaxCapacity: 4 },
        }),
      );
    await scheduled("morning", "cron(0 8 * * ? *)", 3);
    await scheduled("once", "at(2026-01-02T12:00:00)", 4);
    await rehearsal.clock.advanceTo(Date.UTC(2026, 0, 1, 7, 59));
    expect(await instances()).toBe(1);
    await pass(10);
    expect(await instances()).toBe(3);
    expect((await scaling.send(new DescribeScalableTargetsCommand(target))).ScalableTargets).toMatchObject([
      { MinCapacity: 3, MaxCapacity: 4 },
    ]);
    await rehearsal.clock.advanceTo(Date.UTC(2026, 0, 2, 12, 10));
    expect(await instances()).toBe(4);
    const { ScheduledActions } = await scaling.send(new DescribeScheduledActionsCommand(target));
    expect(ScheduledActions?.map(({ ScheduledActionName }) => ScheduledActionName)).toEqual(["morning", "once"]);
  });

  it("holds an endpoint: it can neither go nor get other instances before its target does", async () => {
    const { scaling, sagemaker, config, describe: described, pass } = await world();
    await config("c2", [{ InstanceType: "ml.c5.large" }]);
    const remove = () => sagemaker.send(new DeleteEndpointCommand({ EndpointName: "churn" }));
    const update = (EndpointConfigName: string) =>
      sagemaker.send(new UpdateEndpointCommand({ EndpointName: "churn", EndpointConfigName }));
    await expect(remove()).rejects.toThrow(/scalable target exists for a variant being deleted/);
    await expect(update("c2")).rejects.toThrow(/scalable target exists for the variant main/);
    await config("c3", [{ ModelName: "v2" }]);
    await update("c3");
    await pass(5);
    expect(await described("churn")).toMatchObject({ EndpointConfigName: "c3" });
    await scaling.send(new DeregisterScalableTargetCommand(target));
    await update("c2");
    await pass(5);
    await remove();
  });

  it("refuses what there is not", async () => {
    const { scaling } = await world();
    const other = { ...target, ResourceId: "endpoint/churn/variant/other" };
    await expect(
      scaling.send(new RegisterScalableTargetCommand({ ...other, MinCapacity: 1, MaxCapacity: 2 })),
    ).rejects.toMatchObject({ name: "ValidationException" });
    await expect(
      scaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 3, MaxCapacity: 2 })),
    ).rejects.toMatchObject({ name: "ValidationException" });
    await expect(scaling.send(new DeregisterScalableTargetCommand(other))).rejects.toMatchObject({
      name: "ObjectNotFoundException",
    });
    expect((await scaling.send(new DescribeScalingPoliciesCommand(target))).ScalingPolicies).toEqual([]);
  });
});
