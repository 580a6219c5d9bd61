import type { PutScalingPolicyRequest, StepScalingPolicyConfiguration } from "@aws-sdk/client-application-auto-scaling";
import type { DescribeAlarmsOutput, GetMetricStatisticsOutput, MetricAlarm } from "@aws-sdk/client-cloudwatch";
import type { VirtualClock } from "../clock.js";
import type { Service } from "../front/front.js";
import type { Target, Targets } from "./targets.js";

/** A policy of a target. */
export interface Policy {
  readonly name: string;
  readonly arn: string;
  readonly target: Target;
  readonly request: PutScalingPolicyRequest;
  /** Names of the alarms that it made. */
  readonly alarms: readonly string[];
  readonly created: number;
  /** Until when it adds or removes no more instances. */
  readonly rest: { out: number; in: number };
}

/** How often an alarm that stays on is acted on. */
const againMs = 60_000;
/** Seconds of rest where a policy says nothing. */
const usualRest = 300;

export interface ActOptions {
  readonly clock: VirtualClock;
  readonly monitoring: Service;
  readonly targets: Targets;
  readonly isCurrent: (policy: Policy) => boolean;
}

/** Acts on an alarm as long as it is on, once a minute. */
export async function actOnAlarm(policy: Policy, name: string, options: ActOptions): Promise<void> {
  const { clock, monitoring } = options;
  for (;;) {
    const { MetricAlarms = [] } = (await monitoring["DescribeAlarms"]?.({
      AlarmNames: [name],
    } as never)) as DescribeAlarmsOutput;
    const [alarm] = MetricAlarms;
    if (alarm?.StateValue !== "ALARM" || !options.isCurrent(policy)) return;
    await act(policy, alarm, options);
    await clock.sleep(againMs);
  }
}

async function act({ target, request, rest, name }: Policy, alarm: MetricAlarm, options: ActOptions): Promise<void> {
  const { clock, targets } = options;
  const value = await lastValue(alarm, options);
  if (value === undefined) return;
  const current = await targets.desired(target);
  const { TargetTrackingScalingPolicyConfiguration: tracking, StepScalingPolicyConfiguration: steps } = request;
  const wanted =
    tracking === undefined
      ? stepped(steps ?? {}, current, value - (alarm.Threshold ?? 0))
      : Math.ceil((current * value) / (tracking.TargetValue ?? 1) - 1e-9);
  const count = Math.min(Math.max(wanted, target.min), target.max);
  const now = clock.now();
  const { DynamicScalingInSuspended, DynamicScalingOutSuspended } = target.suspended;
  const isOut = count > current;
  if (count === current || (isOut ? DynamicScalingOutSuspended : DynamicScalingInSuspended)) return;
  // Removing waits for the rest after adding too; adding does not wait for the rest after removing.
  if (now < rest.out || (!isOut && now < rest.in)) return;
  const cause = `monitor alarm ${alarm.AlarmName ?? ""} in state ALARM triggered policy ${name}`;
  const kind = isOut ? "out" : "in";
  rest[kind] = Infinity;
  const isDone = await targets.scale(target, count, cause).finally(() => {
    rest[kind] = 0;
  });
  if (!isDone) return;
  const { ScaleOutCooldown = usualRest, ScaleInCooldown = usualRest } = tracking ?? {};
  const seconds = steps?.Cooldown ?? (isOut ? ScaleOutCooldown : ScaleInCooldown);
  rest[kind] = clock.now() + seconds * 1000;
}

/** The count after a step: the one whose bounds hold the distance from the threshold. */
function stepped(
  { AdjustmentType, StepAdjustments = [] }: StepScalingPolicyConfiguration,
  current: number,
  distance: number,
): number {
  const step = StepAdjustments.find(
    ({ MetricIntervalLowerBound = -Infinity, MetricIntervalUpperBound = Infinity }) =>
      distance >= MetricIntervalLowerBound && distance < MetricIntervalUpperBound,
  );
  const change = step?.ScalingAdjustment ?? 0;
  if (step === undefined) return current;
  if (AdjustmentType === "ExactCapacity") return change;
  return AdjustmentType === "PercentChangeInCapacity" ? Math.round(current * (1 + change / 100)) : current + change;
}

/** The newest value of an alarm's metric. */
async function lastValue(alarm: MetricAlarm, { clock, monitoring }: ActOptions): Promise<number | undefined> {
  const { Namespace, MetricName, Dimensions, Statistic = "Average", Period = 60 } = alarm;
  const end = clock.now() / 1000;
  const window = { StartTime: end - 3 * Period, EndTime: end, Period, Statistics: [Statistic] };
  const { Datapoints = [] } = (await monitoring["GetMetricStatistics"]?.({
    ...{ Namespace, MetricName, Dimensions },
    ...window,
  } as never)) as GetMetricStatisticsOutput;
  return Datapoints.at(-1)?.[Statistic];
}
