import type {
  CreateEndpointConfigCommandInput,
  CreateModelCommandInput,
  DescribeEndpointConfigOutput,
  Tag,
} from "@aws-sdk/client-sagemaker";
import { ChurnkitError } from "../../../base/errors.js";
import { hashJson } from "../../../base/hash.js";
import { type EndpointConfig, endpointConfig } from "../../aws/requests/endpoint-config.js";
import { type ModelDescription, modelRequest } from "../../aws/requests/model.js";
import { type AwsTarget, nameOf, parseAwsTarget } from "../../aws/target.js";
import type { scaling } from "../../aws/watch/scaling.js";

type Nameless<T> = T extends unknown ? Omit<T, "name"> : never;

/**
 * What an endpoint should be: its models by version, and the configuration that serves them. The names of models and
 * configurations follow from their content.
 *
 * @example
 * ```ts
 * import type { EndpointDeployment } from "churnkit/deploy/sagemaker";
 *
 * const deployment: EndpointDeployment = {
 *   models: { v12: { data: "s3://churn-data/models/v12/model.tar.gz" } },
 *   config: { kind: "real-time", variants: [{ model: "v12", instanceType: "ml.m5.large", instances: 2 }] },
 *   scaling: [{ hold: 600, max: 5 }],
 * };
 * ```
 */
export interface EndpointDeployment {
  /** Follows the target's name, which is the endpoint's name without it. */
  readonly name?: string | undefined;
  /** What `modelRequest` takes, without a name, by version: letters, digits and hyphens. */
  readonly models: Readonly<Record<string, Nameless<ModelDescription>>>;
  /** What `endpointConfig` takes, without a name; `model` is a version. */
  readonly config: Nameless<EndpointConfig>;
  /** How variants scale, as `scaling` takes it. Without it, registrations of scaling are left as they are. */
  readonly scaling?: readonly Omit<Parameters<typeof scaling>[2], "endpoint">[] | undefined;
}

/** The requests of a deployment. */
export interface Planned {
  readonly endpoint: string;
  readonly models: readonly CreateModelCommandInput[];
  readonly config: CreateEndpointConfigCommandInput & { readonly EndpointConfigName: string };
  /** The description of the configuration, with the names of the models. */
  readonly described: EndpointConfig;
  /** The versions, in the order of the variants. */
  readonly versions: readonly string[];
}

/** Tag of models and configurations: the endpoint that they were made for. */
export const endpointTag = "churnkit:endpoint";
const hashLength = 10;

/**
 * Names models and configuration by their content, so that equal deployments have equal names and nothing is ever edited.
 *
 * @throws ChurnkitError OPTION_INVALID for a rule of SageMaker that the deployment would break.
 */
export function plan(json: AwsTarget, { name, models, config }: EndpointDeployment): Planned {
  const target = parseAwsTarget(json);
  const endpoint = nameOf(target, name);
  // Checks the description before its parts are used.
  endpointConfig(target, { ...config, name: "config" });
  const versions = versionsOf(config);
  const suffixes = new Map<string, string>();
  const requests = [...new Set(versions)].map((version) => {
    const model = Object.hasOwn(models, version) ? models[version] : undefined;
    if (model === undefined) throw refused(`The configuration serves the version ${version}, which is not in models.`);
    const request = (suffix: string) => modelRequest(target, { ...model, name: suffix });
    const suffix = suffixOf(target, endpoint, version, request("model"));
    suffixes.set(version, suffix);
    return owned(request(suffix), endpoint);
  });
  const unused = Object.keys(models).find((version) => !suffixes.has(version));
  if (unused !== undefined) throw refused(`No variant serves the version ${unused}. Remove it from models.`);
  const describe = (suffix: string): EndpointConfig => withModels({ ...config, name: suffix }, suffixes);
  const suffix = suffixOf(target, endpoint, versions.at(-1) ?? "", endpointConfig(target, describe("config")));
  const described = describe(suffix);
  const request = owned(endpointConfig(target, described), endpoint);
  return {
    endpoint,
    models: requests,
    config: { ...request, EndpointConfigName: nameOf(target, suffix) },
    described,
    versions,
  };
}

/** Version of a model that was named by {@link plan}; another model's whole name. */
export function versionOf(target: AwsTarget, modelName: string): string {
  const prefix = `${nameOf(target)}-`;
  const [, version] = /^(.+)-[0-9a-f]{10}$/.exec(modelName) ?? [];
  return version?.startsWith(prefix) === true ? version.slice(prefix.length) : modelName;
}

/** Versions in a configuration, a shadow's last. */
export const versionsIn = (
  target: AwsTarget,
  config: Pick<Partial<DescribeEndpointConfigOutput>, "ProductionVariants" | "ShadowProductionVariants">,
): string[] =>
  [...(config.ProductionVariants ?? []), ...(config.ShadowProductionVariants ?? [])].map(({ ModelName = "" }) =>
    versionOf(target, ModelName),
  );

/** Versions by variant, a shadow's last. */
function versionsOf(config: EndpointDeployment["config"]): string[] {
  if (config.kind === "serverless") return [config.model];
  const all = [...config.variants, ...(config.kind === "real-time" && config.shadow ? [config.shadow] : [])];
  return all.map(({ model }) => model);
}

/** The same configuration with the names of the models in place of the versions. */
function withModels(config: EndpointConfig, names: ReadonlyMap<string, string>): EndpointConfig {
  const named = <V extends { readonly model: string }>(each: V): V => ({
    ...each,
    model: names.get(each.model) ?? each.model,
  });
  if (config.kind === "serverless") return named(config);
  const variants = config.variants.map(named);
  return config.kind === "real-time" && config.shadow !== undefined
    ? { ...config, variants, shadow: named(config.shadow) }
    : { ...config, variants };
}

/** A version and a hash of the content: the request but for its name and its tags. */
function suffixOf(target: AwsTarget, endpoint: string, version: string, request: object): string {
  const most = 63 - nameOf(target).length - hashLength - 2;
  if (version.length > most) throw refused(`The version ${version} is longer than ${most} characters.`);
  const content = { ...request, ModelName: endpoint, EndpointConfigName: endpoint, Tags: undefined };
  return `${version}-${hashJson(content).slice(0, hashLength)}`;
}

const owned = <Request extends { readonly Tags?: Tag[] | undefined }>(request: Request, endpoint: string): Request => ({
  ...request,
  Tags: [...(request.Tags ?? []), { Key: endpointTag, Value: endpoint }],
});

const refused = (message: string): ChurnkitError =>
  new ChurnkitError("OPTION_INVALID", `${message} See docs/aws-endpoints.md.`);
