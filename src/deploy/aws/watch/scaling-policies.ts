import type { PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";

/** What Application Auto Scaling scales. */
export interface Scalable {
  readonly ServiceNamespace: "sagemaker";
  readonly ResourceId: string;
  readonly ScalableDimension:
    | "sagemaker:variant:DesiredInstanceCount"
    | "sagemaker:variant:DesiredProvisionedConcurrency";
}

/** What a target-tracking policy holds, and how fast. */
export interface Tracking {
  readonly TargetValue: number;
  readonly ScaleOutCooldown: number;
  readonly ScaleInCooldown: number;
  readonly DisableScaleIn: boolean;
}

/** A request of PutScalingPolicy. */
export type ScalingPolicy = Scalable & { readonly PolicyName: string } & (
    | {
        readonly PolicyType: "TargetTrackingScaling";
        readonly TargetTrackingScalingPolicyConfiguration: Tracking & (PredefinedMetric | CustomMetric);
      }
    | {
        readonly PolicyType: "StepScaling";
        readonly StepScalingPolicyConfiguration: {
          readonly AdjustmentType: "ChangeInCapacity";
          readonly MetricAggregationType: "Average";
          readonly Cooldown: number;
          readonly StepAdjustments: { MetricIntervalLowerBound: number; ScalingAdjustment: number }[];
        };
      }
  );

interface PredefinedMetric {
  readonly PredefinedMetricSpecification: {
    readonly PredefinedMetricType:
      | "SageMakerVariantInvocationsPerInstance"
      | "SageMakerVariantProvisionedConcurrencyUtilization";
  };
}
interface CustomMetric {
  readonly CustomizedMetricSpecification: ReturnType<typeof queueMetric> & { readonly Statistic: "Average" };
}

/** A metric of an asynchronous endpoint's queue. */
const queueMetric = (endpoint: string, MetricName: string) => ({
  Namespace: "AWS/SageMaker",
  MetricName,
  Dimensions: [{ Name: "EndpointName", Value: endpoint }],
});

/** Holds the requests a minute of each instance, or the used share of the provisioned concurrency. */
export const trackingPolicy = (endpoint: string, scalable: Scalable, tracking: Tracking): ScalingPolicy => ({
  ...scalable,
  PolicyName: `${endpoint}-track`,
  PolicyType: "TargetTrackingScaling",
  TargetTrackingScalingPolicyConfiguration: {
    ...tracking,
    PredefinedMetricSpecification: {
      PredefinedMetricType:
        scalable.ScalableDimension === "sagemaker:variant:DesiredInstanceCount"
          ? "SageMakerVariantInvocationsPerInstance"
          : "SageMakerVariantProvisionedConcurrencyUtilization",
    },
  },
});

/** Holds the requests that wait for each instance; without instances, the first that waits brings one. */
export const backlogPolicies = (
  endpoint: string,
  scalable: Scalable,
  tracking: Tracking,
  fromZero: boolean,
): ScalingPolicy[] => [
  {
    ...scalable,
    PolicyName: `${endpoint}-backlog`,
    PolicyType: "TargetTrackingScaling",
    TargetTrackingScalingPolicyConfiguration: {
      ...tracking,
      CustomizedMetricSpecification: {
        ...queueMetric(endpoint, "ApproximateBacklogSizePerInstance"),
        Statistic: "Average",
      },
    },
  },
  ...(fromZero
    ? [
        {
          ...scalable,
          PolicyName: `${endpoint}-wake`,
          PolicyType: "StepScaling" as const,
          StepScalingPolicyConfiguration: {
            AdjustmentType: "ChangeInCapacity" as const,
            MetricAggregationType: "Average" as const,
            Cooldown: tracking.ScaleInCooldown,
            StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
          },
        },
      ]
    : []),
];

/** Alarm while requests wait and there is no instance. */
export const wakeAlarm = (endpoint: string): PutMetricAlarmCommandInput => ({
  AlarmName: `${endpoint}-wake`,
  AlarmDescription: `Requests wait at ${endpoint}, which has no instance. Its scaling policy adds one; nobody need do anything.`,
  ...queueMetric(endpoint, "HasBacklogWithoutCapacity"),
  Statistic: "Average",
  Period: 60,
  EvaluationPeriods: 2,
  DatapointsToAlarm: 2,
  Threshold: 1,
  ComparisonOperator: "GreaterThanOrEqualToThreshold",
  TreatMissingData: "missing",
});
