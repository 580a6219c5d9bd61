import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import type { EndpointConfig } from "../aws/requests/endpoint-config.js";
import { type AwsTarget, arnOf, nameOf } from "../aws/target.js";
import { type AlarmOptions, alarms } from "../aws/watch/alarms.js";
import { dashboard, type DashboardOptions } from "../aws/watch/dashboard.js";
import type { WatchedEndpoint } from "../aws/watch/endpoint.js";
import { scaling } from "../aws/watch/scaling.js";
import { budget, logRetention } from "../aws/watch/upkeep.js";
import { defined, idOf } from "./defined.js";
import { logOf } from "./logs.js";
import { stackIn } from "./stack-in.js";
import { targetOf } from "./target-of.js";

/** What {@link ChurnWatch} makes. */
export interface ChurnWatchProps {
  readonly target: AwsTarget;
  /** The endpoint and the model in it. */
  readonly endpoint: WatchedEndpoint;
  /** Is told what needs a person. Its policy lets CloudWatch and, for a budget, Budgets publish. */
  readonly topic: ITopic;
  /** Limits and further actions of the alarms. */
  readonly alarms?: Omit<AlarmOptions, "notify">;
  readonly dashboard?: DashboardOptions;
  /** Without it there is no budget. */
  readonly budget?: { readonly usd: number; readonly every?: "day" | "month" };
  /** How variants of the endpoint scale. Give it once the endpoint stands: what does not exist cannot scale. */
  readonly scaling?: readonly {
    readonly config: EndpointConfig;
    readonly variant: Parameters<typeof scaling>[2];
  }[];
  /** Days for which the endpoint's logs are kept. Default 30. */
  readonly logDays?: number;
  /** `false` lets the logs go with the stack. Default true. */
  readonly retain?: boolean;
  /** Encrypts the logs. */
  readonly key?: IKey;
}

/**
 * What watches an endpoint: alarms, the one that combines them, a dashboard, a budget, scaling, and its logs. The alarm of the
 * cost goes to a stack in us-east-1, where the charges are.
 *
 * @example
 * ```ts
 * import { App, Stack } from "aws-cdk-lib";
 * import { Topic } from "aws-cdk-lib/aws-sns";
 * import { ChurnWatch } from "churnkit/deploy/cdk";
 *
 * const target = {
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * };
 * const stack = new Stack(new App(), "watch", { env: { account: target.account, region: target.region } });
 * const topic = new Topic(stack, "Topic", { topicName: "churn-dev" });
 * new ChurnWatch(stack, "Watch", { target, endpoint: { model: "churn" }, topic, alarms: { drift: 0.3 } });
 * ```
 */
export class ChurnWatch extends Construct {
  constructor(scope: Construct, id: string, props: ChurnWatchProps) {
    super(scope, id);
    const target = targetOf(this, props.target);
    const { endpoint, topic } = props;
    const topicArn = topicArnOf(target);
    const references = { [topicArn]: topic.topicArn };
    const watching = alarms(target, endpoint, { ...props.alarms, notify: [topicArn] });
    const single = watching.metric.map((alarm) =>
      defined(this, idOf(alarm.AlarmName ?? ""), "AWS::CloudWatch::Alarm", alarm, references),
    );
    const unhealthy = defined(this, "Unhealthy", "AWS::CloudWatch::CompositeAlarm", watching.unhealthy, references);
    for (const alarm of single) unhealthy.addResourceDependency(alarm);
    const billing = target.region === billingRegion ? this : stackIn(this, target, billingRegion);
    for (const alarm of watching.billing)
      defined(billing, idOf(alarm.AlarmName ?? ""), "AWS::CloudWatch::Alarm", alarm, references);
    defined(this, "Dashboard", "AWS::CloudWatch::Dashboard", dashboard(target, endpoint, props.dashboard, watching));
    if (props.budget !== undefined) budgetOf(this, budget(target, { ...props.budget, tell: [topicArn] }), references);
    for (const { config, variant } of props.scaling ?? []) scalingOf(this, scaling(target, config, variant));
    const name = nameOf(target, endpoint.name);
    const [log] = logRetention(target, { days: props.logDays, endpoints: [name] });
    if (log !== undefined) {
      const { logGroupName, retentionInDays: days } = log.PutRetentionPolicy;
      logOf(this, "Logs", logGroupName, { days, retain: props.retain ?? true, key: props.key });
    }
  }
}

const billingRegion = "us-east-1";

/** Stands in definitions for the ARN of the topic, whatever the topic is called. */
export const topicArnOf = (target: AwsTarget): string => arnOf(target, "sns", nameOf(target));

function budgetOf(
  scope: Construct,
  { Budget, NotificationsWithSubscribers, ResourceTags }: ReturnType<typeof budget>,
  references: Readonly<Record<string, string>>,
): void {
  const { BudgetLimit } = Budget;
  const properties = {
    // CloudFormation takes a number where the service takes a text.
    Budget: { ...Budget, BudgetLimit: { ...BudgetLimit, Amount: Number(BudgetLimit.Amount) } },
    NotificationsWithSubscribers,
    ResourceTags,
  };
  defined(scope, "Budget", "AWS::Budgets::Budget", properties, references);
}

function scalingOf(scope: Construct, requests: ReturnType<typeof scaling>): void {
  const { RegisterScalableTarget, PutScalingPolicy, PutScheduledAction, wake } = requests;
  const { ServiceNamespace, ResourceId, ScalableDimension, MinCapacity, MaxCapacity } = RegisterScalableTarget;
  const id = idOf(ResourceId);
  const scalable = defined(scope, id, "AWS::ApplicationAutoScaling::ScalableTarget", {
    ServiceNamespace,
    ResourceId,
    ScalableDimension,
    MinCapacity,
    MaxCapacity,
    ScheduledActions: PutScheduledAction.map(({ ScheduledActionName, Schedule, Timezone, ScalableTargetAction }) => ({
      ScheduledActionName,
      Schedule,
      Timezone,
      ScalableTargetAction,
    })),
  });
  const policies = PutScalingPolicy.map((policy) => {
    const made = defined(
      scope,
      `${id}${idOf(policy.PolicyName)}`,
      "AWS::ApplicationAutoScaling::ScalingPolicy",
      policy,
    );
    made.addResourceDependency(scalable);
    return made;
  });
  const last = policies.at(-1);
  if (wake !== undefined && last !== undefined)
    defined(scope, idOf(wake.AlarmName ?? ""), "AWS::CloudWatch::Alarm", { ...wake, AlarmActions: [last.ref] });
}
