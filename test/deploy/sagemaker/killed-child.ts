import { pipelineDefinition, steps } from "../../../src/deploy/aws/index.js";
import { release } from "../../../src/deploy/sagemaker/index.js";
import { sagemakerPipeline } from "../../../src/deploy/sagemaker/pipelines/index.js";
import { awsSession } from "../../../src/deploy/sagemaker/session.js";
import { storeRegistry } from "../../../src/registry/index.js";
import { virtualClock } from "../../../src/rehearsal/clock.js";
import { awsTarget } from "../../helpers/aws-target.js";
import { below, held, served } from "../../helpers/release-parts.js";

// A process of its own that releases version 2, or starts a pipeline, in a rehearsal of another process. Its clock is its own, and
// the rehearsal's follows it.
const [what, endpoint = "", start, follower = ""] = process.argv.slice(2);
const own = virtualClock(Number(start));
const clock: typeof own = {
  ...own,
  async sleep(ms, signal) {
    await own.sleep(ms, signal);
    await own.during(() => fetch(follower, { method: "POST", body: String(own.now()) }));
  },
};
const credentials = { accessKeyId: "A", secretAccessKey: "s" };
const session = awsSession(awsTarget, { clientConfig: { endpoint, credentials, maxAttempts: 1 }, clock });

async function releasing(): Promise<unknown> {
  const store = held(await own.during(() => session.store()), clock);
  const registry = storeRegistry(below(store, "registry/"), { name: "sample" });
  const rollout = { strategy: { kind: "canary", steps: [0.5, 1], bake: 60_000 }, minRequests: 0 } as const;
  return release(session, { registry, store, version: 2, serve: served, rollout }, { owner: "test", every: 30_000 });
}

async function starting(): Promise<unknown> {
  const work = steps.processing("work", awsTarget, {
    entrypoint: ["churnkit-container", "process", "evaluate"],
    outputs: { report: { uri: "s3://churn-data/churn-dev/reports" } },
    instanceType: "ml.m5.large",
  });
  const pipeline = sagemakerPipeline(session);
  await pipeline.upsert(pipelineDefinition({ parameters: { Seed: { type: "Integer", default: 1 } }, steps: [work] }));
  return pipeline.start("monday", { Seed: 2 });
}

console.log(JSON.stringify(await own.until(what === "release" ? releasing() : starting())));
session.close();
