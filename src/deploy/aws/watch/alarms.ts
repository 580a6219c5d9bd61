import type { PutCompositeAlarmCommandInput, PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";
import { count, list, number, optional, strictObject, text, where, withDefault } from "../../../base/json/index.js";
import { broken, decodeWith, withRules } from "../decode.js";
import { type AwsTarget, partitionOf, tagsOf } from "../target.js";
import { page, type Watched, type WatchedEndpoint, watchedEndpoint } from "./endpoint.js";
import { costAlarm, modelAlarms } from "./model-alarms.js";
import { anomalyAlarms, quietAlarm, servingAlarms } from "./serving-alarms.js";

/** Limits and actions of {@link alarms}. */
export interface AlarmOptions {
  /** Least share of right predictions. Default 0.80. */
  readonly accuracy?: number | undefined;
  /** Largest population stability index of a feature. Default 0.25; 0.3 is usual too. */
  readonly drift?: number | undefined;
  /** Longest 99th percentile of the latency, over 5 minutes. Default 200. */
  readonly p99Ms?: number | undefined;
  /** Longest average latency, in each of 5 minutes. Default 500. */
  readonly averageMs?: number | undefined;
  /** Largest share of 5xx, over 5 minutes. Default 0.01. */
  readonly faults?: number | undefined;
  /** Largest share of 4xx and 5xx, in each of 3 minutes. Default 0.05. */
  readonly errors?: number | undefined;
  /** Longest time without requests, up to a day. Default 30. */
  readonly quietMinutes?: number | undefined;
  /** What the account may cost in a day; without it there is no alarm of the cost. */
  readonly dailyUsd?: number | undefined;
  /** Width in standard deviations of the band around usual traffic and latency; without it there is no such alarm. */
  readonly anomalies?: number | undefined;
  /** ARNs of SNS topics in the target's region that are told what needs a person, and when it is over. */
  readonly notify?: readonly string[] | undefined;
  /** The same for the cost, in us-east-1. Default `notify` if the target is there. */
  readonly notifyCost?: readonly string[] | undefined;
  /** ARN of what adds capacity when the latency is high, such as a scaling policy. */
  readonly scale?: string | undefined;
  /** ARN of what returns to the configuration before when the endpoint is unhealthy, such as a function. */
  readonly rollBack?: string | undefined;
  /** ARN of what retrains when accuracy or drift alarm. Leave it out where an event rule does that. */
  readonly retrain?: string | undefined;
}

/** Alarms in the order in which they are put. */
export interface Alarms {
  readonly metric: readonly PutMetricAlarmCommandInput[];
  /** Alarms while a variant fails or is slow. */
  readonly unhealthy: PutCompositeAlarmCommandInput;
  /** Belong in us-east-1, wherever the target is: the charges are only there. */
  readonly billing: readonly PutMetricAlarmCommandInput[];
}

const arn = where(
  text(1024),
  (value) => /^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d{12}:.+$/.test(value),
  'an ARN such as "arn:aws:sns:us-east-1:123456789012:alarms"',
);
const topics = optional(
  where(
    list(arn, 3),
    (arns) => arns.every((each) => each.split(":")[2] === "sns"),
    "a list of ARNs of at most 3 SNS topics",
  ),
);
const billingRegion = "us-east-1";
const regionOf = (value: string): string | undefined => value.split(":")[3];

const fields = strictObject({
  accuracy: withDefault(number(0, 1), 0.8),
  drift: withDefault(number(0), 0.25),
  p99Ms: withDefault(number(1), 200),
  averageMs: withDefault(number(1), 500),
  faults: withDefault(number(0, 1), 0.01),
  errors: withDefault(number(0, 1), 0.05),
  quietMinutes: withDefault(count(5, 1440), 30),
  dailyUsd: optional(number(0)),
  anomalies: optional(number(0.1, 100)),
  notify: topics,
  notifyCost: topics,
  scale: optional(arn),
  rollBack: optional(arn),
  retrain: optional(arn),
});
type Decoded = ReturnType<typeof fields>;

const decoderFor = ({ region }: AwsTarget) =>
  withRules(
    fields,
    ({ quietMinutes }) => broken(quietMinutes % 5 !== 0, "quietMinutes", "must be a multiple of 5"),
    ({ dailyUsd }) =>
      broken(
        dailyUsd !== undefined && partitionOf(region) !== "aws",
        "dailyUsd",
        `cannot be watched from ${region}: its charges are not in us-east-1`,
      ),
    ({ notifyCost }) =>
      broken(
        notifyCost?.some((each) => regionOf(each) !== billingRegion) === true,
        "notifyCost",
        "must be in us-east-1, where the charges are",
      ),
    ({ dailyUsd, notifyCost }) =>
      broken(notifyCost !== undefined && dailyUsd === undefined, "notifyCost", "has no effect without dailyUsd"),
    ({ notify, scale, rollBack, retrain }) => {
      const other = [...(notify ?? []), scale, rollBack, retrain].find(
        (each) => each !== undefined && regionOf(each) !== region,
      );
      return broken(other !== undefined, "", `names ${other ?? ""}: an alarm acts only in its own region, ${region}`);
    },
  );

/**
 * The alarms of an endpoint and of the model in it, as requests of CloudWatch. They send nothing. Their names begin with the
 * endpoint's: `churn-dev-accuracy`, `churn-dev-5xx`, or `churn-dev-5xx-candidate` for a variant that is not `main`.
 *
 * @throws ChurnkitError OPTION_INVALID.
 *
 * @example
 * ```ts
 * import { alarms, parseAwsTarget } from "churnkit/deploy/aws";
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
 * const { metric, unhealthy } = alarms(
 *   target,
 *   { model: "churn" },
 *   { drift: 0.3, notify: ["arn:aws:sns:us-east-1:123456789012:churn-alarms"] },
 * );
 * console.assert(metric.some(({ AlarmName }) => AlarmName === "churn-dev-accuracy"));
 * console.assert(unhealthy.AlarmName === "churn-dev-unhealthy");
 * ```
 */
export function alarms(json: AwsTarget, endpoint: WatchedEndpoint, options: AlarmOptions = {}): Alarms {
  const watched = watchedEndpoint(json, endpoint);
  const { target, variants } = watched;
  const chosen = decodeWith(decoderFor(target), options, "The description of the alarms", "options", page);
  const { notify = [], notifyCost = target.region === billingRegion ? notify : [], anomalies, dailyUsd } = chosen;
  const Tags = tagsOf(target);
  const told = (alarm: PutMetricAlarmCommandInput, ...also: (string | undefined)[]): PutMetricAlarmCommandInput => ({
    ...alarm,
    ...actions(notify, also),
    Tags,
  });
  const serving = variants.flatMap((variant) => servingAlarms(watched, chosen, variant));
  const unusual = anomalies === undefined ? [] : variants.flatMap((each) => anomalyAlarms(watched, anomalies, each));
  return {
    metric: [
      // A person hears of these by the alarm that combines them.
      ...serving.map((alarm) => ({ ...alarm, ...actions([], [isSlowness(alarm) ? chosen.scale : undefined]), Tags })),
      told(quietAlarm(watched, chosen.quietMinutes)),
      ...modelAlarms(watched, chosen.accuracy, chosen.drift).map((alarm) =>
        told(alarm, alarm.TreatMissingData === "ignore" ? chosen.retrain : undefined),
      ),
      ...unusual.map((alarm) => told(alarm)),
    ],
    unhealthy: unhealthy(watched, serving, chosen),
    billing: dailyUsd === undefined ? [] : [{ ...costAlarm(watched, dailyUsd), ...actions(notifyCost, []), Tags }],
  };
}

const isSlowness = ({ MetricName }: PutMetricAlarmCommandInput): boolean => MetricName === "ModelLatency";

/** What is done in each state. */
const actions = (notify: readonly string[], also: readonly (string | undefined)[]) => ({
  AlarmActions: [...notify, ...also.filter((each) => each !== undefined)],
  OKActions: [...notify],
});

const unhealthy = (
  { endpoint, nameFor, target }: Watched,
  serving: readonly PutMetricAlarmCommandInput[],
  { notify = [], rollBack }: Decoded,
): PutCompositeAlarmCommandInput => ({
  AlarmName: nameFor("unhealthy"),
  AlarmDescription: `${endpoint} fails or is slow. The alarms in this rule say how; if it began with an update, return to the configuration before.`,
  AlarmRule: serving.map(({ AlarmName = "" }) => `ALARM("${AlarmName}")`).join(" OR "),
  ...actions(notify, [rollBack]),
  Tags: tagsOf(target),
});
