import { nameOf } from "../../aws/target.js";
import { orMissing } from "../call-failed.js";
import type { AwsSession } from "../session.js";
import { type Asked, stuck } from "./failures.js";
import { configsInUse, madeFor } from "./made.js";
import { deregister, scaledVariants } from "./scaled-variants.js";
import { type WaitOptions, waitUntilSettled } from "./wait.js";

/** What was deleted, by name. */
export interface Removed {
  readonly endpoint: string | undefined;
  readonly configs: readonly string[];
  readonly models: readonly string[];
}

/**
 * Removes an endpoint with all that was made for it: registrations of scaling with their policies, configurations and models. What
 * another endpoint of the target uses stays. Call it again after a kill; what is gone is no error.
 *
 * @throws ChurnkitError DEPLOY_FAILED when the endpoint is not gone in time; AWS_FAILED.
 * @example
 * ```ts
 * import { type AwsSession, removeEndpoint } from "churnkit/deploy/sagemaker";
 *
 * const tearDown = async (session: AwsSession) => {
 *   const { configs, models } = await removeEndpoint(session, { name: "trial" });
 *   console.log(`${configs.length} configurations and ${models.length} models are gone`);
 * };
 * console.assert(typeof tearDown === "function");
 * ```
 */
export async function removeEndpoint(
  session: AwsSession,
  { name }: { readonly name?: string | undefined } = {},
  options: WaitOptions = {},
): Promise<Removed> {
  const endpoint = nameOf(session.target, name);
  const existed = await deleteEndpoint(session, { endpoint, config: "its removal", versions: [] }, options);
  const made = await madeFor(session, endpoint);
  const inUse = await configsInUse(session);
  const configs = made.configs.filter(({ name: config }) => !inUse.configs.has(config)).map((each) => each.name);
  const models = made.models.filter(({ name: model }) => !inUse.models.has(model)).map((each) => each.name);
  await deleteMade(session, configs, models);
  return { endpoint: existed ? endpoint : undefined, configs, models };
}

/** Deletes configurations, then models, so that a kill leaves no configuration without its models. */
export async function deleteMade(
  session: AwsSession,
  configs: readonly string[],
  models: readonly string[],
): Promise<void> {
  for (const EndpointConfigName of configs)
    await orMissing(session.call("sagemaker", "DeleteEndpointConfig", { EndpointConfigName }));
  for (const ModelName of models) await orMissing(session.call("sagemaker", "DeleteModel", { ModelName }));
}

/** Deletes an endpoint once nothing is under way there, and waits until it is gone; false if there was none. */
export async function deleteEndpoint(session: AwsSession, asked: Asked, options: WaitOptions): Promise<boolean> {
  const { endpoint: EndpointName } = asked;
  const seen = await waitUntilSettled(session, asked, options);
  for (const each of await scaledVariants(session, EndpointName)) await deregister(session, each);
  if (seen === undefined) return false;
  await orMissing(session.call("sagemaker", "DeleteEndpoint", { EndpointName }));
  const left = await waitUntilSettled(session, asked, options);
  if (left !== undefined) throw stuck(asked, left, 0);
  return true;
}
