import type {
  CreateEndpointCommandInput,
  ProductionVariant,
  UpdateEndpointCommandInput,
} from "@aws-sdk/client-sagemaker";
import { type JsonValue, list, oneOf, optional, strictObject, text, withDefault } from "../../../base/json/index.js";
import { broken, decodeWith, withRules, type Broken } from "../decode.js";
import { type AwsTarget, nameOf, parseAwsTarget, tagsOf } from "../target.js";
import { suffix } from "./decoders.js";
import { deploymentConfig, guardrailsDecoder, type Guardrails } from "./guardrails.js";
import { defined } from "./parts.js";

/** What an update reads of a configuration: a request of `endpointConfig`, or SageMaker's description of one. */
interface StandingConfig {
  readonly EndpointConfigName?: string | undefined;
  readonly ProductionVariants?:
    | readonly Pick<ProductionVariant, "VariantName" | "InstanceType" | "InitialInstanceCount" | "ServerlessConfig">[]
    | undefined;
}

/** Description of a new endpoint. */
interface EndpointDescription {
  /** Follows the target's name, which is the endpoint's name without it. */
  readonly name?: string | undefined;
  /** Name of the configuration, as given to `endpointConfig`. */
  readonly config: string;
}

/** Description of an endpoint's update. */
export interface EndpointUpdate {
  readonly name?: string | undefined;
  /** The configuration in service. */
  readonly from: StandingConfig;
  readonly to: StandingConfig;
  readonly guardrails?: Guardrails | undefined;
  /** Names of variants with a scaling policy. */
  readonly autoscaled?: readonly string[] | undefined;
  /** What stays of the variants as they are now: counts and weights, or counts. By default counts if a variant is autoscaled, and else nothing. */
  readonly keep?: "all" | "counts" | "nothing" | undefined;
}

/**
 * The request of an endpoint. It sends nothing.
 *
 * @throws ChurnkitError OPTION_INVALID.
 *
 * @example
 * ```ts
 * import { endpointRequest, parseAwsTarget } from "churnkit/deploy/aws";
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
 * console.assert(endpointRequest(target, { config: "v12" }).EndpointName === "churn-dev");
 * ```
 */
export function endpointRequest(json: AwsTarget, endpoint: EndpointDescription): CreateEndpointCommandInput {
  const target = parseAwsTarget(json);
  const { name, config } = decodeWith(
    strictObject({ name: optional(suffix), config: suffix }),
    endpoint,
    "The endpoint",
    "endpoint",
  );
  return { EndpointName: nameOf(target, name), EndpointConfigName: nameOf(target, config), Tags: tagsOf(target) };
}

const anything = (json: JsonValue): unknown => json.value;
const variants = (config: StandingConfig) => config.ProductionVariants ?? [];
const names = (config: StandingConfig): string =>
  variants(config)
    .map(({ VariantName = "" }) => VariantName)
    .sort()
    .join(", ");

const fields = strictObject({
  name: optional(suffix),
  from: (json) => json.object() as StandingConfig,
  to: (json) => json.object() as StandingConfig,
  guardrails: anything,
  autoscaled: withDefault(list(text(63), 10), []),
  keep: optional(oneOf(["all", "counts", "nothing"])),
});
type Update = ReturnType<typeof fields>;

/** What guardrails ask of both configurations. */
const guarded: readonly ((update: Update) => Broken | undefined)[] = [
  ({ from, to }) =>
    broken(
      [...variants(from), ...variants(to)].some(({ ServerlessConfig }) => ServerlessConfig !== undefined),
      "guardrails",
      "cannot guard a serverless variant; update it without them",
    ),
  ({ from, to }) =>
    broken(
      names(from) !== names(to),
      "to",
      `has other variants (${names(to)}) than the one in service (${names(from)}); guardrails move the traffic of variants of the same names`,
    ),
  ({ to }) =>
    broken(
      variants(to).some(({ InstanceType }) => InstanceType?.startsWith("ml.inf1.") === true),
      "guardrails",
      "have no effect on ml.inf1 instances, whose traffic is moved at once",
    ),
];

const always: readonly ((update: Update) => Broken | undefined)[] = [
  ({ from, to }) =>
    broken(
      to.EndpointConfigName === undefined || from.EndpointConfigName === to.EndpointConfigName,
      "to",
      `must have a name of its own; ${from.EndpointConfigName ?? "the old configuration"} is in service`,
    ),
  ({ from, to, autoscaled }) => {
    const type = (config: StandingConfig, name: string) =>
      variants(config).find(({ VariantName }) => VariantName === name)?.InstanceType;
    const changed = autoscaled.find((name) => type(from, name) !== type(to, name));
    return broken(
      changed !== undefined,
      "to",
      `changes the instances of the variant ${changed ?? ""}, which is autoscaled. Deregister its scalable target first`,
    );
  },
];

/**
 * The request that moves an endpoint to another configuration. It sends nothing. An update that SageMaker rolls back ends
 * `InService` too: compare the name of the configuration afterwards.
 *
 * @throws ChurnkitError OPTION_INVALID for a rule of SageMaker that the update would break.
 *
 * @example
 * ```ts
 * import { endpointConfig, parseAwsTarget, updateEndpoint } from "churnkit/deploy/aws";
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
 * const config = (name: string) =>
 *   endpointConfig(target, { kind: "real-time", name, variants: [{ model: name, instanceType: "ml.m5.large", instances: 4 }] });
 * const request = updateEndpoint(target, {
 *   from: config("v11"),
 *   to: config("v12"),
 *   guardrails: { strategy: "canary", first: { percent: 25 }, waitSeconds: 600, alarms: ["churn-dev-5xx"] },
 * });
 * console.assert(request.EndpointConfigName === "churn-dev-v12");
 * ```
 */
export function updateEndpoint(json: AwsTarget, update: EndpointUpdate): UpdateEndpointCommandInput {
  const target = parseAwsTarget(json);
  const { name, to, guardrails, keep } = decodeWith(decoder, update, "The update of the endpoint", "update");
  return defined({
    EndpointName: nameOf(target, name),
    EndpointConfigName: to.EndpointConfigName,
    RetainAllVariantProperties: keep === "nothing" ? undefined : true,
    ExcludeRetainedVariantProperties:
      keep === "counts" ? [{ VariantPropertyType: "DesiredWeight" as const }] : undefined,
    DeploymentConfig: guardrails && deploymentConfig(guardrails),
  });
}

const decoder = (json: JsonValue) => {
  const update = withRules(fields, ...always)(json);
  const { to, autoscaled, keep = autoscaled.length > 0 ? "counts" : "nothing" } = update;
  const isGuarded = update.guardrails !== undefined;
  if (isGuarded) withRules(fields, ...guarded)(json);
  const [first, ...others] = variants(to);
  const fleet = others.length === 0 ? first?.InitialInstanceCount : undefined;
  const guardrails = optional(guardrailsDecoder(fleet))(json.get("guardrails"));
  if (guardrails?.strategy === "rolling" && others.length > 0)
    throw json.get("guardrails").refused("roll one variant only; use all-at-once, canary or linear for several");
  return { ...update, keep, guardrails };
};
