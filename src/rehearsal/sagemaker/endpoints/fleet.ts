import type { ProductionVariant } from "@aws-sdk/client-sagemaker";
import type { VirtualClock } from "../../clock.js";
import type { Objects } from "../objects.js";
import type { EndpointConfig } from "./configs.js";
import { type ContainerHost, ModelMissing, type ServingContainer } from "./container.js";
import type { Misbehave, Misbehavior } from "./misbehave.js";
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
  /** How a variant is to behave otherwise than it does. */
  readonly misbehave: Misbehave;
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
  await whileHung(endpoint, fleet, { clock, machines });
  const stuck = misbehaving(endpoint, fleet, machines, ({ stuck: isStuck }) => isStuck === true)?.variant;
  if (stuck === undefined) return clock.during(() => startAll(fleet, machines));
  const { ContainerStartupHealthCheckTimeoutInSeconds: seconds = usualStartupSeconds } = stuck.config;
  await clock.sleep(seconds * 1000);
  throw noPing(stuck, "");
}

/** How often something that hangs is looked at. */
const hungMs = 60_000;

/** Waits while a variant of a fleet is stuck for ever. */
export async function whileHung(
  endpoint: string,
  fleet: Fleet,
  { clock, machines }: { readonly clock: VirtualClock; readonly machines: Machines },
): Promise<void> {
  while (misbehaving(endpoint, fleet, machines, ({ stuck }) => stuck === "forever") !== undefined)
    await clock.sleep(hungMs);
}

/** The first variant of a fleet that misbehaves in some way, and how. */
export function misbehaving(
  endpoint: string,
  { variants }: Fleet,
  { misbehave }: Machines,
  fits: (how: Misbehavior) => boolean,
): { readonly variant: Variant; readonly how: Misbehavior } | undefined {
  for (const variant of variants) {
    const how = misbehave({ endpoint, variant: variant.name, model: variant.model.name });
    if (how !== undefined && fits(how)) return { variant, how };
  }
  return undefined;
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
