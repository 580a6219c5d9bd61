import type {
  DescribeScalableTargetsCommandOutput,
  PutScalingPolicyCommandInput,
  ScalableTarget,
  ScalingPolicy,
  ScheduledAction,
} from "@aws-sdk/client-application-auto-scaling";
import { allPages } from "../all-pages.js";
import { awsErrorName } from "../call-failed.js";
import { scaling } from "../../aws/watch/scaling.js";
import type { AwsSession } from "../session.js";
import type { EndpointDeployment, Planned } from "./planned.js";

/** A variant that Application Auto Scaling scales, with all that it keeps of it. */
export interface ScaledVariant {
  readonly variant: string;
  readonly target: ScalableTarget;
  readonly policies: readonly ScalingPolicy[];
  readonly actions: readonly ScheduledAction[];
}

const ServiceNamespace = "sagemaker";
const service = "application-auto-scaling";

/** The variants of an endpoint that are registered, also those that it does not have any more. */
export async function scaledVariants(session: AwsSession, endpoint: string): Promise<ScaledVariant[]> {
  const prefix = `endpoint/${endpoint}/variant/`;
  const targets = (
    await allPages((NextToken): Promise<DescribeScalableTargetsCommandOutput> =>
      session.call(service, "DescribeScalableTargets", { ServiceNamespace, NextToken }),
    )
  ).flatMap(({ ScalableTargets = [] }) =>
    ScalableTargets.filter(({ ResourceId = "" }) => ResourceId.startsWith(prefix)),
  );
  const scaled: ScaledVariant[] = [];
  for (const target of targets) {
    const { ResourceId = "" } = target;
    const of = { ServiceNamespace, ResourceId } as const;
    const { ScalingPolicies: policies = [] } = await session.call(service, "DescribeScalingPolicies", of);
    const { ScheduledActions: actions = [] } = await session.call(service, "DescribeScheduledActions", of);
    scaled.push({ variant: ResourceId.slice(prefix.length), target, policies, actions });
  }
  return scaled;
}

/** Takes a variant off; its policies and scheduled actions go with it, but not the alarm that wakes it. */
export async function deregister(session: AwsSession, { target, policies }: ScaledVariant): Promise<void> {
  const { ResourceId, ScalableDimension } = target;
  const wakes = policies.filter(({ PolicyType }) => PolicyType === "StepScaling");
  const AlarmNames = wakes.flatMap(({ Alarms = [] }) => Alarms.flatMap(({ AlarmName }) => AlarmName ?? []));
  if (AlarmNames.length > 0) await session.call("cloudwatch", "DeleteAlarms", { AlarmNames });
  try {
    await session.call(service, "DeregisterScalableTarget", { ServiceNamespace, ResourceId, ScalableDimension });
  } catch (error) {
    if (awsErrorName(error) !== "ObjectNotFoundException") throw error;
  }
}

/** Registers again what was taken off, as it was. */
export async function registerAgain(
  session: AwsSession,
  { target, policies, actions }: Omit<ScaledVariant, "variant">,
): Promise<void> {
  const { ResourceId, ScalableDimension, MinCapacity, MaxCapacity } = target;
  const of = { ServiceNamespace, ResourceId, ScalableDimension } as const;
  await session.call(service, "RegisterScalableTarget", { ...of, MinCapacity, MaxCapacity });
  for (const { PolicyName, PolicyType, ...policy } of policies) {
    const { TargetTrackingScalingPolicyConfiguration, StepScalingPolicyConfiguration } = policy;
    await session.call(service, "PutScalingPolicy", {
      ...of,
      PolicyName,
      PolicyType,
      TargetTrackingScalingPolicyConfiguration,
      StepScalingPolicyConfiguration,
    });
  }
  for (const { ScheduledActionName, Schedule, Timezone, ScalableTargetAction } of actions) {
    const action = { ScheduledActionName, Schedule, Timezone, ScalableTargetAction };
    await session.call(service, "PutScheduledAction", { ...of, ...action });
  }
}

/** Makes the scaling of an endpoint what its deployment says; whether that changed something. */
export async function ensureScaling(
  session: AwsSession,
  planned: Planned,
  { name, scaling: wanted = [] }: EndpointDeployment,
): Promise<boolean> {
  if (wanted.length === 0) return false;
  const scaled = await scaledVariants(session, planned.endpoint);
  let changed = false;
  for (const description of wanted) {
    const requests = scaling(session.target, planned.described, { ...description, endpoint: name });
    const { Tags, ...register } = requests.RegisterScalableTarget;
    const known = scaled.find(({ target }) => target.ResourceId === register.ResourceId);
    if (!includes(known?.target, register)) {
      // Tags are taken with a new registration only.
      await session.call(service, "RegisterScalableTarget", known === undefined ? { ...register, Tags } : register);
      changed = true;
    }
    for (const policy of requests.PutScalingPolicy) {
      if (known?.policies.some((each) => includes(each, policy)) === true) continue;
      await putPolicy(session, policy, requests.wake);
      changed = true;
    }
    for (const action of requests.PutScheduledAction) {
      if (known?.actions.some((each) => includes(each, action)) === true) continue;
      await session.call(service, "PutScheduledAction", action);
      changed = true;
    }
  }
  return changed;
}

/** The alarm that wakes an endpoint calls its step policy. */
async function putPolicy(
  session: AwsSession,
  policy: PutScalingPolicyCommandInput,
  wake: ReturnType<typeof scaling>["wake"],
): Promise<void> {
  const { PolicyARN } = await session.call(service, "PutScalingPolicy", policy);
  if (wake === undefined || policy.PolicyType !== "StepScaling" || PolicyARN === undefined) return;
  await session.call("cloudwatch", "PutMetricAlarm", { ...wake, AlarmActions: [PolicyARN] });
}

/** Whether a value has all that is wanted, at every depth. */
function includes(value: unknown, wanted: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null) return value === wanted;
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(wanted).every(([key, member]) => includes((value as Record<string, unknown>)[key], member));
}
