import type { Contract } from "../../../data/contract/index.js";
import type { ObjectStore } from "../../../io/store/index.js";
import { mainVariant } from "../../aws/requests/variants.js";
import { type AwsTarget, uriOf } from "../../aws/target.js";
import type { Readings } from "../../rollout/ports.js";
import type { Captured } from "../endpoints/captured-scores.js";
import { endpointReadings } from "../endpoints/readings.js";
import { candidateVariant, shadowVariant, trialOf } from "../endpoints/trial.js";
import type { AwsSession } from "../session.js";
import { versionName } from "./model-archive.js";
import type { Deployed, Moves, Release, ReleaseOptions } from "./release.js";

type Asked = Release & { readonly store: ObjectStore };

/** What is measured of both versions while the traffic moves. */
export function readingsOf(
  session: AwsSession,
  asked: Asked,
  { readings, monitored }: ReleaseOptions,
  { from, to }: Moves,
): Readings {
  const { name, guardrails, rollout } = asked;
  const version = versionName(to.number);
  // Guardrails keep one variant, in which both versions follow each other.
  const isAlone = from === undefined || guardrails !== undefined;
  const trial = isAlone ? undefined : trialOf({ stable: from.deployment, candidate: to.deployment });
  const beside = rollout.strategy.kind === "shadow" ? shadowVariant : candidateVariant;
  const versions: Record<string, string> =
    trial === undefined
      ? { [mainVariant]: version }
      : { [trial.main]: trial.versions.stable, [beside]: trial.versions.candidate };
  const comparesScores =
    trial !== undefined &&
    monitored === undefined &&
    rollout.guards?.some(({ kind }) => kind === "scoreDrift") === true;
  return (
    readings ??
    endpointReadings(session, {
      name,
      versions,
      ...(monitored && { monitored: { version, ...monitored } }),
      ...(comparesScores && { captured: capturedOf(session.target, asked, to) }),
    })
  );
}

/** What the endpoint captures, if it does so in the target's folder. */
function capturedOf(target: AwsTarget, { registry, store }: Asked, to: Deployed): Captured | undefined {
  const { config } = to.deployment;
  const home = uriOf(target, "");
  const uri = config.kind === "real-time" ? (config.capture?.uri ?? "") : "";
  if (!uri.startsWith(home)) return undefined;
  let contract: Promise<Contract> | undefined;
  return {
    store,
    folder: uri.slice(home.length).replace(/\/$/, ""),
    contract: () => (contract ??= registry.load(to.number).then(({ artifact }) => artifact.contract)),
  };
}
