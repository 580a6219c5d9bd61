import type {
  CreateEndpointInput,
  DescribeEndpointInput,
  ListEndpointsInput,
  UpdateEndpointInput,
  UpdateEndpointWeightsAndCapacitiesInput,
} from "@aws-sdk/client-sagemaker";
import type { Service } from "../../front/front.js";
import { reachCapacity, wantCapacity } from "./capacity.js";
import type { Configs } from "./configs.js";
import { describeEndpoint, endpointEvent, type Endpoint } from "./endpoint.js";
import { bringUp, fleetOf, stopFleet, whileHung } from "./fleet.js";
import type { Models, ModelsOptions } from "./models.js";
import { resources, type Resources } from "./resources.js";
import { changeable, checkUnscaled, planned, settled, type IsScaled } from "./rules.js";
import { tagsByKey } from "./tags.js";
import { runUpdate, startMs, type UpdateOptions } from "./update.js";

export interface EndpointsOptions
  extends Omit<UpdateOptions, "onStatus" | "onDeployment">, Pick<ModelsOptions, "tags" | "arn" | "onChange"> {
  readonly models: Models;
  readonly configs: Configs;
  readonly isScaled: IsScaled;
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
}

/** Endpoints: their life on the clock. */
export function endpointLife(options: EndpointsOptions): Endpoints {
  const { clock, models, configs, tags, arn, isScaled, background } = options;
  const all = resources<Endpoint>("endpoint", arn);

  const { onStatus, onDeployment } = teller(options);

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
    const endpoint = changeable(all.find(input.EndpointName));
    const fleet = fleetOf(configs.find(input.EndpointConfigName), models);
    const plan = planned(endpoint, fleet, input, options);
    background(runUpdate(endpoint, fleet, plan, { ...options, onStatus, onDeployment }));
    return { EndpointArn: endpoint.arn };
  }

  function changeWeights(input: UpdateEndpointWeightsAndCapacitiesInput): object {
    const endpoint = changeable(all.find(input.EndpointName));
    const launches = wantCapacity(endpoint.fleet, input.DesiredWeightsAndCapacities ?? []);
    onStatus(endpoint, { status: "Updating" });
    background(settle(endpoint, launches ? startMs : changeMs));
    return { EndpointArn: endpoint.arn };
  }

  async function settle(endpoint: Endpoint, ms: number): Promise<void> {
    await clock.sleep(ms);
    await whileHung(endpoint.name, endpoint.fleet, options);
    reachCapacity(endpoint.fleet);
    onStatus(endpoint, { status: "InService" });
  }

  function remove({ EndpointName }: DescribeEndpointInput): void {
    const endpoint = settled(all.find(EndpointName));
    checkUnscaled(endpoint, isScaled);
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

/** Tells what changes about endpoints, in words and by events. */
function teller({ clock, tags, onNote, onChange }: EndpointsOptions): Pick<UpdateOptions, "onStatus" | "onDeployment"> {
  const tell = (type: string, endpoint: Endpoint): void =>
    onChange(type, endpoint.arn, endpointEvent(endpoint, tagsByKey(tags.of(endpoint.arn))));
  return {
    onStatus(endpoint, changes) {
      Object.assign(endpoint, changes, { modified: clock.now() / 1000 });
      const { name, status, reason, fleet } = endpoint;
      onNote(`${name} ${status} ${fleet.config.name}${reason === undefined ? "" : `: ${reason}`}`);
      tell("SageMaker Endpoint State Change", endpoint);
    },
    onDeployment: (endpoint) => tell("SageMaker Endpoint Deployment State Change", endpoint),
  };
}
