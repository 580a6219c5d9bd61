import type {
  CreateEndpointInput,
  DescribeEndpointInput,
  ListEndpointsInput,
  UpdateEndpointInput,
  UpdateEndpointWeightsAndCapacitiesInput,
} from "@aws-sdk/client-sagemaker";
import { invalid } from "../../front/aws-error.js";
import type { Service } from "../../front/front.js";
import { reachCapacity, retainCapacity, wantCapacity } from "./capacity.js";
import type { Configs } from "./configs.js";
import { planOf } from "./deployment.js";
import { describeEndpoint, endpointEvent, typeOf, type Endpoint } from "./endpoint.js";
import { bringUp, fleetOf, productionOf, stopFleet, type Fleet } from "./fleet.js";
import type { Models, ModelsOptions } from "./models.js";
import { resources, type Resources } from "./resources.js";
import { tagsByKey } from "./tags.js";
import { runUpdate, startMs, type UpdateOptions } from "./update.js";

export interface EndpointsOptions
  extends Omit<UpdateOptions, "onStatus" | "onDeployment">, Pick<ModelsOptions, "tags" | "arn" | "onChange"> {
  readonly models: Models;
  readonly configs: Configs;
  /** Whether Application Auto Scaling scales a variant. */
  readonly isScaled: (endpoint: string, variant: string) => boolean;
  /** Lets work go on after a call has been answered. */
  readonly background: (work: Promise<unknown>) => void;
  /** Is told each status in words. */
  readonly onNote: (text: string) => void;
  /** Does what has to be done before an endpoint goes. */
  readonly onEnd: (endpoint: Endpoint) => Promise<void>;
}

/** Virtual milliseconds until other weights hold, and until an endpoint is gone. */
const [changeMs, deleteMs] = [60_000, 60_000];

export interface Endpoints {
  readonly service: Service;
  readonly all: Resources<Endpoint>;
  /** All fleets that may run. */
  fleets(): readonly Fleet[];
}

