import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  deployEndpoint,
  release,
  type Release,
  releaseStatus,
  releaseStep,
  rollBackRelease,
} from "../../../src/deploy/sagemaker/index.js";
import { memoryStore, type ObjectStore } from "../../../src/io/store/index.js";
import { type ModelRegistry, storeRegistry } from "../../../src/registry/index.js";
import { sampleArtifact } from "../../helpers/artifact.js";
import { canary, releaseWorld, type ReleaseWorld, served } from "../../helpers/release-world.js";

/** What docs/aws-operations.md says about recovery, done. */
describe("recovery", () => {
  let world: ReleaseWorld;
  beforeEach(async () => {
    world = await releaseWorld();
    await world.go(1);
    await world.go(2);
  }, 60_000);
  afterEach(() => world.close());

  const folder = "registry/sample/";
  /** Everything of the registry, as S3 copies it into a bucket of another region. */
  async function replica(): Promise<ObjectStore> {
    const copy = memoryStore();
    for (const { key } of await world.store.list(folder)) {
      const found = await world.store.get(key);
      if (found !== undefined) await copy.put(key.replace("registry/", ""), found.bytes);
    }
    return copy;
  }
  async function lose(which: (key: string) => boolean = () => true): Promise<number> {
    const lost = (await world.store.list(folder)).filter(({ key }) => which(key));
    for (const { key } of lost) await world.store.delete(key);
    return lost.length;
  }
  const statusWith = (registry: ModelRegistry) => releaseStatus(world.session, { registry, store: world.store });

  it.each(["everything", "the index"])("restores a registry that lost %s from a replica", async (what) => {
    const { registry, session, store } = world;
    const before = { versions: await registry.list(), history: await registry.history() };
    const copy = storeRegistry(await replica(), { name: "sample" });
    expect(await lose((key) => what === "everything" || key.endsWith("/index.json"))).toBeGreaterThan(0);
    if (what === "everything")
      // The endpoint says what it serves.
      expect(await statusWith(registry)).toMatchObject({
        alias: undefined,
        serving: { v2: 1 },
        baseline: 2,
        disagreements: [expect.stringContaining("points to no version"), expect.stringContaining("version 2")],
      });

    // What `churnkit registry migrate` does.
    await registry.restore(await copy.snapshot());
    expect(await registry.verify()).toMatchObject({ sound: true });
    expect({ versions: await registry.list(), history: await registry.history() }).toEqual(before);
    expect(await statusWith(registry)).toMatchObject({ alias: 2, serving: { v2: 1 }, baseline: 2, disagreements: [] });
    // Nothing is left to do, and what was possible before is possible again.
    expect(await world.go(2)).toMatchObject({ outcome: "unchanged" });
    const back = await world.rehearsal.clock.until(rollBackRelease(session, { registry, store }, { from: 2 }));
    expect(back).toEqual({ from: 2, to: 1, disagreements: [] });
  });

  it("begins a registry anew from what the endpoint serves, where there is no copy", async () => {
    const { session, store, rehearsal } = world;
    await lose();
    const fresh = storeRegistry(memoryStore(), { name: "sample" });
    const { version } = await fresh.register(await sampleArtifact({ networks: 0, seed: 2 }));
    const [, data = ""] = await modelInService(world);
    const all = async () => {
      await deployEndpoint(session, served("v1", data));
      await fresh.promote(version.number, "champion", { reason: "the endpoint served it" });
      return release(session, { registry: fresh, store, version: 1, serve: served, rollout: canary });
    };
    expect(await rehearsal.clock.until(all())).toMatchObject({ outcome: "released", disagreements: [] });
    expect(await statusWith(fresh)).toMatchObject({ alias: 1, serving: { v1: 1 }, baseline: 1 });
  });

  it("calls off a canary that another process began", async () => {
    const { registry, session, store } = world;
    const asked: Release = { registry, store, version: 3, serve: served, rollout: canary };
    const began = async () => {
      for (let step = 0; step < 10 && (await statusWith(registry)).serving?.["v3"] !== 0.2; step++) {
        await releaseStep(session, asked);
        await session.clock.sleep(60_000);
      }
    };
    await world.traffic(began);
    expect((await statusWith(registry)).serving).toEqual({ v2: 0.8, v3: 0.2 });
    const callOff = () => release(session, asked, { owner: "release-step", signal: AbortSignal.abort() });
    expect(await world.rehearsal.clock.until(callOff())).toMatchObject({ outcome: "returned", disagreements: [] });
    expect(await statusWith(registry)).toMatchObject({ alias: 2, serving: { v2: 1 } });
  });

  it("changes the image under the version on duty", async () => {
    const { session, rehearsal } = world;
    const [image, data = ""] = await modelInService(world);
    const next = { ...session, target: { ...session.target, image: image.replace(/@.*/, ":next") } };
    const { outcome } = await rehearsal.clock.until(deployEndpoint(next, served("v2", data)));
    expect([outcome, await modelInService(world)]).toEqual(["updated", [next.target.image, data]]);
    expect(await statusWith(world.registry)).toMatchObject({ alias: 2, serving: { v2: 1 }, disagreements: [] });
  });
});

/** Image and archive of the model that an endpoint serves. */
async function modelInService({ session }: ReleaseWorld): Promise<[image: string, data: string]> {
  const { EndpointConfigName } = await session.call("sagemaker", "DescribeEndpoint", { EndpointName: "churn-dev" });
  const { ProductionVariants = [] } = await session.call("sagemaker", "DescribeEndpointConfig", { EndpointConfigName });
  const { PrimaryContainer } = await session.call("sagemaker", "DescribeModel", {
    ModelName: ProductionVariants[0]?.ModelName,
  });
  return [PrimaryContainer?.Image ?? "", PrimaryContainer?.ModelDataUrl ?? ""];
}
