import type { RegisterScalableTargetRequest } from "@aws-sdk/client-application-auto-scaling";
import type { Service } from "../front/front.js";
import { pageOf } from "../front/pages.js";
import { arnOf } from "../place.js";
import { scalingPolicies, type PartOptions, type Policies } from "./policies.js";
import { scheduledActions } from "./schedules.js";
import { isAsked, namesOf, scalableTargets, type ListRequest, type TargetName } from "./targets.js";

export interface ScalingOptions extends Omit<PartOptions, "targets"> {
  readonly sagemaker: Service;
  /** Is told each change of a count of instances. */
  readonly onScale: (text: string) => void;
}

/** Application Auto Scaling of endpoints: policies by alarms, and schedules. */
export interface Scaling {
  readonly service: Service;
  readonly isScaled: (endpoint: string, variant: string) => boolean;
  readonly onAlarm: Policies["onAlarm"];
}

export function scalingService(options: ScalingOptions): Scaling {
  const { place, clock, sagemaker, onScale } = options;
  const targets = scalableTargets(clock, sagemaker, onScale);
  const policies = scalingPolicies({ ...options, targets });
  const schedules = scheduledActions({ ...options, targets });
  const arn = (resource: string): string => arnOf(place, "application-autoscaling", `scalable-target/${resource}`);
  const role = `arn:aws:iam::${place.account}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint`;
  return {
    onAlarm: policies.onAlarm,
    isScaled: (endpoint, variant) =>
      targets.all().some((target) => target.endpoint === endpoint && target.variant === variant),
    service: {
      ...policies.service,
      ...schedules.service,
      RegisterScalableTarget: async (request: RegisterScalableTargetRequest) => ({
        ScalableTargetARN: arn((await targets.register(request)).resource),
      }),
      DeregisterScalableTarget: async (request: TargetName) => {
        const target = targets.remove(request);
        await policies.removeOf(target);
        await schedules.removeOf(target);
      },
      DescribeScalableTargets: (request: ListRequest) => {
        const found = targets.all().filter((target) => isAsked(target, request));
        const { items, NextToken } = pageOf(found, request);
        const ScalableTargets = items.map((target) => ({
          ...namesOf(target),
          MinCapacity: target.min,
          MaxCapacity: target.max,
          RoleARN: role,
          CreationTime: target.created,
          SuspendedState: target.suspended,
          ScalableTargetARN: arn(target.resource),
        }));
        return { ScalableTargets, NextToken };
      },
      DescribeScalingActivities: (request: ListRequest) => {
        const found = targets.all().filter((target) => isAsked(target, request));
        const activities = found.flatMap((target) => target.activities);
        const { items, NextToken } = pageOf(activities, request);
        return { ScalingActivities: items, NextToken };
      },
    },
  };
}
