import { nameOf, sagemakerArn } from "../../aws/target.js";
import { allPages } from "../all-pages.js";
import { orMissing } from "../call-failed.js";
import type { AwsSession } from "../session.js";
import { endpointTag } from "./planned.js";
import { describeConfig, describeEndpoint, pendingConfig } from "./standing.js";

/** Something that was made for an endpoint. */
interface MadeThing {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly created: number;
}

const MaxResults = 100;
/** Names that deployments give. */
const contentName = /-[0-9a-f]{10}$/;

/** The configurations and models that deployments of an endpoint made, the newest first. */
export async function madeFor(
  session: AwsSession,
  endpoint: string,
): Promise<{ readonly configs: readonly MadeThing[]; readonly models: readonly MadeThing[] }> {
  const NameContains = `${nameOf(session.target)}-`;
  const configs = (
    await allPages((NextToken) =>
      session.call("sagemaker", "ListEndpointConfigs", { NameContains, NextToken, MaxResults }),
    )
  ).flatMap(({ EndpointConfigs = [] }) =>
    EndpointConfigs.map((each) => thing(each.EndpointConfigName, each.CreationTime)),
  );
  const models = (
    await allPages((NextToken) => session.call("sagemaker", "ListModels", { NameContains, NextToken, MaxResults }))
  ).flatMap(({ Models = [] }) => Models.map((each) => thing(each.ModelName, each.CreationTime)));
  return {
    configs: await ownedBy(session, endpoint, "endpoint-config", configs),
    models: await ownedBy(session, endpoint, "model", models),
  };
}

/** Configurations that the target's endpoints serve or move to, and the models in them. */
export async function configsInUse(
  session: AwsSession,
): Promise<{ readonly configs: ReadonlySet<string>; readonly models: ReadonlySet<string> }> {
  const target = nameOf(session.target);
  const endpoints = (
    await allPages((NextToken) =>
      session.call("sagemaker", "ListEndpoints", { NameContains: target, NextToken, MaxResults }),
    )
  ).flatMap(({ Endpoints = [] }) => Endpoints.flatMap(({ EndpointName }) => EndpointName ?? []));
  const configs = new Set<string>();
  for (const name of endpoints) {
    const seen = await describeEndpoint(session, name);
    if (seen === undefined) continue;
    for (const config of [seen.EndpointConfigName, pendingConfig(seen)]) if (config !== undefined) configs.add(config);
  }
  return { configs, models: await modelsOf(session, configs) };
}

/** The models of configurations. */
export async function modelsOf(session: AwsSession, configs: Iterable<string>): Promise<Set<string>> {
  const models = new Set<string>();
  for (const config of configs) {
    const { ProductionVariants = [], ShadowProductionVariants = [] } = (await describeConfig(session, config)) ?? {};
    for (const { ModelName } of [...ProductionVariants, ...ShadowProductionVariants])
      if (ModelName !== undefined) models.add(ModelName);
  }
  return models;
}

const thing = (name = "", created?: Date): MadeThing => ({ name, created: created?.getTime() ?? 0 });

async function ownedBy(
  session: AwsSession,
  endpoint: string,
  kind: string,
  things: readonly MadeThing[],
): Promise<MadeThing[]> {
  const prefix = `${nameOf(session.target)}-`;
  const own: MadeThing[] = [];
  for (const each of things) {
    if (!each.name.startsWith(prefix) || !contentName.test(each.name)) continue;
    const ResourceArn = sagemakerArn(session.target, `${kind}/${each.name}`);
    const { Tags = [] } = (await orMissing(session.call("sagemaker", "ListTags", { ResourceArn }))) ?? {};
    if (Tags.some(({ Key, Value }) => Key === endpointTag && Value === endpoint)) own.push(each);
  }
  return own.sort((a, b) => b.created - a.created);
}
