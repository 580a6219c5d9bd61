import { count, literal, optional, strictObject, text, where, withDefault } from "../../../base/json/index.js";
import { ChurnkitError } from "../../../base/errors.js";
import { decodeWith } from "../decode.js";
import { type AwsTarget, arnOf, nameOf, tagsOf } from "../target.js";
import { page, type Watched, type WatchedEndpoint, watchedEndpoint } from "./endpoint.js";

/** Functions that are called, each by its ARN, and when. */
interface EventRuleOptions {
  /** Retrains when accuracy or drift alarm, and is called on a schedule too, to find what no alarm says twice. */
  readonly retrain?: string | undefined;
  /** Hours between these calls. Default 1. */
  readonly reconcileHours?: number | undefined;
  /** Measures the model, on a schedule. */
  readonly monitor?: string | undefined;
  /** Hours between its measurements. Default 1. */
  readonly monitorHours?: number | undefined;
  /** Deploys a version that was approved. */
  readonly approved?: string | undefined;
  /** The model package group of the registry. Default: the target's name, `churn-dev`. */
  readonly group?: string | undefined;
  /** Is told each step of an endpoint's deployment. */
  readonly deployed?: string | undefined;
  /** ARN of an SQS queue for events that no try could deliver. */
  readonly deadLetters: string;
  /** `false` makes the rules without effect: the one switch that stops automation. */
  readonly enabled?: false | undefined;
}

/** Requests of EventBridge and Lambda that let an event call a function, in the order in which they are sent. */
interface EventRule {
  readonly PutRule: {
    readonly Name: string;
    readonly Description: string;
    readonly State: "ENABLED" | "DISABLED";
    readonly EventPattern?: string;
    readonly ScheduleExpression?: string;
    readonly Tags: { Key: string; Value: string }[];
  };
  readonly PutTargets: {
    readonly Rule: string;
    readonly Targets: {
      Id: string;
      Arn: string;
      RetryPolicy: { MaximumRetryAttempts: number; MaximumEventAgeInSeconds: number };
      DeadLetterConfig: { Arn: string };
    }[];
  };
  /** Without it, the rule matches and nothing happens. */
  readonly AddPermission: {
    readonly FunctionName: string;
    readonly StatementId: string;
    readonly Action: "lambda:InvokeFunction";
    readonly Principal: "events.amazonaws.com";
    readonly SourceArn: string;
  };
}

/** Longest name of a rule. */
const longestName = 64;

const decoderFor = ({ region, account }: AwsTarget) => {
  const arnOfA = (service: string, name: string) =>
    where(
      text(1024),
      (value) => new RegExp(`^arn:aws[a-z-]*:${service}:${region}:\\d{12}:[\\w:.-]+$`).test(value),
      `an ARN in ${region}, such as "arn:aws:${service}:${region}:${account}:${name}"`,
    );
  const called = optional(arnOfA("lambda", "function:churn-dev-retrain"));
  return strictObject({
    retrain: called,
    reconcileHours: withDefault(count(1, 168), 1),
    monitor: called,
    monitorHours: withDefault(count(1, 168), 1),
    approved: called,
    group: optional(text(63)),
    deployed: called,
    deadLetters: arnOfA("sqs", "churn-dev-dead-letters"),
    enabled: optional(literal(false)),
  });
};

/**
 * Rules of EventBridge that turn alarms, schedules, approvals and deployments into calls of functions, as requests. They send
 * nothing. An event may come twice, so a function must bear that.
 *
 * @throws ChurnkitError OPTION_INVALID.
 *
 * @example
 * ```ts
 * import { eventRules, parseAwsTarget } from "churnkit/deploy/aws";
 *
 * const target = parseAwsTarget({
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * });
 * const rules = eventRules(target, { model: "churn" }, {
 *   retrain: "arn:aws:lambda:us-east-1:123456789012:function:churn-dev-retrain",
 *   deadLetters: "arn:aws:sqs:us-east-1:123456789012:churn-dev-dead-letters",
 * });
 * console.assert(rules.map(({ PutRule }) => PutRule.Name).join() === "churn-dev-retrain,churn-dev-reconcile");
 * ```
 */
export function eventRules(json: AwsTarget, endpoint: WatchedEndpoint, options: EventRuleOptions): EventRule[] {
  const watched = watchedEndpoint(json, endpoint);
  const { target, nameFor } = watched;
  const chosen = decodeWith(decoderFor(target), options, "The description of the event rules", "options", page);
  const { retrain, reconcileHours, monitor, monitorHours, approved, group = nameOf(target), deployed } = chosen;
  const ruleOf = (what: string, Description: string, when: When, Arn: string | undefined): EventRule[] => {
    if (Arn === undefined) return [];
    const Name = nameFor(what);
    if (Name.length > longestName)
      throw new ChurnkitError(
        "OPTION_INVALID",
        `The event rule ${Name} cannot be made: its name has more than ${longestName} characters. Shorten the name of the endpoint.`,
        { where: { value: Name } },
      );
    const State = chosen.enabled === false ? "DISABLED" : "ENABLED";
    const called = {
      Id: "function",
      Arn,
      // A day: longer than most outages, and shorter than a cooldown.
      RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
      DeadLetterConfig: { Arn: chosen.deadLetters },
    };
    return [
      {
        PutRule: { Name, Description, State, ...when, Tags: tagsOf(target) },
        PutTargets: { Rule: Name, Targets: [called] },
        AddPermission: {
          FunctionName: Arn,
          StatementId: Name,
          Action: "lambda:InvokeFunction",
          Principal: "events.amazonaws.com",
          SourceArn: arnOf(target, "events", `rule/${Name}`),
        },
      },
    ];
  };
  return [
    ...ruleOf("retrain", "Retrains when accuracy or drift alarm.", patternOf(alarmed(watched)), retrain),
    ...ruleOf(
      "reconcile",
      "Finds what an alarm does not say twice: a retraining that failed, or one within the cooldown.",
      everyHours(reconcileHours),
      retrain,
    ),
    ...ruleOf("monitor", "Measures the model.", everyHours(monitorHours), monitor),
    ...ruleOf("approved", "Deploys an approved version.", patternOf(approval(group)), approved),
    ...ruleOf("deployed", "Tells each step of a deployment.", patternOf(deployment(watched)), deployed),
  ];
}

type When = { readonly EventPattern: string } | { readonly ScheduleExpression: string };
const everyHours = (hours: number): When => ({
  ScheduleExpression: `rate(${hours} ${hours === 1 ? "hour" : "hours"})`,
});
const patternOf = (pattern: object): When => ({ EventPattern: JSON.stringify(pattern) });

/** Alarms of the model; an event comes on a transition only. */
const alarmed = ({ target, nameFor }: Watched): object => ({
  source: ["aws.cloudwatch"],
  "detail-type": ["CloudWatch Alarm State Change"],
  resources: ["accuracy", "drift"].map((what) => arnOf(target, "cloudwatch", `alarm:${nameFor(what)}`)),
  detail: { state: { value: ["ALARM"] } },
});

const approval = (group: string): object => ({
  source: ["aws.sagemaker"],
  "detail-type": ["SageMaker Model Package State Change"],
  detail: { ModelPackageGroupName: [group], ModelApprovalStatus: ["Approved"] },
});

const deployment = ({ endpoint }: Watched): object => ({
  source: ["aws.sagemaker"],
  "detail-type": ["SageMaker Endpoint Deployment State Change"],
  detail: { EndpointName: [endpoint] },
});
