import type { ProductionVariantInstanceType } from "@aws-sdk/client-sagemaker";
import { flag, optional, strictObject, withDefault } from "../../../base/json/index.js";
import { type AwsTarget, nameOf } from "../target.js";
import { instanceType, refCount, refNumber, refSuffix, suffix } from "./decoders.js";
import { isReference, type Reference } from "./referable.js";

/** A model on instances, with a part of the traffic. */
export interface Variant {
  /** Keep it the same from one configuration to the next: scaling and guardrails go by it. Default `main`. */
  readonly name?: string | undefined;
  /** Name of the model, as given to `modelRequest`. */
  readonly model: string;
  readonly instanceType: ProductionVariantInstanceType;
  readonly instances?: number | undefined;
  /** Share of the sum of all weights. Default 1. */
  readonly weight?: number | undefined;
  /** Sends each request to the instance with the fewest, not to a random one. */
  readonly leastOutstanding?: boolean | undefined;
  /** How long a container may take until it answers `/ping`, 60 to 3600 s. */
  readonly startupSeconds?: number | undefined;
  /** How long the model may take to arrive, 60 to 3600 s. */
  readonly downloadSeconds?: number | undefined;
  readonly volumeGb?: number | undefined;
}

/** Name of a configuration's only variant. */
export const mainVariant = "main";

/** Reads a variant. */
export const variant = strictObject({
  name: withDefault(suffix, mainVariant),
  model: refSuffix,
  instanceType: instanceType<ProductionVariantInstanceType>(),
  instances: withDefault(refCount(1), 1),
  weight: withDefault(refNumber(0), 1),
  leastOutstanding: optional(flag),
  startupSeconds: optional(refCount(60, 3600)),
  downloadSeconds: optional(refCount(60, 3600)),
  volumeGb: optional(refCount(1, 512)),
});

/** A variant as SageMaker has it. */
export const variantOf = (target: AwsTarget, each: ReturnType<typeof variant>) => ({
  VariantName: each.name,
  ModelName: modelName(target, each.model),
  InstanceType: each.instanceType,
  InitialInstanceCount: each.instances,
  InitialVariantWeight: each.weight,
  RoutingConfig:
    each.leastOutstanding === undefined
      ? undefined
      : { RoutingStrategy: each.leastOutstanding ? ("LEAST_OUTSTANDING_REQUESTS" as const) : ("RANDOM" as const) },
  ContainerStartupHealthCheckTimeoutInSeconds: each.startupSeconds,
  ModelDataDownloadTimeoutInSeconds: each.downloadSeconds,
  VolumeSizeInGB: each.volumeGb,
});

/** A model's whole name, or the reference to it. */
export const modelName = (target: AwsTarget, model: string | Reference): string | Reference =>
  isReference(model) ? model : nameOf(target, model);
