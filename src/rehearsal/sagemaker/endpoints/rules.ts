import type { UpdateEndpointInput } from "@aws-sdk/client-sagemaker";
import { invalid } from "../../front/aws-error.js";
import { retainCapacity } from "./capacity.js";
import { planOf, type Plan } from "./deployment.js";
import { typeOf, type Endpoint } from "./endpoint.js";
import { productionOf, type Fleet } from "./fleet.js";

/** Whether Application Auto Scaling scales a variant. */
export type IsScaled = (endpoint: string, variant: string) => boolean;

/** An endpoint, if it may be changed. */
export function changeable(endpoint: Endpoint): Endpoint {
  // Of OutOfService, AWS's documentation says only that it takes no requests.
  if (endpoint.status === "Failed" || endpoint.status === "OutOfService")
    throw invalid(`Cannot update endpoint "${endpoint.arn}" in the status ${endpoint.status}: it can only be deleted.`);
  return settled(endpoint);
}

/** An endpoint, if nothing is under way with it. */
export function settled(endpoint: Endpoint): Endpoint {
  if (["InService", "Failed", "OutOfService", "UpdateRollbackFailed"].includes(endpoint.status)) return endpoint;
  throw invalid(`Cannot update in-progress endpoint "${endpoint.arn}".`);
}

/** @throws AwsError if a variant is scaled: what SageMaker answers who may not deregister its scalable target. */
export function checkUnscaled({ name: endpoint, fleet }: Endpoint, isScaled: IsScaled): void {
  if (productionOf(fleet).some(({ name }) => isScaled(endpoint, name)))
    throw invalid(
      "An Application AutoScaling scalable target exists for a variant being deleted, and the IAM identity used to invoke DeleteEndpoint does not have application-autoscaling:DeregisterScalableTarget permission to deregister the scalable target.",
    );
}

/** The plan of an update to a fleet, which keeps of the old one what it is told to. @throws AwsError for what SageMaker refuses. */
export function planned(
  endpoint: Endpoint,
  fleet: Fleet,
  input: UpdateEndpointInput,
  of: { readonly isScaled: IsScaled; readonly alarmState: (name: string) => string | undefined },
): Plan {
  checkScaled(endpoint, fleet, of.isScaled);
  if (input.RetainAllVariantProperties === true) retainCapacity(endpoint.fleet, fleet, input);
  const deployment = input.RetainDeploymentConfig === true ? endpoint.lastDeployment : input.DeploymentConfig;
  const plan = planOf(deployment, endpoint.fleet, fleet);
  checkAlarms(plan, of.alarmState);
  endpoint.lastDeployment = deployment;
  return plan;
}

/** @throws AwsError for a variant that Application Auto Scaling scales and that would get another instance type, or go. */
function checkScaled({ name: endpoint, fleet }: Endpoint, to: Fleet, isScaled: IsScaled): void {
  const variants = to.variants.map(({ config }) => config);
  for (const { name, config } of productionOf(fleet))
    if (isScaled(endpoint, name) && typeOf(variants, name) !== config.InstanceType)
      throw invalid(
        `An Application Auto Scaling scalable target exists for the variant ${name}. Deregister it before the variant gets another instance type or goes.`,
      );
}

/** @throws AwsError for an alarm that there is not. */
function checkAlarms({ alarms }: Plan, stateOf: (name: string) => string | undefined): void {
  const missing = alarms.find((name) => stateOf(name) === undefined);
  if (missing !== undefined) throw invalid(`Could not find the alarm ${missing} of the AutoRollbackConfiguration.`);
}
