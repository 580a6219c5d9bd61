import type { TargetTrackingScalingPolicyConfiguration } from "@aws-sdk/client-application-auto-scaling";
import type { PutMetricAlarmInput } from "@aws-sdk/client-cloudwatch";
import { invalid } from "../front/aws-error.js";
import type { Target } from "./targets.js";

/** The alarms of target tracking: three minutes above the target, or fifteen below nine tenths of it. */
export function trackingAlarms(
  target: Target,
  policy: string,
  arn: string,
  tracking: TargetTrackingScalingPolicyConfiguration,
): PutMetricAlarmInput[] {
  const { TargetValue = 0, DisableScaleIn = false } = tracking;
  const alarm = { ...metricOf(target, tracking), Period: 60, AlarmActions: [arn] };
  const name = (kind: string): string => `TargetTracking-${target.resource}-Alarm${kind}-${policy}`;
  const high: PutMetricAlarmInput = {
    ...{ ...alarm, AlarmName: name("High"), EvaluationPeriods: 3, Threshold: TargetValue },
    ComparisonOperator: "GreaterThanThreshold",
  };
  const low: PutMetricAlarmInput = {
    ...{ ...alarm, AlarmName: name("Low"), EvaluationPeriods: 15, Threshold: TargetValue * 0.9 },
    ComparisonOperator: "LessThanThreshold",
  };
  return DisableScaleIn ? [high] : [high, low];
}

function metricOf({ endpoint, variant }: Target, tracking: TargetTrackingScalingPolicyConfiguration) {
  const { PredefinedMetricSpecification, CustomizedMetricSpecification: custom } = tracking;
  if (PredefinedMetricSpecification?.PredefinedMetricType === "SageMakerVariantInvocationsPerInstance")
    return {
      ...{ Namespace: "AWS/SageMaker", MetricName: "InvocationsPerInstance", Statistic: "Sum" as const },
      Dimensions: [
        { Name: "EndpointName", Value: endpoint },
        { Name: "VariantName", Value: variant },
      ],
    };
  if (custom?.MetricName === undefined)
    throw invalid("The rehearsal tracks SageMakerVariantInvocationsPerInstance, or one metric of your own.");
  const { MetricName, Namespace, Dimensions, Statistic } = custom;
  return { MetricName, Namespace, Dimensions: Dimensions?.map(({ Name, Value }) => ({ Name, Value })), Statistic };
}
