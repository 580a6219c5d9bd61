import { ChurnkitError } from "../../../base/errors.js";
import { sameShares } from "../../rollout/machine.js";
import type { RolloutState } from "../../rollout/state.js";
import { numberOf, versionName } from "./model-archive.js";
import { isDisturbed, type ReleaseStatus } from "./status.js";

/**
 * The version that a candidate follows; undefined for the first one. It is the version that serves alone and has the alias, or, where the
 * rollout of this candidate was cut off, the one that it began with.
 *
 * @throws ChurnkitError DEPLOY_FAILED when somebody else changed what serves.
 */
export function followed(
  { endpoint, endpointStatus, alias, serving, disagreements }: ReleaseStatus,
  candidate: number,
  rollout: RolloutState | undefined,
): number | undefined {
  // An endpoint that is being created, or failed, serves nobody.
  if (serving === undefined || Object.keys(serving).length === 0) return undefined;
  const name = versionName(candidate);
  // A rollout that is under way ends with one version by itself, where SageMaker lets it.
  if (isDisturbed(endpointStatus) && !isUnderWay(rollout, candidate))
    throw new ChurnkitError("DEPLOY_FAILED", `${disagreements.join(" ")} Nothing was changed.`, {
      where: { value: serving },
    });
  const isAlone = sameShares(serving, { [name]: 1 });
  if (rollout?.candidate === name && (rollout.phase !== "ended" || isAlone)) return numberOf(rollout.stable);
  // The first release was cut off, or its record was lost after all traffic had moved.
  if (isAlone && (alias === undefined || alias === candidate)) return undefined;
  const [only] = Object.keys(serving);
  const number =
    only === undefined || only === name || !sameShares(serving, { [only]: 1 }) ? undefined : numberOf(only);
  // The alias may have moved on already.
  if (number !== undefined && (alias === number || alias === candidate)) return number;
  throw new ChurnkitError(
    "DEPLOY_FAILED",
    `${disagreements.join(" ")} Nothing was changed. Somebody changed the endpoint ${endpoint} by hand or another tool did: point the alias to what serves, or roll the endpoint back, before a release.`,
    { where: { value: serving } },
  );
}

/** Whether a rollout of the version has begun and not ended: its end may have quarantined the version already. */
export const isUnderWay = (rollout: RolloutState | undefined, number: number): boolean =>
  rollout?.candidate === versionName(number) && rollout.phase !== "ended";
