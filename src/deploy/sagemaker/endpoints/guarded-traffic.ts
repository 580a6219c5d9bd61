import { ChurnkitError } from "../../../base/errors.js";
import type { Guardrails } from "../../aws/requests/guardrails.js";
import type { Traffic } from "../../rollout/ports.js";
import type { AwsSession } from "../session.js";
import { waitOf } from "./change-over.js";
import { deployEndpoint } from "./deploy.js";
import { plan } from "./planned.js";
import { readShares } from "./shares.js";
import { describeEndpoint, isSettled, pendingConfig } from "./standing.js";
import { type TrafficBetween, trialOf } from "./trial.js";
import { type WaitOptions, waitUntilSettled } from "./wait.js";

/**
 * The traffic between two versions, moved by SageMaker's guardrails. They bring steps and alarms of their own, so that a rollout has
 * one step only, to the whole traffic, and ends it as SageMaker does: with the candidate, or rolled back, which is an error that names
 * the alarms. SageMaker cannot stop an update that is under way: going back to the stable version waits for its end.
 *
 * @throws ChurnkitError OPTION_INVALID for deployments that cannot be joined.
 * @example
 * ```ts
 * import { type AwsSession, guardedTraffic, type TrafficBetween } from "churnkit/deploy/sagemaker";
 *
 * const traffic = (session: AwsSession, between: TrafficBetween) =>
 *   guardedTraffic(session, between, {
 *     guardrails: { strategy: "canary", first: { percent: 25 }, waitSeconds: 600, alarms: ["churn-dev-5xx"] },
 *   });
 * console.assert(typeof traffic === "function");
 * ```
 */
export function guardedTraffic(
  session: AwsSession,
  between: TrafficBetween,
  { guardrails, ...wait }: WaitOptions & { readonly guardrails: Guardrails },
): Traffic {
  // Both must be of a kind that can be compared, although no trial is deployed.
  trialOf(between);
  const { endpoint, config } = plan(session.target, between.candidate);

  async function end(winner: "candidate" | "stable"): Promise<void> {
    if (winner === "candidate") return void (await deployEndpoint(session, between.candidate, { ...wait, guardrails }));
    const seen = await describeEndpoint(session, endpoint);
    const pending = seen && pendingConfig(seen);
    if (seen !== undefined && !isSettled(seen) && pending === config.EndpointConfigName)
      await waitUntilSettled(session, { endpoint, config: pending, versions: [] }, waitOf({ ...wait, guardrails }));
    await deployEndpoint(session, between.stable, { ...wait, giveUp: true });
  }

  return {
    read: () => readShares(session, endpoint),
    async set(share) {
      if (share === 0) return end("stable");
      if (share === 1) return end("candidate");
      throw new ChurnkitError(
        "OPTION_INVALID",
        `SageMaker's guardrails bring steps of their own: the rollout's only step must be 1, not ${share}. Use the strategy allAtOnce, or variantTraffic for other steps.`,
      );
    },
    end,
  };
}
