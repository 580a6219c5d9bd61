import type { DesiredWeightAndCapacity, UpdateEndpointInput } from "@aws-sdk/client-sagemaker";
import { invalid } from "../../front/aws-error.js";
import { productionOf, type Fleet, type Variant } from "./fleet.js";

/**
 * Sets the weights and counts that variants are to have. Returns whether instances must start for them.
 *
 * @throws AwsError for an unknown variant, or weights that are all 0; nothing is set then.
 */
export function wantCapacity(fleet: Fleet, wanted: readonly DesiredWeightAndCapacity[]): boolean {
  const desired = wanted.map((each) => {
    const variant = fleet.variants.find(({ name }) => name === each.VariantName);
    if (variant === undefined) throw invalid(`The endpoint has no variant ${each.VariantName ?? ""}.`);
    if (each.ServerlessUpdateConfig !== undefined || variant.config.ServerlessConfig !== undefined)
      throw invalid("The rehearsal does not change the capacity of serverless variants.");
    return { variant, weight: each.DesiredWeight, instances: each.DesiredInstanceCount };
  });
  const weightOf = (each: Variant): number =>
    desired.find(({ variant }) => variant === each)?.weight ?? each.desiredWeight;
  if (productionOf(fleet).every((each) => weightOf(each) === 0)) throw invalid("The weights must not all be 0.");
  for (const { variant, weight = variant.desiredWeight, instances = variant.desiredInstances } of desired)
    Object.assign(variant, { desiredWeight: weight, desiredInstances: instances });
  return desired.some(({ variant }) => variant.desiredInstances > variant.instances);
}

/** Gives variants the weights and counts that they are to have. */
export function reachCapacity({ variants }: Fleet): void {
  for (const variant of variants)
    Object.assign(variant, { weight: variant.desiredWeight, instances: variant.desiredInstances });
}

/** Keeps weights and counts of the variants that stay, except where the request leaves them out. */
export function retainCapacity(
  from: Fleet,
  to: Fleet,
  { ExcludeRetainedVariantProperties: left = [] }: UpdateEndpointInput,
): void {
  const keeps = (property: string): boolean => left.every((each) => each.VariantPropertyType !== property);
  for (const variant of to.variants) {
    const old = from.variants.find(({ name }) => name === variant.name);
    if (old === undefined) continue;
    const { desiredWeight, desiredInstances } = old;
    if (keeps("DesiredWeight")) Object.assign(variant, { weight: desiredWeight, desiredWeight });
    if (keeps("DesiredInstanceCount")) Object.assign(variant, { instances: desiredInstances, desiredInstances });
  }
}
