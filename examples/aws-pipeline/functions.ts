// What the Lambda functions do. On AWS they take everything from their environment; a rehearsal gives each its role, address and clock.
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { syntheticContract as contract, syntheticCustomers } from "churnkit/data";
import {
  adoptVersion,
  awsSession,
  decideVersion,
  readReleasedBaseline,
  releaseStep,
  sageMakerClient,
} from "churnkit/deploy/sagemaker";
import {
  evaluationFunction,
  ingestionFunction,
  releaseFunction,
  retrainingFunction,
  validationFunction,
} from "churnkit/deploy/functions";
import type { MetricSink } from "churnkit/io";
import { cloudWatchSink } from "churnkit/io/cloudwatch";
import { monitorLambda } from "churnkit/serving";
import { opened, production, staging } from "./releases.js";
import { home, rows, target } from "./target.js";

/** What a function works with; on AWS nothing needs to be said. */
type Surroundings = NonNullable<Parameters<typeof awsSession>[1]> & { readonly sink?: MetricSink };

/** @param as the surroundings of the function of a name. */
export const handlers = (as: (name: string) => Surroundings = () => ({})) => ({
  ingestion: ingestionFunction({ ...as("ingestion"), target, contract, labeled: true }),
  validation: validationFunction({ ...as("validation"), target, contract, minRows: 2000 }),
  evaluation: evaluationFunction({ ...as("evaluation"), target, rows: `${home}/held-out.jsonl` }),
  retrain: retrainingFunction({
    ...as("retrain"),
    target,
    input: { CustomersUri: rows },
    policy: { leaseMinutes: 240, cooldownHours: 6 },
  }),
  approved: releaseFunction({ ...as("approved"), target }),
  monitor: monitor(as("monitor")),
  "release-step": release(as("release-step")),
});

/** Each hour: compares what customers asked with the baseline of the version on duty. */
const monitor = (surroundings: Surroundings) => async (event: unknown) => {
  const session = awsSession(target, surroundings);
  const { store } = await opened(session);
  const released = await readReleasedBaseline(store, "churn-dev");
  if (released === undefined) return "Nothing is on duty yet.";
  const client = new CloudWatchClient(session.clientConfig);
  const now = () => new Date(session.clock.now());
  const sink = await cloudWatchSink({ namespace: "Churnkit", client, now });
  const watch = monitorLambda({
    store,
    prefix: "captured/churn-dev/",
    keep: `monitoring/v${released.version}`,
    baseline: released.baseline,
    sink,
    pointLabels: { model: contract.name },
    clock: session.clock,
  });
  return watch(event).finally(() => client.destroy());
};

/** Takes a release as far as it goes without waiting; the state machine of the release calls again. */
const release = (surroundings: Surroundings) => async (event: unknown) => {
  const { package: arn } = event as { readonly package: string };
  const session = awsSession(target, surroundings);
  const { registry } = await opened(session);
  const { number } = await adoptVersion(session, registry, arn);
  const staged = await releaseStep(session, staging(registry, number));
  if (staged.outcome !== "released" && staged.outcome !== "unchanged") return staged;
  await smokeTest(surroundings);
  const released = await releaseStep(session, production(registry, number));
  if (released.outcome === "returned")
    await decideVersion(session, arn, { decision: "Rejected", by: "the release", reason: released.reason });
  return released;
};

/** The staging endpoint must tell customers apart. */
async function smokeTest({ clientConfig }: Surroundings): Promise<void> {
  const client = sageMakerClient("churn-dev-staging", { clientConfig: { region: target.region, ...clientConfig } });
  const { records } = syntheticCustomers({ rows: 20, seed: 99 });
  const answers = await client.predictMany(records).finally(() => client.close());
  const probabilities = answers.map((answer) =>
    "probability" in answer ? (answer.probability ?? Number.NaN) : Number.NaN,
  );
  if (!(Math.max(...probabilities) - Math.min(...probabilities) > 0.2)) throw new Error("The smoke test failed.");
}
