import type { ObjectStore } from "../../../io/store/index.js";
import type { ModelRegistry } from "../../../registry/index.js";
import { nameOf } from "../../aws/target.js";
import type { Shares } from "../../rollout/ports.js";
import { adviceOn } from "../endpoints/failures.js";
import { readShares } from "../endpoints/shares.js";
import { describeEndpoint } from "../endpoints/standing.js";
import type { AwsSession } from "../session.js";
import { versionName } from "./model-archive.js";
import { readReleasedBaseline } from "./released-baseline.js";

/** Which versions the three places name that must agree. */
export interface ReleaseStatus {
  /** The endpoint's whole name. */
  readonly endpoint: string;
  /** Version of the registry's alias; undefined before the first release. */
  readonly alias: number | undefined;
  /** SageMaker's status of the endpoint, such as `InService`; undefined without an endpoint. */
  readonly endpointStatus: string | undefined;
  /** Shares of the versions in the endpoint's traffic; undefined without an endpoint. */
  readonly serving: Shares | undefined;
  /** Version whose baseline the monitors compare with. */
  readonly baseline: number | undefined;
  /** What does not agree, in words; empty if all do. */
  readonly disagreements: readonly string[];
}

/** An endpoint and the registry of its versions. */
export interface ReleasedEndpoint {
  readonly registry: ModelRegistry;
  /** Alias of the version on duty; each endpoint of a registry needs its own. Default `champion`. */
  readonly alias?: string | undefined;
  /** The endpoint's name, after the target's. */
  readonly name?: string | undefined;
  /** Holds archives, records and baselines. Default: the target's bucket. */
  readonly store?: ObjectStore | undefined;
}

/**
 * Reads which version is on duty in the registry, at the endpoint and for the monitors. It changes nothing.
 *
 * @throws ChurnkitError AWS_FAILED, STORE_FAILED, STATE_CORRUPT.
 * @example
 * ```ts
 * import { type AwsSession, releaseStatus } from "churnkit/deploy/sagemaker";
 * import type { ModelRegistry } from "churnkit/registry";
 *
 * async function report(session: AwsSession, registry: ModelRegistry) {
 *   const { alias, serving, disagreements } = await releaseStatus(session, { registry });
 *   console.log(alias, serving, disagreements);
 * }
 * console.assert(typeof report === "function");
 * ```
 */
export async function releaseStatus(session: AwsSession, released: ReleasedEndpoint): Promise<ReleaseStatus> {
  const { registry, alias: name = "champion", store = await session.store() } = released;
  const endpoint = nameOf(session.target, released.name);
  const alias = (await registry.aliases()).get(name);
  const endpointStatus = (await describeEndpoint(session, endpoint))?.EndpointStatus;
  const serving = endpointStatus === undefined ? undefined : await readShares(session, endpoint);
  const baseline = (await readReleasedBaseline(store, endpoint))?.version;
  const status = { endpoint, endpointStatus, alias, serving, baseline };
  return { ...status, disagreements: disagreementsOf(name, status) };
}

/** Whether an endpoint is in a status in which it cannot stay, and nobody knows which version answers. */
export const isDisturbed = (status: string | undefined): status is string =>
  status === "Failed" || status === "OutOfService" || status === "UpdateRollbackFailed";

function disagreementsOf(
  name: string,
  { endpoint, endpointStatus, alias, serving, baseline }: Omit<ReleaseStatus, "disagreements">,
): string[] {
  const found: string[] = [];
  if (isDisturbed(endpointStatus))
    found.push(`The endpoint ${endpoint} is ${endpointStatus}. ${adviceOn(endpoint, endpointStatus)}`);
  const wanted = alias === undefined ? undefined : versionName(alias);
  const pointsTo =
    alias === undefined ? `The alias ${name} points to no version` : `The alias ${name} points to version ${alias}`;
  const shares = Object.entries(serving ?? {}).filter(([, share]) => share > 0);
  if (serving === undefined ? alias !== undefined : shares.length !== 1 || shares[0]?.[0] !== wanted)
    found.push(
      `${pointsTo}, but the endpoint ${endpoint} ${serving === undefined ? "does not exist" : `serves ${sharesText(shares)}`}.`,
    );
  if (baseline !== alias)
    found.push(
      `${pointsTo}, but the monitors compare with ${baseline === undefined ? "no baseline of a release" : `version ${baseline}`}.`,
    );
  return found;
}

const sharesText = (shares: readonly (readonly [string, number])[]): string =>
  shares.map(([version, share]) => `${version} with ${Number((share * 100).toFixed(2))} %`).join(" and ") ||
  "no version";
