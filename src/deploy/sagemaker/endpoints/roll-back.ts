import { ChurnkitError } from "../../../base/errors.js";
import { nameOf } from "../../aws/target.js";
import type { AwsSession } from "../session.js";
import { changeOver, type ChangeOptions, longestUpdate } from "./change-over.js";
import type { EndpointOutcome } from "./deploy.js";
import { endedBadly, gone } from "./failures.js";
import { configBefore, readHistory } from "./history.js";
import { restoringScaling } from "./parked-scaling.js";
import { versionsIn } from "./planned.js";
import { describeConfig, describeEndpoint, isLost, isSettled, pendingConfig } from "./standing.js";
import { waitUntilSettled } from "./wait.js";

/**
 * Returns an endpoint to the configuration that it served before, in one call. It waits for what is under way. Trials are left
 * out, so that a rollback from a canary leads to the version before it. Called again it leads one configuration further back;
 * give `from` and it only leaves that configuration, so that the call can be repeated after a kill.
 *
 * @throws ChurnkitError DEPLOY_FAILED when there is no former configuration, or the endpoint does not arrive at it; AWS_FAILED.
 * @example
 * ```ts
 * import { type AwsSession, deployEndpoint, type EndpointDeployment, rollBackEndpoint } from "churnkit/deploy/sagemaker";
 *
 * async function tryOut(session: AwsSession, deployment: EndpointDeployment, isGood: () => Promise<boolean>) {
 *   const { config } = await deployEndpoint(session, deployment);
 *   if (!(await isGood())) await rollBackEndpoint(session, { from: config });
 * }
 * console.assert(typeof tryOut === "function");
 * ```
 */
export async function rollBackEndpoint(
  session: AwsSession,
  endpointOf: {
    /** The endpoint's name, after the target's. */
    readonly name?: string | undefined;
    /** Name of the configuration to leave. Default: the one in service, or to which the endpoint is on its way. */
    readonly from?: string | undefined;
  } = {},
  options: ChangeOptions = {},
): Promise<EndpointOutcome> {
  const endpoint = nameOf(session.target, endpointOf.name);
  return restoringScaling(session, endpoint, () => moveBack(session, endpoint, endpointOf, options));
}

async function moveBack(
  session: AwsSession,
  endpoint: string,
  endpointOf: Parameters<typeof rollBackEndpoint>[1] & object,
  options: ChangeOptions,
): Promise<EndpointOutcome> {
  const { name } = endpointOf;
  const first = await describeEndpoint(session, endpoint);
  if (first === undefined) throw gone(endpoint);
  const history = await readHistory(session, endpoint);
  const pending = pendingConfig(first);
  // On its way to a former configuration, it is being rolled back already.
  const isForward = pending !== undefined && !history.previous.includes(pending);
  const from = endpointOf.from ?? (isForward ? pending : first.EndpointConfigName);
  const seen = isSettled(first)
    ? first
    : await waitUntilSettled(
        session,
        { endpoint, config: pending ?? "its configuration", versions: [] },
        { ...options, maxSeconds: options.maxSeconds ?? longestUpdate },
      );
  const standing = seen?.EndpointConfigName;
  if (seen === undefined || standing === undefined) throw gone(endpoint);
  if (isLost(seen)) throw endedBadly({ endpoint, config: "its former configuration", versions: [] }, seen, []);
  const isMixed = seen.EndpointStatus === "UpdateRollbackFailed";
  if (from !== standing && !isMixed) {
    const versions = versionsIn(session.target, (await describeConfig(session, standing)) ?? {});
    return { outcome: "unchanged", endpoint, config: standing, versions, former: from };
  }

  const to = isMixed ? history.previous[0] : configBefore(history, standing);
  const wanted = to === undefined ? undefined : await describeConfig(session, to);
  if (to === undefined || wanted === undefined) throw nothingBefore(endpoint, standing, to);
  const asked = { endpoint, config: to, versions: versionsIn(session.target, wanted) };
  const { ProductionVariants } = wanted;
  await changeOver(session, asked, { name, seen, to: { EndpointConfigName: to, ProductionVariants } }, options);
  return { outcome: "updated", endpoint, config: to, versions: asked.versions, former: standing };
}

const nothingBefore = (endpoint: string, standing: string, to: string | undefined): ChurnkitError =>
  new ChurnkitError(
    "DEPLOY_FAILED",
    to === undefined
      ? `The endpoint ${endpoint} has served no configuration before ${standing}. Deploy an older version instead.`
      : `The endpoint ${endpoint} served ${to} before ${standing}, but somebody deleted that configuration. Deploy the older version again.`,
  );
