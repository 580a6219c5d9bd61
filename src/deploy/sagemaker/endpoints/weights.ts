import { ChurnkitError } from "../../../base/errors.js";
import { nameOf } from "../../aws/target.js";
import type { AwsSession } from "../session.js";
import { type Asked, busy, endedBadly, gone } from "./failures.js";
import { describeEndpoint, isSettled, pendingConfig, type StandingEndpoint } from "./standing.js";
import { type WaitOptions, waitUntilSettled } from "./wait.js";

/** SageMaker keeps weights in single precision. */
const equal = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-5 * Math.max(1, Math.abs(a), Math.abs(b));

/** Weights of the variants in service. */
export const weightsOf = ({ ProductionVariants = [] }: StandingEndpoint): Map<string, number> =>
  new Map(ProductionVariants.map(({ VariantName = "", CurrentWeight = 0 }) => [VariantName, CurrentWeight]));

/**
 * Gives the variants of an endpoint other weights, and waits until they are in effect. Each variant's share of the traffic is its
 * weight's share of the sum. Equal weights change nothing.
 *
 * @param weights by variant; variants that are left out keep theirs.
 * @throws ChurnkitError OPTION_INVALID for a variant that is not there, or weights that are all 0; DEPLOY_FAILED when the weights do not
 * take effect; AWS_FAILED.
 * @example
 * ```ts
 * import { type AwsSession, setVariantWeights } from "churnkit/deploy/sagemaker";
 *
 * const tenPercent = (session: AwsSession) => setVariantWeights(session, {}, { main: 90, candidate: 10 });
 * console.assert(typeof tenPercent === "function");
 * ```
 */
export async function setVariantWeights(
  session: AwsSession,
  { name }: { readonly name?: string | undefined },
  weights: Readonly<Record<string, number>>,
  options: WaitOptions = {},
): Promise<"updated" | "unchanged"> {
  const endpoint = nameOf(session.target, name);
  const asked: Asked = { endpoint, config: `the weights ${JSON.stringify(weights)}`, versions: [] };
  let seen = await describeEndpoint(session, endpoint);
  if (seen !== undefined && !isSettled(seen)) {
    const pending = pendingConfig(seen);
    if (pending !== undefined) throw busy(asked, seen, pending);
    seen = await waitUntilSettled(session, asked, options);
  }
  if (seen === undefined) throw gone(endpoint);
  if (seen.EndpointStatus !== "InService") throw endedBadly(asked, seen, []);
  const standing = weightsOf(seen);
  check(endpoint, standing, weights);
  const changed = Object.entries(weights).filter(([variant, weight]) => !equal(weight, standing.get(variant) ?? NaN));
  if (changed.length === 0) return "unchanged";
  await session.call("sagemaker", "UpdateEndpointWeightsAndCapacities", {
    EndpointName: endpoint,
    DesiredWeightsAndCapacities: Object.entries(weights).map(([VariantName, DesiredWeight]) => ({
      VariantName,
      DesiredWeight,
    })),
  });
  const after = await waitUntilSettled(session, asked, options);
  if (after === undefined) throw gone(endpoint);
  const now = weightsOf(after);
  const arrived = changed.every(([variant, weight]) => equal(weight, now.get(variant) ?? NaN));
  if (after.EndpointStatus === "InService" && arrived) return "updated";
  if (after.EndpointStatus !== "InService") throw endedBadly(asked, after, []);
  throw new ChurnkitError(
    "DEPLOY_FAILED",
    `The endpoint ${endpoint} did not take ${asked.config}: it has ${JSON.stringify(Object.fromEntries(now))}. ${after.FailureReason ?? "SageMaker rolled the change back, or somebody else changed it."} Look at the endpoint, and set the weights again.`,
  );
}

function check(
  endpoint: string,
  standing: ReadonlyMap<string, number>,
  weights: Readonly<Record<string, number>>,
): void {
  const refuse = (message: string): never => {
    throw new ChurnkitError("OPTION_INVALID", `${message} See docs/aws-endpoints.md.`, { where: { value: weights } });
  };
  for (const [variant, weight] of Object.entries(weights)) {
    if (!standing.has(variant))
      refuse(`The endpoint ${endpoint} has no variant ${variant}. It has ${[...standing.keys()].join(", ")}.`);
    if (!(Number.isFinite(weight) && weight >= 0))
      refuse(`The weight of the variant ${variant} must be a number of 0 or more, not ${weight}.`);
  }
  const sum = [...standing].reduce((total, [variant, weight]) => total + (weights[variant] ?? weight), 0);
  if (sum === 0) refuse(`The weights of the endpoint ${endpoint} would all be 0, so that no variant gets traffic.`);
}
