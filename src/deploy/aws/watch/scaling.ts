import type { PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";
import {
  count,
  flag,
  list,
  number,
  optional,
  strictObject,
  text,
  where,
  withDefault,
} from "../../../base/json/index.js";
import { broken, decodeWith, withRules } from "../decode.js";
import { suffix } from "../requests/decoders.js";
import { endpointConfig, type EndpointConfig } from "../requests/endpoint-config.js";
import { known } from "../requests/parts.js";
import { mainVariant } from "../requests/variants.js";
import { type AwsTarget, nameOf, parseAwsTarget, tagsOf } from "../target.js";
import { page } from "./endpoint.js";
import { backlogPolicies, type Scalable, type ScalingPolicy, trackingPolicy, wakeAlarm } from "./scaling-policies.js";

/** Another range of capacity from a time on, such as a smaller one at night. */
interface ScheduledRange {
  readonly name: string;
  /** `cron(0 20 * * ? *)`, `rate(...)` or `at(...)`. */
  readonly at: string;
  readonly min: number;
  readonly max: number;
}

/** How one variant scales. */
interface VariantScaling {
  /** Name of the endpoint, as given to `endpointRequest`. */
  readonly endpoint?: string | undefined;
  /** Default `main`. */
  readonly variant?: string | undefined;
  /** Least instances, or provisioned concurrency of a serverless variant. Default 1; 0 for an asynchronous endpoint only. */
  readonly min?: number | undefined;
  /** Default 5. */
  readonly max?: number | undefined;
  /**
   * What is held for each instance: requests a minute; of an asynchronous endpoint, requests that wait; of a serverless variant, the
   * used share of its provisioned concurrency, up to 1.
   */
  readonly hold: number;
  /** Seconds until more are added again. Default 60. */
  readonly outSeconds?: number | undefined;
  /** Seconds until more are taken away again. Default 300. */
  readonly inSeconds?: number | undefined;
  /** Only adds, such as during a rollout. */
  readonly onlyOut?: boolean | undefined;
  readonly schedule?: readonly ScheduledRange[] | undefined;
  /** Time zone of the schedule. Default UTC. */
  readonly timezone?: string | undefined;
}

interface Capacity {
  readonly MinCapacity: number;
  readonly MaxCapacity: number;
}

/** Requests of Application Auto Scaling, in the order in which they are sent. */
interface Scaling {
  readonly RegisterScalableTarget: Scalable & Capacity & { readonly Tags: Record<string, string> };
  readonly PutScalingPolicy: readonly ScalingPolicy[];
  readonly PutScheduledAction: readonly (Scalable & {
    readonly ScheduledActionName: string;
    readonly Schedule: string;
    readonly Timezone: string;
    readonly ScalableTargetAction: Capacity;
  })[];
  /** Alarm that wakes an endpoint without instances. Its action is the ARN that the last PutScalingPolicy answers. */
  readonly wake?: PutMetricAlarmCommandInput;
}

const range = { min: withDefault(count(0, 1000), 1), max: withDefault(count(1, 1000), 5) };
const order = ({ min, max }: { readonly min: number; readonly max: number }) =>
  broken(min > max, "max", "is less than min");

const scheduled = withRules(
  strictObject({
    name: suffix,
    at: where(
      text(256),
      (at) => /^(cron|rate|at)\(.+\)$/.test(at),
      'a time such as "cron(0 20 * * ? *)", "rate(1 day)" or "at(2026-12-24T18:00:00)"',
    ),
    min: count(0, 1000),
    max: count(0, 1000),
  }),
  order,
);

const fields = strictObject({
  endpoint: optional(suffix),
  variant: withDefault(suffix, mainVariant),
  ...range,
  hold: number(0),
  outSeconds: withDefault(count(0, 3600), 60),
  inSeconds: withDefault(count(0, 3600), 300),
  onlyOut: withDefault(flag, false),
  schedule: withDefault(list(scheduled, 20), []),
  timezone: withDefault(text(64), "UTC"),
});
type Decoded = ReturnType<typeof fields>;

/** What decides about the rules: the variants, and whether there are instances. */
type Standing = ReturnType<typeof endpointConfig>;

const decoderFor = (kind: EndpointConfig["kind"], { ProductionVariants: variants = [] }: Standing) =>
  withRules(
    fields,
    order,
    ({ variant }) =>
      broken(
        variants.every(({ VariantName }) => VariantName !== variant),
        "variant",
        `is ${JSON.stringify(variant)}, but the configuration has ${variants.flatMap(({ VariantName: name }) => (typeof name === "string" ? name : [])).join(", ")}`,
      ),
    ({ hold }) => broken(hold === 0, "hold", "must be more than 0"),
    () =>
      broken(
        variants.some(({ ServerlessConfig: each }) => each !== undefined && each.ProvisionedConcurrency === undefined),
        "",
        "has nothing to scale: a serverless variant has no instances, and this one no provisioned concurrency",
      ),
    ({ hold }) =>
      broken(kind === "serverless" && hold > 1, "hold", "is a share of the provisioned concurrency, at most 1"),
    ({ max }) => {
      const [most] = variants.map(({ ServerlessConfig: each }) => known(each?.MaxConcurrency));
      return broken(max > (most ?? Infinity), "max", `is more than the variant's maxConcurrency, ${most ?? ""}`);
    },
    ({ min, schedule }) =>
      broken(
        kind !== "async" && [min, ...schedule.map((each) => each.min)].includes(0),
        "min",
        "may be 0 only for an asynchronous endpoint, whose requests wait meanwhile",
      ),
    ({ schedule }) =>
      broken(new Set(schedule.map(({ name }) => name)).size < schedule.length, "schedule", "names two times the same"),
  );

/**
 * How a variant of an endpoint scales with its load and by the clock, as requests of Application Auto Scaling. It sends nothing.
 * Instances follow the requests for each of them, or the requests that wait at an asynchronous endpoint, down to none if `min` is 0.
 *
 * @param config the configuration in service, which knows what can scale.
 *
 * @throws ChurnkitError OPTION_INVALID for a rule of SageMaker that the scaling would break.
 *
 * @example
 * ```ts
 * import { parseAwsTarget, scaling } from "churnkit/deploy/aws";
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
 * const { RegisterScalableTarget, PutScalingPolicy, PutScheduledAction } = scaling(
 *   target,
 *   { kind: "real-time", name: "v12", variants: [{ model: "v12", instanceType: "ml.m5.large" }] },
 *   {
 *     hold: 600,
 *     schedule: [
 *       { name: "night", at: "cron(0 20 * * ? *)", min: 1, max: 2 },
 *       { name: "day", at: "cron(0 6 * * ? *)", min: 2, max: 5 },
 *     ],
 *   },
 * );
 * console.assert(RegisterScalableTarget.ResourceId === "endpoint/churn-dev/variant/main");
 * console.assert(PutScalingPolicy.length === 1 && PutScheduledAction.length === 2);
 * ```
 */
export function scaling(json: AwsTarget, config: EndpointConfig, description: VariantScaling): Scaling {
  const target = parseAwsTarget(json);
  const standing = endpointConfig(target, config);
  const { kind } = config;
  const chosen = decodeWith(decoderFor(kind, standing), description, "The scaling", "scaling", page);
  const { variant, min, max, schedule, timezone } = chosen;
  const endpoint = nameOf(target, chosen.endpoint);
  const scalable: Scalable = {
    ServiceNamespace: "sagemaker",
    ResourceId: `endpoint/${endpoint}/variant/${variant}`,
    ScalableDimension:
      kind === "serverless"
        ? "sagemaker:variant:DesiredProvisionedConcurrency"
        : "sagemaker:variant:DesiredInstanceCount",
  };
  return {
    RegisterScalableTarget: {
      ...scalable,
      MinCapacity: min,
      MaxCapacity: max,
      Tags: Object.fromEntries(tagsOf(target).map(({ Key, Value }) => [Key, Value])),
    },
    PutScalingPolicy: policiesOf(kind, endpoint, scalable, chosen),
    PutScheduledAction: schedule.map((each) => ({
      ...scalable,
      ScheduledActionName: `${endpoint}-${each.name}`,
      Schedule: each.at,
      Timezone: timezone,
      ScalableTargetAction: { MinCapacity: each.min, MaxCapacity: each.max },
    })),
    ...(kind === "async" && min === 0 && { wake: { ...wakeAlarm(endpoint), Tags: tagsOf(target) } }),
  };
}

function policiesOf(
  kind: EndpointConfig["kind"],
  endpoint: string,
  scalable: Scalable,
  { hold, outSeconds, inSeconds, onlyOut, min }: Decoded,
): ScalingPolicy[] {
  const tracking = {
    TargetValue: hold,
    ScaleOutCooldown: outSeconds,
    ScaleInCooldown: inSeconds,
    DisableScaleIn: onlyOut,
  };
  if (kind === "async") return backlogPolicies(endpoint, scalable, tracking, min === 0);
  return [trackingPolicy(endpoint, scalable, tracking)];
}
