// How a version comes on duty: first at a staging endpoint, then in production beside the version before.
import type { AwsSession, Release } from "churnkit/deploy/sagemaker";
import { s3Store } from "churnkit/io/s3";
import { type ModelRegistry, storeRegistry } from "churnkit/registry";
import { home, target } from "./target.js";

/** The target's folder of the bucket, and the registry in it. */
export async function opened({ clientConfig }: AwsSession) {
  const forcePathStyle = clientConfig.endpoint !== undefined;
  const store = await s3Store({
    bucket: target.bucket,
    prefix: "churn-dev",
    clientConfig: { ...clientConfig, forcePathStyle },
  });
  return { store, registry: storeRegistry(store, { name: "churn-dev" }) };
}

const minutes = 60_000;
const served = (model: string, data: string) => ({
  models: { [model]: { data } },
  variants: [{ model, instanceType: "ml.m5.large" as const }],
});

export const staging = (registry: ModelRegistry, version: number): Release => ({
  registry,
  version,
  name: "staging",
  alias: "staging",
  serve(model, data) {
    const { models, variants } = served(model, data);
    return { models, config: { kind: "real-time", variants } };
  },
  rollout: { strategy: { kind: "allAtOnce", bake: 0 }, minRequests: 0 },
});

export const production = (registry: ModelRegistry, version: number): Release => ({
  registry,
  version,
  serve(model, data) {
    const { models, variants } = served(model, data);
    return { models, config: { kind: "real-time", variants, capture: { uri: `${home}/captured` } } };
  },
  rollout: {
    strategy: { kind: "canary", steps: [0.1, 0.5, 1], bake: 20 * minutes },
    guards: [
      { kind: "errorRate", above: 0.01 },
      { kind: "latency", statistic: "p99", above: 200 },
    ],
    minRequests: 20,
  },
});
