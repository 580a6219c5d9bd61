import { beforeAll, describe, expect, it } from "vitest";
import { retrainingController } from "../../src/monitor/retraining/controller.js";
import { retrainingPolicy } from "../../src/monitor/retraining/retraining-policy.js";
import { memorySink } from "../../src/io/metrics/memory-sink.js";
import { memoryStore } from "../../src/io/store/memory-store.js";
import type { ObjectStore } from "../../src/io/store/object-store.js";
import type { Artifact } from "../../src/model/artifact.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import type { ModelRegistry } from "../../src/registry/registry.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { everyCall, typedEnd } from "../helpers/faults.js";

describe("a registry whose store fails at any call", () => {
  let models: readonly Artifact[];
  beforeAll(async () => {
    models = await Promise.all([0, 1, 2].map((networks) => sampleArtifact({ networks })));
  });
  const registryIn = (store: ObjectStore): ModelRegistry => storeRegistry(store, { name: "sample" });
  /** Two versions, the second on duty after the first. */
  const begun = async (): Promise<ObjectStore> => {
    const store = memoryStore();
    const registry = registryIn(store);
    for (const [i, model] of models.slice(0, 2).entries()) {
      await registry.register(model);
      await registry.promote(i + 1, "champion", { by: "ada" });
    }
    return store;
  };
  const seen = async (registry: ModelRegistry): Promise<unknown> => ({
    versions: (await registry.list()).map(({ number, status, stage }) => ({ number, status, stage })),
    champion: (await registry.get("champion")).number,
    history: (await registry.history()).map(({ action, to }) => ({ action, to })),
  });

  it.each<[string, (registry: ModelRegistry) => Promise<unknown>]>([
    ["register", (registry) => registry.register(models[2] as Artifact)],
    ["promote", (registry) => registry.promote(1, "champion", { by: "ada" })],
    ["rollback", (registry) => registry.rollback("champion", { by: "ada" })],
    ["remove", (registry) => registry.remove(1, { by: "ada" })],
  ])("changes all or nothing on %s, and says which", async (_, change) => {
    const before = await seen(registryIn(await begun()));
    const whole = await begun();
    await change(registryIn(whole));
    const after = await seen(registryIn(whole));
    await everyCall(begun, async (faulty, sound) => {
      const error = await typedEnd(change(registryIn(faulty)));
      const now = await seen(registryIn(sound));
      expect(error === undefined ? [after] : [before, after]).toContainEqual(now);
      // Whoever tries again is not held up by what was left half done.
      if (error !== undefined && JSON.stringify(now) === JSON.stringify(before)) {
        await change(registryIn(sound));
        expect(await seen(registryIn(sound))).toEqual(after);
      }
    });
  });
});

describe("a retraining controller", () => {
  const policy = retrainingPolicy({ name: "churn" });
  const asked = { manual: { by: "ada", reason: "new data" } };
  const round = (store: ObjectStore, sink = memorySink()) =>
    retrainingController(store, policy, { sink, run: () => Promise.resolve(undefined) });

  it("whose store fails at any call ends typed, or goes on; its state can be read", async () => {
    await everyCall(
      () => Promise.resolve(memoryStore()),
      async (faulty, sound) => {
        await typedEnd(round(faulty).reconcile(asked));
        const { running, runs } = await round(sound).state();
        expect((running === null ? 0 : 1) + runs.length).toBeLessThanOrEqual(1);
      },
    );
  });

  it("whose sink fails at any call retrains all the same", async () => {
    await everyCall(
      () => Promise.resolve(memorySink()),
      async (faulty) => {
        expect((await round(memoryStore(), faulty).reconcile(asked)).run?.status).toBe("succeeded");
      },
    );
  });
});
