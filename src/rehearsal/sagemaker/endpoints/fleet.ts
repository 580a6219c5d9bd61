import type { ProductionVariant } from "@aws-sdk/client-sagemaker";
import type { VirtualClock } from "../../clock.js";
import type { Objects } from "../objects.js";
import type { EndpointConfig } from "./configs.js";
import { type ContainerHost, ModelMissing, type ServingContainer } from "./container.js";
import type { ServedVariant } from "./misbehave.js";
import type { ModelSource, Models } from "./models.js";

/** A variant of an endpoint, with its capacity. */
export interface Variant {
  readonly name: string;
  readonly config: ProductionVariant;
  readonly model: ModelSource;
  readonly isShadow: boolean;
  weight: number;
  desiredWeight: number;
  instances: number;
  desiredInstances: number;
  /** One stands for all its instances. */
  container?: ServingContainer;
}

/** The variants of one configuration, which come and go together. */
export interface Fleet {
  readonly config: EndpointConfig;
  readonly variants: readonly Variant[];
}

export interface Machines {
  readonly containers: Pick<ContainerHost, "start">;
  readonly objects: Objects;
  /** Whether a variant's containers are to answer no ping. */
  readonly isStuck: (at: ServedVariant) => boolean;
}

/** Seconds after which SageMaker gives up on a container, unless the variant says otherwise. */
const usualStartupSeconds = 480;

/** A fleet as its configuration describes it, not started yet. @throws AwsError if a model is gone. */
export function fleetOf(config: EndpointConfig, models: Models): Fleet {
  const variantOf =
    (isShadow: boolean) =>
    (variant: ProductionVariant): Variant => {
      const { VariantName: name = "", ModelName, InitialVariantWeight: weight = 1, InitialInstanceCount = 1 } = variant;
      const [instances, model] = [InitialInstanceCount, models.find(ModelName)];
      const amounts = { weight, desiredWeight: weight, instances, desiredInstances: instances };
      return { name, config: variant, model, isShadow, ...amounts };
    };
  const { ProductionVariants = [], ShadowProductionVariants = [] } = config.input;
  return {
    config,
    variants: [...ProductionVariants.map(variantOf(false)), ...ShadowProductionVariants.map(variantOf(true))],
  };
}

/** Starts the containers of an endpoint's fleet. @throws Error with SageMaker's reason; nothing runs then. */
export async function bringUp(
  endpoint: string,
  fleet: Fleet,
  { clock, machines }: { readonly clock: VirtualClock; readonly machines: Machines },
): Promise<void> {
  const stuck = fleet.variants.find(({ name, model }) =>
    machines.isStuck({ endpoint, variant: name, model: model.name }),
  );
  if (stuck === undefined) return clock.during(() => startAll(fleet, machines));
  const { ContainerStartupHealthCheckTimeoutInSeconds: seconds = usualStartupSeconds } = stuck.config;
  await clock.sleep(seconds * 1000);
  throw noPing(stuck, "");
}

async function startAll({ variants }: Fleet, { containers, objects }: Machines): Promise<void> {
  const started = await Promise.allSettled(
    variants.map(async (variant) => {
      try {
        variant.container = await containers.start(variant.model, objects);
      } catch (error) {
        throw error instanceof ModelMissing ? error : noPing(variant, String(error instanceof Error ? error.message : error)); // prettier-ignore
      }
    }),
  );
  const failed = started.find((each) => each.status === "rejected");
  if (failed === undefined) return;
  await stopFleet(variants);
  throw failed.reason as Error;
}

const noPing = ({ name }: Variant, said: string): Error =>
  new Error(
    `The primary container for production variant ${name} did not pass the ping health check. Please check CloudWatch logs for this endpoint. ${said}`.trim(),
  );

/** Ends the containers of variants; requests under way are answered first. */
export async function stopFleet(variants: readonly Variant[]): Promise<void> {
  await Promise.all(
    variants.map(async (variant) => {
      const { container } = variant;
      delete variant.container;
      await container?.stop();
    }),
  );
}

/** The variants that answer, without those that get copies. */
export const productionOf = ({ variants }: Fleet): readonly Variant[] => variants.filter(({ isShadow }) => !isShadow);

/** Instances that a fleet answers with. */
export const sizeOf = (fleet: Fleet): number => productionOf(fleet).reduce((sum, { instances }) => sum + instances, 0);
