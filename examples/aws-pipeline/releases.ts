// How a version comes on duty: first at a staging endpoint, then in production beside the version before.
import { adoptVersion, decideVersion, releaseStep, sageMakerClient } from "churnkit/deploy/sagemaker";
import type { AwsSession, Release } from "churnkit/deploy/sagemaker";
import { storeRegistry } from "churnkit/registry";
import { home } from "./target.js";

type Stage = Omit<Release, "registry" | "version">;

const serve: Stage["serve"] = (model, data) => ({
  models: { [model]: { data } },
  config: {
    kind: "real-time",
    variants: [{ model, instanceType: "ml.m5.large" }],
    capture: { uri: `${home}/captured` },
  },
});

const atOnce = { strategy: { kind: "allAtOnce", bake: 0 }, minRequests: 0 } as const;
export const staging: Stage = { name: "staging", alias: "staging", serve, rollout: atOnce };

export const production: Stage = {
  serve,
  rollout: {
    strategy: { kind: "canary", steps: [0.1, 0.5, 1], bake: 20 * 60_000 },
    guards: [
      { kind: "errorRate", above: 0.01 },
      { kind: "latency", statistic: "p99", above: 200 },
      { kind: "scoreDrift", above: 0.25 }, // the captured scores of both versions
    ],
    minRequests: 5,
  },
};

export const registryOf = async (session: AwsSession) => storeRegistry(await session.store(), { name: "churn-dev" });

/** Takes an approved version as far as it goes without waiting; the state machine of the release calls again. */
export const releaseOn = (session: AwsSession) => async (event: unknown) => {
  const { package: arn } = event as { readonly package: string };
  const registry = await registryOf(session);
  const { number: version } = await adoptVersion(session, registry, arn);
  const staged = await releaseStep(session, { ...staging, registry, version });
  if (staged.outcome !== "released" && staged.outcome !== "unchanged") return staged;
  // The smoke test: the staging endpoint must give the bundle's known records the bundle's own scores, by this model, in time.
  const client = sageMakerClient("churn-dev-staging", { clientConfig: session.clientConfig });
  await client.smokeTest(await registry.load(version)).finally(client.close);
  const { outcome, reason } = await releaseStep(session, { ...production, registry, version });
  if (outcome === "returned") await decideVersion(session, arn, { decision: "Rejected", by: "the release", reason });
  return { outcome, reason };
};
