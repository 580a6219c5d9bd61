import { afterEach, describe, expect, it } from "vitest";
import { release, releaseStatus, variantTraffic } from "../../../src/deploy/sagemaker/index.js";
import { archiveUri, putArchive } from "../../../src/deploy/sagemaker/release/model-archive.js";
import { storeRegistry } from "../../../src/registry/index.js";
import type { VersionRef } from "../../../src/registry/versions/index.js";
import { AwsError } from "../../../src/rehearsal/front/aws-error.js";
import { budget } from "../../helpers/budget.js";
import { faulty, quietAlarm } from "../../helpers/endpoint-session.js";
import {
  below,
  type canary,
  guarded,
  isWrite,
  releaseWorld,
  type ReleaseWorld,
  served,
} from "../../helpers/release-world.js";

const opened: ReleaseWorld[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});
async function world(options: Parameters<typeof releaseWorld>[0] = {}): Promise<ReleaseWorld> {
  const made = await releaseWorld(options);
  opened.push(made);
  return made;
}

const statusOf = ({ session, registry, store }: ReleaseWorld) => releaseStatus(session, { registry, store });
/** A session and a store of a process that is killed once its Nth write has had its effect: nothing it waits for comes any more. */
function mortal({ session, store }: ReleaseWorld, writes: number) {
  let left = writes;
  let die = (): void => undefined;
  const killed = new Promise<void>((resolve) => (die = resolve));
  const never = new Promise<never>(() => undefined);
  async function after<T>(isWrite: boolean, work: () => Promise<T>): Promise<T> {
    if (left === 0) return never;
    const result = await work();
    if (isWrite && --left === 0) die();
    return left === 0 ? never : result;
  }
  const dying: typeof session = {
    ...session,
    call: (...given) => after(!/^(Describe|List|Get)/.test(given[1]), () => session.call(...given)),
  };
  const dyingStore: typeof store = {
    ...store,
    get: (key) => after(false, () => store.get(key)),
    list: (prefix) => after(false, () => store.list(prefix)),
    put: (...given) => after(true, () => store.put(...given)),
    putStream: (...given) => after(true, () => store.putStream(...given)),
  };
  const registry = storeRegistry(below(dyingStore, "registry/"), { name: "sample" });
  return { session: dying, store: dyingStore, registry, killed };
}

/** What an account has after two releases that nothing disturbed. */
const undisturbed = (async () => {
  const whole = await releaseWorld();
  await whole.go(1);
  await whole.go(2);
  const inventory = await whole.inventory();
  await whole.close();
  return inventory;
})();

describe("a release that is cut off", () => {
  it("continues after a kill behind each call, and ends as if nothing had happened", async () => {
    const plain: typeof canary = { strategy: { kind: "canary", steps: [0.5, 1], bake: 60_000 }, minRequests: 0 };
    const asked = ({ registry, store }: Pick<ReleaseWorld, "registry" | "store">) =>
      ({ registry, store, version: 2, serve: served, rollout: plain }) as const;
    const seenAfter = async (made: ReleaseWorld) => ({
      inventory: await made.inventory(),
      status: await statusOf(made),
    });
    const whole = await world();
    await whole.go(1);
    await whole.run(release(whole.session, asked(whole), { owner: "test" }));
    const expected = await seenAfter(whole);
    let writes = 1;
    // Every fifth write; all of them in test:deep.
    const step = Math.max(1, Math.round(5 / budget(1)));
    for (let isOver = false; !isOver; writes += step) {
      const made = await world();
      await made.go(1);
      const { session, killed, ...dying } = mortal(made, writes);
      const first = release(session, asked(dying), { owner: "test" }).then(() => (isOver = true));
      await made.run(Promise.race([first, killed]));
      const { outcome, former } = await made.run(release(made.session, asked(made), { owner: "test" }));
      // After the last write there is nothing left to do.
      if (outcome !== "unchanged") expect([outcome, former], `after write ${writes}`).toEqual(["released", 1]);
      expect(await seenAfter(made), `after write ${writes}`).toEqual(expected);
      await made.close();
      opened.splice(opened.indexOf(made), 1);
    }
    expect(writes).toBeGreaterThan(10);
  }, 300_000);

  it("continues after a kill while guardrails move the traffic", async () => {
    const made = await world();
    await made.go(1);
    await quietAlarm(made, "churn-dev-5xx");
    const { session, killed, ...dying } = mortal(made, 8);
    const asked = { version: 2, serve: served, ...guarded } as const;
    const first = release(session, { ...dying, ...asked }, { owner: "test" });
    await made.run(Promise.race([first, killed]));
    expect(made.calls.filter((call) => call === "UpdateEndpoint")).toHaveLength(1);
    await made.run(made.session.clock.sleep(420_000));
    const { registry, store } = made;
    const again = await made.run(release(made.session, { registry, store, ...asked }, { owner: "test" }));
    expect(again).toMatchObject({ outcome: "released", former: 1, disagreements: [] });
    expect(made.calls.filter((call) => call === "UpdateEndpoint")).toHaveLength(1);
  });
});