/** Endpoints: their life on the clock. */
export function endpointLife(options: EndpointsOptions): Endpoints {
  const { clock, models, configs, tags, arn, isScaled, background } = options;
  const all = resources<Endpoint>("endpoint", arn);

  const event = (endpoint: Endpoint): object => endpointEvent(endpoint, tagsByKey(tags.of(endpoint.arn)));

  function onStatus(endpoint: Endpoint, changes: Partial<Endpoint>): void {
    Object.assign(endpoint, changes, { modified: clock.now() / 1000 });
    const { name, status, reason, fleet } = endpoint;
    options.onNote(`${name} ${status} ${fleet.config.name}${reason === undefined ? "" : `: ${reason}`}`);
    options.onChange("SageMaker Endpoint State Change", endpoint.arn, event(endpoint));
  }

  const onDeployment = (endpoint: Endpoint): void =>
    options.onChange("SageMaker Endpoint Deployment State Change", endpoint.arn, event(endpoint));

  /** An endpoint that may be changed. */
  function changeable(name: string | undefined): Endpoint {
    const endpoint = all.find(name);
    if (endpoint.status === "Failed")
      throw invalid(`Cannot update endpoint "${endpoint.arn}" in the status Failed: it can only be deleted.`);
    return settled(endpoint);
  }

  function settled(endpoint: Endpoint): Endpoint {
    if (endpoint.status === "InService" || endpoint.status === "Failed") return endpoint;
    throw invalid(`Cannot update in-progress endpoint "${endpoint.arn}".`);
  }

  function create({ EndpointName: name = "", EndpointConfigName, Tags }: CreateEndpointInput): object {
    const fleet = fleetOf(configs.find(EndpointConfigName), models);
    const now = clock.now() / 1000;
    const endpoint: Endpoint = { name, arn: arn(name), created: now, modified: now, status: "Creating", fleet };
    all.add(endpoint);
    tags.set(endpoint.arn, Tags);
    onStatus(endpoint, {});
    background(begin(endpoint));
    return { EndpointArn: endpoint.arn };
  }

  async function begin(endpoint: Endpoint): Promise<void> {
    await clock.sleep(startMs);
    try {
      await bringUp(endpoint.name, endpoint.fleet, options);
      onStatus(endpoint, { status: "InService" });
    } catch (error) {
      onStatus(endpoint, { status: "Failed", reason: error instanceof Error ? error.message : String(error) });
    }
  }

  function update(input: UpdateEndpointInput): object {
    const endpoint = changeable(input.EndpointName);
    const fleet = fleetOf(configs.find(input.EndpointConfigName), models);
    checkScaled(endpoint, fleet, isScaled);
    if (input.RetainAllVariantProperties === true) retainCapacity(endpoint.fleet, fleet, input);
    const deployment = input.RetainDeploymentConfig === true ? endpoint.lastDeployment : input.DeploymentConfig;
    const plan = planOf(deployment, endpoint.fleet, fleet);
    const missing = plan.alarms.find((name) => options.alarmState(name) === undefined);
    if (missing !== undefined) throw invalid(`Could not find the alarm ${missing} of the AutoRollbackConfiguration.`);
    endpoint.lastDeployment = deployment;
    background(runUpdate(endpoint, fleet, plan, { ...options, onStatus, onDeployment }));
    return { EndpointArn: endpoint.arn };
  }

  function changeWeights(input: UpdateEndpointWeightsAndCapacitiesInput): object {
    const endpoint = changeable(input.EndpointName);
    const launches = wantCapacity(endpoint.fleet, input.DesiredWeightsAndCapacities ?? []);
    onStatus(endpoint, { status: "Updating" });
    background(settle(endpoint, launches ? startMs : changeMs));
    return { EndpointArn: endpoint.arn };
  }

  async function settle(endpoint: Endpoint, ms: number): Promise<void> {
    await clock.sleep(ms);
    reachCapacity(endpoint.fleet);
    onStatus(endpoint, { status: "InService" });
  }

  function remove({ EndpointName }: DescribeEndpointInput): void {
    const endpoint = settled(all.find(EndpointName));
    const scaled = productionOf(endpoint.fleet).some(({ name }) => isScaled(endpoint.name, name));
    if (scaled)
      throw invalid(
        "An Application AutoScaling scalable target exists for a variant being deleted, and the IAM identity used to invoke DeleteEndpoint does not have application-autoscaling:DeregisterScalableTarget permission to deregister the scalable target.",
      );
    onStatus(endpoint, { status: "Deleting" });
    background(end(endpoint));
  }

  async function end(endpoint: Endpoint): Promise<void> {
    await clock.sleep(deleteMs);
    await clock.during(async () => {
      await stopFleet(endpoint.fleet.variants);
      await options.onEnd(endpoint);
    });
    all.remove(endpoint.name);
    tags.drop(endpoint.arn);
    options.onNote(`${endpoint.name} deleted`);
  }

  return {
    all,
    fleets: () =>
      all.every().flatMap(({ fleet, pending }) => (pending === undefined ? [fleet] : [fleet, pending.fleet])),
    service: {
      CreateEndpoint: create,
      UpdateEndpoint: update,
      UpdateEndpointWeightsAndCapacities: changeWeights,
      DeleteEndpoint: remove,
      ...reads(all),
    },
  };
}

/** Calls that change nothing. */
const reads = (all: Resources<Endpoint>): Service => ({
  DescribeEndpoint: ({ EndpointName }: DescribeEndpointInput) => describeEndpoint(all.find(EndpointName)),
  ListEndpoints: ({ StatusEquals, ...query }: ListEndpointsInput) => {
    const { page, ...rest } = all.list(query, ({ status }) => StatusEquals === undefined || status === StatusEquals);
    const Endpoints = page.map((each) => ({
      EndpointName: each.name,
      EndpointArn: each.arn,
      CreationTime: each.created,
      LastModifiedTime: each.modified,
      EndpointStatus: each.status,
    }));
    return { Endpoints, ...rest };
  },
});

/** @throws AwsError for a variant that Application Auto Scaling scales and that would get another instance type, or go. */
function checkScaled({ name: endpoint, fleet }: Endpoint, to: Fleet, isScaled: EndpointsOptions["isScaled"]): void {
  const variants = to.variants.map(({ config }) => config);
  for (const { name, config } of productionOf(fleet))
    if (isScaled(endpoint, name) && typeOf(variants, name) !== config.InstanceType)
      throw invalid(
        `An Application Auto Scaling scalable target exists for the variant ${name}. Deregister it before the variant gets another instance type or goes.`,
      );
}
