import type { PutScalingPolicyRequest } from "@aws-sdk/client-application-auto-scaling";
import type { VirtualClock } from "../clock.js";
import { AwsError, invalid } from "../front/aws-error.js";
import type { Service } from "../front/front.js";
import { pageOf } from "../front/pages.js";
import { arnOf, type AwsPlace } from "../place.js";
import { actOnAlarm, type Policy } from "./act.js";
import { isAsked, type ListRequest, type Target, type TargetName, type Targets } from "./targets.js";
import { trackingAlarms } from "./tracking.js";

export interface PartOptions {
  readonly clock: VirtualClock;
  readonly place: AwsPlace;
  readonly monitoring: Service;
  readonly targets: Targets;
}

/** A part of the service that keeps something for each target. */
export interface Part {
  readonly service: Service;
  /** Forgets what belongs to a target. */
  readonly removeOf: (target: Target) => Promise<void>;
}

/** Scaling policies, with the alarms of those that track a target. */
export interface Policies extends Part {
  /** Does what a policy, by its ARN, does about an alarm. */
  readonly onAlarm: (policy: string, alarm: string) => Promise<void>;
}

export function scalingPolicies({ clock, place, monitoring, targets }: PartOptions): Policies {
  const policies: Policy[] = [];
  const find = (target: Target, name: string | undefined): Policy | undefined =>
    policies.find((policy) => policy.target === target && policy.name === name);
  const alarmOf = (AlarmName: string) => ({ AlarmName, AlarmARN: arnOf(place, "cloudwatch", `alarm:${AlarmName}`) });

  async function remove(policy: Policy): Promise<void> {
    policies.splice(policies.indexOf(policy), 1);
    await monitoring["DeleteAlarms"]?.({ AlarmNames: policy.alarms } as never);
  }

  async function put(request: PutScalingPolicyRequest): Promise<object> {
    const target = targets.find(request);
    const { PolicyName: name = "", TargetTrackingScalingPolicyConfiguration: tracking } = request;
    if (tracking === undefined && request.StepScalingPolicyConfiguration === undefined)
      throw invalid("The rehearsal knows policies of target tracking and of steps.");
    const arn = arnOf(
      place,
      "autoscaling",
      `scalingPolicy:rehearsal:resource/sagemaker/${target.resource}:policyName/${name}`,
    );
    const made = tracking === undefined ? [] : trackingAlarms(target, name, arn, tracking);
    const former = find(target, name);
    if (former !== undefined) await remove(former);
    const alarms = made.map(({ AlarmName = "" }) => AlarmName);
    const rest = former?.rest ?? { out: 0, in: 0 };
    policies.push({ ...{ name, arn, target, request, alarms, rest }, created: clock.now() / 1000 });
    for (const alarm of made) await monitoring["PutMetricAlarm"]?.(alarm as never);
    return { PolicyARN: arn, Alarms: alarms.map(alarmOf) };
  }

  const service: Service = {
    PutScalingPolicy: put,
    DescribeScalingPolicies: (request: ListRequest & { readonly PolicyNames?: readonly string[] }) => {
      const { PolicyNames } = request;
      const found = policies.filter(
        ({ target, name }) => isAsked(target, request) && (PolicyNames?.includes(name) ?? true),
      );
      const { items, NextToken } = pageOf(found, request);
      const ScalingPolicies = items.map((policy) => ({
        ...policy.request,
        PolicyARN: policy.arn,
        Alarms: policy.alarms.map(alarmOf),
        CreationTime: policy.created,
      }));
      return { ScalingPolicies, NextToken };
    },
    DeleteScalingPolicy: async (request: TargetName & { readonly PolicyName?: string }) => {
      const policy = find(targets.find(request), request.PolicyName);
      if (policy === undefined)
        throw new AwsError("ObjectNotFoundException", `No scaling policy found: ${request.PolicyName ?? ""}`);
      await remove(policy);
    },
  };

  return {
    service,
    async removeOf(target) {
      for (const policy of policies.filter((each) => each.target === target)) await remove(policy);
    },
    async onAlarm(arn, alarm) {
      const policy = policies.find((each) => each.arn === arn);
      const isCurrent = (): boolean => policy !== undefined && policies.includes(policy);
      if (policy !== undefined) await actOnAlarm(policy, alarm, { clock, monitoring, targets, isCurrent });
    },
  };
}