describe("a release that meets trouble", () => {
  it.each([2, 3])(
    "names a weight that was set by hand before a release of version %i, and writes nothing",
    async (version) => {
      const made = await world();
      await made.go(1);
      const { session, registry, store, run } = made;
      const deployed = async (of: number) => served(`v${of}`, archiveUri(session.target, await registry.get(of)));
      await putArchive(store, registry, await registry.get(3));
      const traffic = variantTraffic(session, { stable: await deployed(1), candidate: await deployed(3) });
      await run(traffic.set(0.3));
      made.calls.length = 0;
      const before = await store.list("");
      await expect(made.go(version)).rejects.toMatchObject({
        code: "DEPLOY_FAILED",
        message: expect.stringMatching(/serves v1 with 70 % and v3 with 30 %.*Nothing was changed/) as string,
      });
      expect(made.calls.filter(isWrite)).toEqual([]);
      expect(await store.list("")).toEqual(before);
    },
  );

  it("in another account than the target's writes nothing, not even to the bucket", async () => {
    const made = await world({ account: "999999999999" });
    const before = await made.store.list("");
    await expect(made.go(1)).rejects.toThrow(/999999999999/);
    expect(made.calls.filter(isWrite)).toEqual([]);
    expect(await made.store.list("")).toEqual(before);
  });

  it.each([
    ["a throttled call", "ThrottlingException", "UpdateEndpoint", 2, "released"],
    ["a quota", "ResourceLimitExceeded", "UpdateEndpoint", 9, "returned"],
    ["a denied call", "AccessDeniedException", "UpdateEndpointWeightsAndCapacities", 9, "returned"],
    ["a quota of configurations", "ResourceLimitExceeded", "CreateEndpointConfig", 9, "returned"],
  ] as const)(
    "met by %s says why, leaves one version on duty, and ends the next time",
    async (_, code, operation, times, ends) => {
      const faults = [{ operation, times: 0, error: new AwsError(code, `No ${operation} now`, 400) }];
      const made = await world({ onCall: faulty(faults) });
      await made.go(1);
      for (const fault of faults) fault.times = times;
      const outcome = await made.go(2);
      expect(outcome).toMatchObject({ outcome: ends, former: 1, disagreements: [] });
      if (ends === "returned") expect(outcome.reason).toMatch(new RegExp(`${code}.*No ${operation} now`));
      expect((await made.registry.get(2)).status).not.toBe("quarantined");
      for (const fault of faults) fault.times = 0;
      if (ends === "returned") expect(await made.go(2)).toMatchObject({ outcome: "released", disagreements: [] });
      expect(await made.inventory()).toEqual(await undisturbed);
    },
  );

  it("is unfinished while the registry refuses the alias, and ends once it does not", async () => {
    const made = await world();
    await made.go(1);
    const { registry } = made;
    const refusing = {
      ...registry,
      promote: (ref: VersionRef) =>
        Promise.resolve({ promoted: false, version: Number(ref), reasons: ["frozen."] } as const),
    };
    const outcome = await made.go(2, { registry: refusing });
    expect(outcome).toMatchObject({ outcome: "unfinished", former: 1 });
    expect(outcome.reason).toMatch(/has all traffic, but the registry refused the alias champion: frozen\./);
    expect(outcome.disagreements).toEqual([expect.stringContaining("serves v2 with 100 %")]);
    expect(await made.go(2)).toMatchObject({ outcome: "released", former: 1, disagreements: [] });
  });
});
