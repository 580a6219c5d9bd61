import { release, type Release, type ReleaseOptions, type ReleaseOutcome } from "../../src/deploy/sagemaker/index.js";
import { memoryStore, type ObjectStore } from "../../src/io/store/index.js";
import { type ModelRegistry, storeRegistry } from "../../src/registry/index.js";
import type { RehearsalOptions } from "../../src/rehearsal/rehearse.js";
import { sampleArtifact, sampleRecords } from "./artifact.js";
import { type EndpointAccount, endpointAccount } from "./endpoint-session.js";
import { below, served } from "./release-parts.js";

export { below, served } from "./release-parts.js";

/** A registry with some versions, the target's bucket, and a rehearsal in which releases happen. */
export interface ReleaseWorld extends EndpointAccount {
  readonly registry: ModelRegistry;
  /** The target's part of the bucket. */
  readonly store: ObjectStore;
  /** Releases a version by a canary while requests arrive. */
  readonly go: (version: number, more?: Partial<Release>, options?: ReleaseOptions) => Promise<ReleaseOutcome>;
  /** Sends one request. */
  readonly ask: () => Promise<void>;
  /** Requests arrive while something else happens. */
  readonly traffic: <T>(work: () => Promise<T>) => Promise<T>;
  /** Statuses of the answers to the requests so far, by variant. */
  readonly answers: Map<string, number[]>;
}

const artifacts = Promise.all([1, 2, 3].map((seed) => sampleArtifact({ networks: 0, seed })));

/** The body of each request. */
const asked = JSON.stringify({ instances: sampleRecords(20) });

interface ReleaseWorldOptions extends RehearsalOptions {
  /** Virtual milliseconds from one request to the next while a release is under way. */
  readonly requestEvery?: number;
  /** Versions in the registry. Default 3. */
  readonly versions?: number;
}

export const canary: Release["rollout"] = {
  strategy: { kind: "canary", steps: [0.2, 0.5, 1], bake: 5 * 60_000 },
  guards: [
    { kind: "errorRate", above: 0.01 },
    { kind: "latency", statistic: "average", above: 200 },
  ],
  minRequests: 5,
};

/** SageMaker's own canary, and a rollout that only watches. */
export const guarded = {
  guardrails: { strategy: "canary", first: { percent: 50 }, waitSeconds: 600, alarms: ["churn-dev-5xx"] },
  rollout: { strategy: { kind: "allAtOnce", bake: 60_000 }, minRequests: 0 },
} as const;

/** Whether a call may change something. */
export const isWrite = (call: string): boolean => !/^(Describe|List|Get|Invoke)/.test(call);

export async function releaseWorld({
  requestEvery = 15_000,
  versions = 3,
  ...options
}: ReleaseWorldOptions = {}): Promise<ReleaseWorld> {
  const bucket = memoryStore();
  const account = await endpointAccount({ buckets: () => bucket, ...options });
  const { session, rehearsal } = account;
  const store = below(bucket, "churn-dev/");
  const registry = storeRegistry(below(bucket, "churn-dev/registry/"), { name: "sample" });
  for (const artifact of (await artifacts).slice(0, versions)) await registry.register(artifact);
  const answers = new Map<string, number[]>();

  async function ask(): Promise<void> {
    const note = (variant: string, status: number) => answers.set(variant, [...(answers.get(variant) ?? []), status]);
    await session
      .call("sagemaker-runtime", "InvokeEndpoint", {
        EndpointName: "churn-dev",
        Body: asked,
        ContentType: "application/json",
      })
      .then(
        ({ InvokedProductionVariant = "" }) => note(InvokedProductionVariant, 200),
        (error: unknown) =>
          note("failed", (error as { cause?: { OriginalStatusCode?: number } }).cause?.OriginalStatusCode ?? 0),
      );
  }

  async function traffic<T>(work: () => Promise<T>): Promise<T> {
    const over = new AbortController();
    const asking = (async () => {
      while (!over.signal.aborted) {
        await rehearsal.clock.during(ask);
        await rehearsal.clock.sleep(requestEvery, over.signal).catch(() => undefined);
      }
    })();
    try {
      return await account.run(work());
    } finally {
      over.abort();
      await account.run(asking);
    }
  }

  async function go(version: number, more: Partial<Release> = {}, given: ReleaseOptions = {}): Promise<ReleaseOutcome> {
    const asked: Release = { registry, store, version, serve: served, rollout: canary, ...more };
    const released = (): Promise<ReleaseOutcome> => release(session, asked, { every: 60_000, owner: "test", ...given });
    return (await registry.aliases()).size > 0 ? traffic(released) : account.run(released());
  }
  return { ...account, registry, store, go, ask, traffic, answers };
}
