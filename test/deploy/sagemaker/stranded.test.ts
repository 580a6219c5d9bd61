import { afterEach, describe, expect, it } from "vitest";
import {
  deployEndpoint,
  pruneEndpoint,
  release,
  releaseStatus,
  releaseStep,
  rollBackEndpoint,
  rollBackRelease,
} from "../../../src/deploy/sagemaker/index.js";
import type { Misbehavior } from "../../../src/rehearsal/sagemaker/endpoints/misbehave.js";
import { archiveUri, putArchive } from "../../../src/deploy/sagemaker/release/model-archive.js";
import { quietAlarm } from "../../helpers/endpoint-session.js";
import { canary, guarded, isWrite, releaseWorld, type ReleaseWorld, served } from "../../helpers/release-world.js";

const opened: Stranded[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

interface Stranded extends ReleaseWorld {
  /** Makes version 2 misbehave, or no longer. */
  readonly v2: (how?: Misbehavior) => void;
  /** What the endpoint is with a version. */
  readonly with: (version: number) => Promise<ReturnType<typeof served>>;
  readonly status: () => ReturnType<typeof releaseStatus>;
  readonly hours: () => number;
}

async function world(): Promise<Stranded> {
  let how: Misbehavior | undefined;
  const made = await releaseWorld({
    requestEvery: 60_000,
    versions: 3,
    misbehave: ({ model }) => (model.includes("-v2-") ? how : undefined),
  });
  const { session, registry, store, rehearsal } = made;
  const stranded: Stranded = {
    ...made,
    v2: (next) => (how = next),
    async with(number) {
      const version = await registry.get(number);
      await putArchive(store, registry, version);
      return served(`v${number}`, archiveUri(session.target, version));
    },
    status: () => releaseStatus(session, { registry, store }),
    hours: () => rehearsal.clock.now() / 3_600_000,
  };
  opened.push(stranded);
  return stranded;
}

/** What an account has after two releases that nothing disturbed. */
const undisturbed = (async () => {
  const made = await releaseWorld();
  await made.go(1);
  await made.go(2);
  const inventory = await made.inventory();
  await made.close();
  return inventory;
})();

const stuck = expect.objectContaining({
  code: "DEPLOY_FAILED",
  message: expect.stringMatching(
    /is still (Creating|Updating) after 36\d\d s.*call again once that has ended/,
  ) as string,
}) as unknown;

describe("an endpoint that never leaves its change", () => {
  it("while it is created: is told after an hour, is not waited for again, and is found once it is there", async () => {
    const made = await world();
    const { session, run, v2, hours } = made;
    const version2 = await made.with(2);
    v2({ stuck: "forever" });
    const begin = hours();
    await expect(run(deployEndpoint(session, version2))).rejects.toEqual(stuck);
    expect(hours() - begin).toBeCloseTo(1, 1);
    await expect(run(deployEndpoint(session, version2))).rejects.toEqual(stuck);
    await expect(run(deployEndpoint(session, version2, { maxSeconds: 5400 }))).rejects.toThrow(/after 54\d\d s/);
    expect(hours() - begin).toBeCloseTo(1.5, 1);
    v2();
    const { outcome } = await run(deployEndpoint(session, version2, { maxSeconds: 7200 }));
    expect(outcome).toBe("created");
  });

  it("in a release: is told after the limit, and the release ends as without it once SageMaker goes on", async () => {
    const made = await world();
    const { v2, hours } = made;
    await made.go(1);
    v2({ stuck: "forever" });
    const begin = hours();
    await expect(made.go(2, {}, { maxSeconds: 900 })).rejects.toMatchObject({
      code: "DEPLOY_FAILED",
      message: expect.stringMatching(/ends with the stable version.*is still Updating after 9\d\d s/) as string,
    });
    // The 900 s, and what the requests before them took on a busy machine; not the hour that is the default.
    expect(hours() - begin).toBeLessThan(0.6);
    expect(await made.status()).toMatchObject({ alias: 1, serving: { v1: 1 } });
    await expect(made.go(2, {}, { maxSeconds: 900 })).rejects.toThrow(/still Updating/);
    v2();
    await made.run(made.session.clock.sleep(600_000));
    expect(await made.go(2)).toMatchObject({ outcome: "returned", former: 1, disagreements: [] });
    expect((await made.registry.get(2)).status).not.toBe("quarantined");
    expect(await made.go(2)).toMatchObject({ outcome: "released", disagreements: [] });
    expect(await made.inventory()).toEqual(await undisturbed);
  });

  it.each([
    ["from the first step on", () => true],
    ["when weights change", ({ v2 = 0 }: Readonly<Record<string, number>>) => v2 > 0],
  ])("in a release step by step, %s: the steps' waits are one", async (_, isNow) => {
    const made = await world();
    await made.go(1);
    const { session, registry, store } = made;
    const asked = { registry, store, version: 2, serve: served, rollout: { ...canary, guards: [], minRequests: 0 } };
    const step = () => releaseStep(session, asked, { maxSeconds: 1200 });
    let hung: number | undefined;
    const steps = async () => {
      for (let i = 0; i < 40; i++) {
        if (hung === undefined && isNow((await made.status()).serving ?? {})) {
          made.v2({ stuck: "forever" });
          hung = made.hours();
        }
        const ended = await step().catch((error: unknown) => error);
        if (ended instanceof Error) return ended;
        await session.clock.sleep(300_000);
      }
      return undefined;
    };
    expect(await made.run(steps())).toMatchObject({
      code: "DEPLOY_FAILED",
      message: expect.stringMatching(/still Updating after 1[2-5]\d\d s/) as string,
    });
    expect(made.hours() - (hung ?? 0)).toBeLessThan(0.6);
    made.v2();
    await made.run(session.clock.sleep(600_000));
    const again = made.go(2, asked, { owner: "release-step" });
    expect(await again).toMatchObject({ outcome: "returned", disagreements: [] });
    expect(await made.go(2)).toMatchObject({ outcome: "released", disagreements: [] });
    expect(await made.inventory()).toEqual(await undisturbed);
  });
});

describe("an update whose rollback fails", () => {
  const mixed: Misbehavior = { stuck: true, strands: "UpdateRollbackFailed" };

  it("is a failure that says what to do, and a rollback ends it", async () => {
    const made = await world();
    const { session, run, v2, registry, store } = made;
    await made.go(1);
    const [before] = ((await made.inventory()) as { configs: string[] }).configs;
    v2(mixed);
    await expect(run(deployEndpoint(session, await made.with(2)))).rejects.toMatchObject({
      code: "DEPLOY_FAILED",
      message: expect.stringMatching(/is UpdateRollbackFailed on the way.*side by side. Roll back/) as string,
      where: { value: { outcome: "failed", versions: ["v2"] } },
    });
    expect(await made.status()).toMatchObject({
      endpointStatus: "UpdateRollbackFailed",
      disagreements: [expect.stringMatching(/churn-dev is UpdateRollbackFailed\. Old and new instances/)],
    });
    made.calls.length = 0;
    await expect(made.go(3)).rejects.toMatchObject({
      code: "DEPLOY_FAILED",
      message: expect.stringMatching(/is UpdateRollbackFailed.*Roll back.*Nothing was changed/) as string,
    });
    expect(await run(pruneEndpoint(session, { keep: 0 }))).toEqual({ configs: [], models: [] });
    expect(made.calls.filter(isWrite)).toEqual([]);
    // Version 1 has the alias still, so that it is not what is left.
    const back = await run(rollBackRelease(session, { registry, store }));
    expect(back).toEqual({ from: 1, to: 1, disagreements: [] });
    expect(await made.inventory()).toMatchObject({ endpoints: [{ status: "InService", config: before }] });
    v2();
    expect(await made.go(2)).toMatchObject({ outcome: "released", disagreements: [] });
  });

  it.each([
    ["weights", {}],
    ["guardrails", guarded],
  ])("in a release by %s ends with the version on duty", async (_, more) => {
    const made = await world();
    await made.go(1);
    await quietAlarm(made, "churn-dev-5xx");
    made.v2(mixed);
    const outcome = await made.go(2, more);
    expect(outcome).toMatchObject({ outcome: "returned", former: 1, disagreements: [] });
    expect(outcome.reason).toContain("UpdateRollbackFailed");
    expect(await made.status()).toMatchObject({ endpointStatus: "InService", alias: 1, serving: { v1: 1 } });
  });
});

describe("an endpoint that goes out of service", () => {
  it("is a failure that says what to do, and is only replaced where that is asked for", async () => {
    const made = await world();
    const { session, run, v2, registry, store } = made;
    await made.go(1);
    v2({ stuck: true, strands: "OutOfService" });
    const lost = { code: "DEPLOY_FAILED", message: expect.stringMatching(/is OutOfService.*replaceFailed/) as string };
    await expect(made.go(2)).rejects.toMatchObject(lost);
    // The release is under way: it is not over before one version serves.
    await expect(made.go(2)).rejects.toMatchObject(lost);
    expect((await made.status()).disagreements).toContainEqual(expect.stringMatching(/is OutOfService.*no requests/));
    await expect(made.go(3)).rejects.toMatchObject(lost);
    await expect(run(rollBackEndpoint(session))).rejects.toMatchObject(lost);
    await expect(run(rollBackRelease(session, { registry, store }))).rejects.toMatchObject(lost);
    const replaced = await run(deployEndpoint(session, await made.with(1), { replaceFailed: true }));
    expect(replaced.outcome).toBe("created");
    v2();
    expect(await made.go(2)).toMatchObject({ outcome: "returned", former: 1, disagreements: [] });
    expect(await made.go(2)).toMatchObject({ outcome: "released", former: 1, disagreements: [] });
  });
});

describe("guardrails that send a candidate back between two steps", () => {
  it("quarantine it although the alarm is quiet again, and it was exposed once", async () => {
    const made = await world();
    await made.go(1);
    const set = await quietAlarm(made, "churn-dev-5xx");
    const { session, registry, store } = made;
    const outcomes: string[] = [];
    let rang = false;
    await made.traffic(async () => {
      while (outcomes.length < 30 && outcomes.at(-1) !== "returned") {
        const isAtWork = (await made.status()).endpointStatus === "Updating";
        if (isAtWork && !rang && ((await made.status()).serving?.["v2"] ?? 0) > 0) {
          await set("ALARM");
          rang = true;
        } else if (rang) await set("OK");
        const asked = { registry, store, version: 2, serve: served, ...guarded };
        outcomes.push((await releaseStep(session, asked)).outcome);
        await session.clock.sleep(300_000);
      }
    });
    expect(outcomes.at(-1)).toBe("returned");
    expect((await registry.get(2)).status).toBe("quarantined");
    expect(made.calls.filter((call) => call === "UpdateEndpoint")).toHaveLength(1);
    expect(await made.status()).toMatchObject({ alias: 1, serving: { v1: 1 }, disagreements: [] });
    await expect(
      made.run(release(session, { registry, store, version: 2, serve: served, ...guarded })),
    ).rejects.toThrow(/quarantined/);
  });
});
