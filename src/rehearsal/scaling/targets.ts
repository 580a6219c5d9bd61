import type { RegisterScalableTargetRequest, ScalingActivity } from "@aws-sdk/client-application-auto-scaling";
import type { DescribeEndpointOutput } from "@aws-sdk/client-sagemaker";
import type { VirtualClock } from "../clock.js";
import { AwsError, invalid } from "../front/aws-error.js";
import type { Service } from "../front/front.js";

/** What all requests name a target by. */
export interface TargetName {
  readonly ServiceNamespace?: string | undefined;
  readonly ResourceId?: string | undefined;
  readonly ScalableDimension?: string | undefined;
}

/** A variant whose count of instances is scaled. */
export interface Target {
  readonly resource: string;
  readonly endpoint: string;
  readonly variant: string;
  readonly created: number;
  min: number;
  max: number;
  suspended: NonNullable<RegisterScalableTargetRequest["SuspendedState"]>;
  readonly activities: ScalingActivity[];
}

const dimension = "sagemaker:variant:DesiredInstanceCount";

/** What lists are asked for. */
export interface ListRequest {
  readonly ResourceId?: string;
  readonly ResourceIds?: readonly string[];
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

/** Whether a list that was asked for has a target in it. */
export const isAsked = ({ resource }: Target, { ResourceId, ResourceIds }: ListRequest): boolean =>
  ResourceIds === undefined ? ResourceId === undefined || ResourceId === resource : ResourceIds.includes(resource);

/** Members by which answers name a target. */
export const namesOf = ({ resource: ResourceId }: Target) => ({
  ServiceNamespace: "sagemaker",
  ResourceId,
  ScalableDimension: dimension,
});

/** Scalable targets, by the variants that they are. */
export interface Targets {
  register(request: RegisterScalableTargetRequest): Promise<Target>;
  find(name: TargetName): Target;
  remove(name: TargetName): Target;
  all(): readonly Target[];
  /** Instances that a variant should have. */
  desired(target: Target): Promise<number>;
  /** Changes them within the target's bounds, and waits until they run. Returns whether they changed. */
  scale(target: Target, count: number, cause: string): Promise<boolean>;
}

function placeOf({ ServiceNamespace, ResourceId = "", ScalableDimension }: TargetName) {
  if (ServiceNamespace !== "sagemaker" || ScalableDimension !== dimension)
    throw invalid(`The rehearsal scales sagemaker by ${dimension} only.`);
  const [, endpoint, variant] = /^endpoint\/([^/]+)\/variant\/([^/]+)$/.exec(ResourceId) ?? [];
  if (endpoint === undefined || variant === undefined)
    throw invalid(`${ResourceId} is not endpoint/NAME/variant/NAME.`);
  return { resource: ResourceId, endpoint, variant };
}

export function scalableTargets(clock: VirtualClock, sagemaker: Service, onScale: (text: string) => void): Targets {
  const targets = new Map<string, Target>();

  function find(name: TargetName): Target {
    const { resource } = placeOf(name);
    const target = targets.get(resource);
    if (target !== undefined) return target;
    throw new AwsError(
      "ObjectNotFoundException",
      `No scalable target registered for service namespace: sagemaker, resource ID: ${resource}, scalable dimension: ${dimension}`,
    );
  }

  const describe = async ({ endpoint: EndpointName }: Pick<Target, "endpoint">): Promise<DescribeEndpointOutput> =>
    (await sagemaker["DescribeEndpoint"]?.({ EndpointName } as never)) as DescribeEndpointOutput;

  async function desired(place: Pick<Target, "endpoint" | "variant">): Promise<number> {
    const { endpoint, variant } = place;
    const described = await describe(place);
    const found = described.ProductionVariants?.find(({ VariantName }) => VariantName === variant);
    if (found?.DesiredInstanceCount === undefined)
      throw invalid(`The endpoint ${endpoint} has no variant ${variant} of instances in service.`);
    return found.DesiredInstanceCount;
  }

  return {
    find,
    desired,
    all: () => [...targets.values()],
    async register({ MinCapacity, MaxCapacity, SuspendedState, ...name }) {
      const place = placeOf(name);
      await desired(place);
      const former = targets.get(place.resource);
      const [min, max] = [MinCapacity ?? former?.min, MaxCapacity ?? former?.max];
      if (min === undefined || max === undefined || min > max)
        throw invalid("MinCapacity and MaxCapacity are needed, and MinCapacity must not be more than MaxCapacity.");
      const target = former ?? { ...place, created: clock.now() / 1000, activities: [], suspended: {}, min, max };
      Object.assign(target, { min, max, suspended: SuspendedState ?? target.suspended });
      targets.set(place.resource, target);
      return target;
    },
    remove(name) {
      const target = find(name);
      targets.delete(target.resource);
      return target;
    },
    async scale(target, count, cause) {
      const DesiredInstanceCount = Math.min(Math.max(count, target.min), target.max);
      const former = await desired(target);
      if (DesiredInstanceCount === former) return false;
      const activity: ScalingActivity = {
        ActivityId: `activity-${target.activities.length + 1}`,
        ServiceNamespace: "sagemaker",
        ResourceId: target.resource,
        ScalableDimension: dimension,
        Description: `Setting desired instance count to ${DesiredInstanceCount}.`,
        Cause: cause,
        StartTime: (clock.now() / 1000) as never,
        StatusCode: "InProgress",
      };
      target.activities.unshift(activity);
      try {
        await sagemaker["UpdateEndpointWeightsAndCapacities"]?.({
          EndpointName: target.endpoint,
          DesiredWeightsAndCapacities: [{ VariantName: target.variant, DesiredInstanceCount }],
        } as never);
        onScale(`${target.endpoint}/${target.variant} ${former} -> ${DesiredInstanceCount}: ${cause}`);
        while ((await describe(target)).EndpointStatus === "Updating") await clock.sleep(10_000);
        Object.assign(activity, { StatusCode: "Successful", EndTime: clock.now() / 1000 });
        return true;
      } catch (error) {
        // Such as an endpoint that is being updated: the next minute tries again.
        const StatusMessage = error instanceof Error ? error.message : String(error);
        Object.assign(activity, { StatusCode: "Failed", StatusMessage });
        return false;
      }
    },
  };
}
