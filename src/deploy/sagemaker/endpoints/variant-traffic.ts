import { unlessPaused } from "../../../base/async/index.js";
import { ChurnkitError } from "../../../base/errors.js";
import type { Shares, Traffic } from "../../rollout/ports.js";
import type { AwsSession } from "../session.js";
import { deployEndpoint } from "./deploy.js";
import { readShares } from "./shares.js";
import { plan } from "./planned.js";
import { describeEndpoint, isSettled, pendingConfig } from "./standing.js";
import { candidateVariant, type TrafficBetween, trialOf } from "./trial.js";
import { type WaitOptions, waitUntilSettled } from "./wait.js";
import { setVariantWeights } from "./weights.js";

/**
 * The traffic between two versions as weights of two variants of one endpoint, in any steps. The first step deploys a configuration with
 * both, `main` and `candidate`, which takes minutes; the others change weights. At the end one version is alone again, in `main`:
 * a variant without traffic would cost as much as before, and alarms and scaling go by the name `main`.
 *
 * @throws ChurnkitError OPTION_INVALID for deployments that cannot be joined.
 * @example
 * ```ts
 * import { type AwsSession, type TrafficBetween, variantTraffic } from "churnkit/deploy/sagemaker";
 *
 * async function tenPercent(session: AwsSession, between: TrafficBetween) {
 *   const traffic = variantTraffic(session, between);
 *   await traffic.set(0.1);
 *   return traffic.read(); // { v11: 0.9, v12: 0.1 }
 * }
 * console.assert(typeof tenPercent === "function");
 * ```
 */
export function variantTraffic(session: AwsSession, between: TrafficBetween, wait: WaitOptions = {}): Traffic {
  const { target } = session;
  const { main, both, mirrored } = trialOf(between);
  const { name } = between.stable;
  const { endpoint } = plan(target, both);
  const configOf = (deployment: typeof both): string => plan(target, deployment).config.EndpointConfigName;
  const own = new Set([between.stable, between.candidate, both, mirrored].map(configOf));

  /** The configuration in service, once what this driver may have begun before has ended. */
  async function standing(): Promise<string | undefined> {
    const seen = await describeEndpoint(session, endpoint);
    if (seen === undefined || isSettled(seen) || !own.has(pendingConfig(seen) ?? "")) return seen?.EndpointConfigName;
    const asked = { endpoint, config: pendingConfig(seen) ?? "", versions: [] };
    return (await waitUntilSettled(session, asked, wait))?.EndpointConfigName;
  }

  const weigh = (share: number) => {
    const part = Number((100 * share).toFixed(4));
    return setVariantWeights(session, { name }, { [main]: 100 - part, [candidateVariant]: part }, wait);
  };

  return {
    read: (): Promise<Shares> => readShares(session, endpoint),
    async set(share) {
      if (!(share >= 0 && share <= 1))
        throw new ChurnkitError("OPTION_INVALID", `A share of the traffic is a number from 0 to 1, not ${share}.`);
      const config = await standing();
      if (config === configOf(between.stable) && share === 0) return;
      if (config === configOf(between.candidate) && share === 1) return;
      if (config !== configOf(both)) await deployEndpoint(session, both, { ...wait, trial: true });
      await weigh(share);
    },
    async mirror() {
      await standing();
      await deployEndpoint(session, mirrored, { ...wait, trial: true });
    },
    async end(winner) {
      // At once, because the deployment takes minutes; what counts is whether that succeeds.
      if ((await standing()) === configOf(both)) await weigh(winner === "candidate" ? 1 : 0).catch(unlessPaused);
      await deployEndpoint(session, between[winner], { ...wait, giveUp: winner === "stable" });
    },
  };
}
