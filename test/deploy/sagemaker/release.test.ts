import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import { afterEach, describe, expect, it } from "vitest";
import {
  release,
  type Release,
  releaseStatus,
  type ReleasePlan,
  planText,
  releaseStep,
  rollBackRelease,
} from "../../../src/deploy/sagemaker/index.js";
import { AwsError } from "../../../src/rehearsal/front/aws-error.js";
import { quietAlarm } from "../../helpers/endpoint-session.js";
import { releaseMachine } from "../../../src/deploy/aws/index.js";
import { sampleRecords } from "../../helpers/artifact.js";
import { canary, guarded, isWrite, releaseWorld, type ReleaseWorld, served } from "../../helpers/release-world.js";

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

/** What a model does whose name has a version. */
const misbehaving =
  (version: string, how: object) =>
  ({ model }: { readonly model: string }) =>
    model.includes(`-${version}-`) ? how : undefined;

describe("a release", () => {
  it("creates the endpoint, then changes nothing", async () => {
    const made = await world();
    expect(await made.go(1)).toMatchObject({ outcome: "released", version: 1, former: undefined, disagreements: [] });
    expect(await statusOf(made)).toMatchObject({ alias: 1, serving: { v1: 1 }, baseline: 1, disagreements: [] });
    const before = await made.inventory();
    made.calls.length = 0;
    expect(await made.go(1)).toMatchObject({ outcome: "unchanged", version: 1, disagreements: [] });
    expect(made.calls.filter(isWrite)).toEqual([]);
    expect(await made.inventory()).toEqual(before);
  });

  it("brings a good version on duty in steps, without a failed request", async () => {
    const made = await world();
    await made.go(1);
    const shares: number[] = [];
    const { outcome, rollout, disagreements } = await made.go(2, {}, { onChange: ({ share }) => shares.push(share) });
    expect({ outcome, disagreements }).toEqual({ outcome: "released", disagreements: [] });
    expect([...new Set(shares)]).toEqual([0.2, 0.5, 1]);
    expect(rollout?.end).toMatchObject({ winner: "candidate", because: "promoted" });
    expect(await statusOf(made)).toMatchObject({ alias: 2, serving: { v2: 1 }, baseline: 2 });
    expect([...made.answers.keys()].sort()).toEqual(["candidate", "main"]);
  });

  it.each([
    // So many requests that 2 % of them are some.
    ["answers 2 % of its requests with a 5xx", { errors: 0.02 }, 6_000, /error rate/],
    ["takes 300 ms longer", { slower: 300 }, 15_000, /latency|average/],
  ])("sends a candidate back that %s", async (_, how, requestEvery, reason) => {
    const made = await world({ requestEvery, misbehave: misbehaving("v2", how) });
    await made.go(1);
    const outcome = await made.go(2, { rollout: { ...canary, minRequests: requestEvery < 10_000 ? 30 : 5 } });
    expect(outcome).toMatchObject({ outcome: "returned", former: 1, disagreements: [] });
    expect(outcome.reason).toMatch(reason);
    expect(await statusOf(made)).toMatchObject({ alias: 1, serving: { v1: 1 }, baseline: 1 });
    expect((await made.registry.get(2)).status).toBe("quarantined");
    expect((await made.inventory()) as object).toMatchObject({ endpoints: [{ weights: ["main=1"] }] });
    await expect(made.go(2)).rejects.toMatchObject({ code: "REGISTRY_REFUSED" });
    // The next one is not in its way.
    expect(await made.go(3)).toMatchObject({ outcome: "released", disagreements: [] });
  });

  it("refuses a second release at the same time", async () => {
    const made = await world();
    await made.go(1);
    const first = made.go(2);
    const second = made.rehearsal.clock
      .sleep(15 * 60_000)
      .then(() => release(made.session, { ...made, version: 3, serve: served, rollout: canary }, { owner: "other" }));
    await expect(made.run(second)).rejects.toMatchObject({
      code: expect.stringMatching(/STORE_CONFLICT|DEPLOY_FAILED/) as string,
    });
    expect(await first).toMatchObject({ outcome: "released" });
  });

  it("sends a candidate back whose scores shift, by what the endpoint captured of both versions", async () => {
    const made = await world({ misbehave: misbehaving("v2", { shift: 4 }) });
    const capturing: Release["serve"] = (name, data) => ({
      models: { [name]: { data } },
      config: {
        kind: "real-time",
        variants: [{ model: name, instanceType: "ml.m5.large" }],
        capture: { uri: `s3://${made.session.target.bucket}/churn-dev/captured` },
      },
    });
    const strategy = { kind: "canary", steps: [0.5, 1], bake: 5 * 60_000 } as const;
    const rollout = { ...canary, strategy, guards: [{ kind: "scoreDrift", above: 0.25 }] } as const;
    const watched = { serve: capturing, rollout };
    await made.go(1, watched);
    const outcome = await made.go(2, watched);
    expect(outcome).toMatchObject({ outcome: "returned", former: 1, disagreements: [] });
    expect(outcome.reason).toMatch(/score drift \(PSI [\d.]+, limit 0.25\)/);
    expect((await made.registry.get(2)).status).toBe("quarantined");
    expect(await statusOf(made)).toMatchObject({ alias: 1, serving: { v1: 1 }, baseline: 1 });
    // The next one scores as the version on duty does.
    expect(await made.go(3, watched)).toMatchObject({ outcome: "released", former: 1 });
  });

  it("goes by SageMaker's guardrails: back without a reason and into quarantine, or to the end", async () => {
    const made = await world();
    await made.go(1);
    const set = await quietAlarm(made, "churn-dev-5xx");
    let rung: Promise<unknown> | undefined;
    const back = await made.go(2, guarded, {
      onProgress: ({ variants }) => {
        if (variants[0]?.stage === "Baking") rung ??= set("ALARM");
      },
    });
    await rung;
    expect(back).toMatchObject({ outcome: "returned", former: 1, disagreements: [] });
    expect(back.reason).toMatch(/own alarms sent the candidate back.*In ALARM: churn-dev-5xx/);
    expect((await made.registry.get(2)).status).toBe("quarantined");
    // The candidate was exposed one time only.
    expect(made.calls.filter((call) => call === "UpdateEndpoint")).toHaveLength(1);
    await set("OK");
    expect(await made.go(3, guarded)).toMatchObject({ outcome: "released", former: 1, disagreements: [] });
    expect(await statusOf(made)).toMatchObject({ alias: 3, serving: { v3: 1 }, baseline: 3 });
  });

  it("goes by guardrails step by step, too", async () => {
    const made = await world();
    await made.go(1);
    await quietAlarm(made, "churn-dev-5xx");
    const { session, registry, store, run } = made;
    const outcomes: string[] = [];
    while (outcomes.length < 20 && outcomes.at(-1) !== "released") {
      const asked = { registry, store, version: 2, serve: served, ...guarded };
      outcomes.push((await run(releaseStep(session, asked))).outcome);
      await run(session.clock.sleep(300_000));
    }
    expect(outcomes.at(-1)).toBe("released");
    expect(new Set(outcomes.slice(0, -1))).toEqual(new Set(["under way"]));
    expect(await statusOf(made)).toMatchObject({ alias: 2, serving: { v2: 1 }, baseline: 2, disagreements: [] });
  });

  it("judges a shadow by the copies of the requests that it gets", async () => {
    const made = await world();
    await made.go(1);
    const strategy = { kind: "shadow", for: 5 * 60_000 } as const;
    const { outcome, rollout } = await made.go(2, { rollout: { ...canary, strategy } });
    expect({ outcome, because: rollout?.end?.because }).toEqual({ outcome: "returned", because: "shadowed" });
    expect(await statusOf(made)).toMatchObject({ alias: 1, serving: { v1: 1 }, disagreements: [] });
    expect((await made.registry.get(2)).status).toBe("pending");
  });

  it("compares two versions until one wins", async () => {
    const made = await world();
    await made.go(1);
    const strategy = { kind: "ab", share: 0.1, longest: 7 * 24 * 3_600_000, bake: 60_000 } as const;
    const begin = made.rehearsal.clock.now();
    // Every hour 20 customers more of each; the candidate keeps more of them.
    const read = () => {
      const count = 20 * Math.floor((made.rehearsal.clock.now() - begin) / 3_600_000);
      const of = (share: number) => ({
        requests: 500,
        errors: 0,
        labeled: { count, successes: Math.round(count * share) },
      });
      return Promise.resolve({ v1: of(0.4), v2: of(0.6) });
    };
    const { registry, store, session } = made;
    const asked = { registry, store, version: 2, serve: served, rollout: { strategy, minRequests: 10 } };
    const outcome = await made.run(release(session, asked, { readings: { read }, every: 600_000, owner: "test" }));
    expect(outcome).toMatchObject({ outcome: "released", former: 1, disagreements: [] });
    const hours = (made.rehearsal.clock.now() - begin) / 3_600_000;
    expect(hours).toBeGreaterThan(2);
    expect(hours).toBeLessThan(48);
  });

  it("shows a plan first, and writes nothing if that is refused", async () => {
    const made = await world();
    await made.go(1);
    const before = await made.inventory();
    const plans: ReleasePlan[] = [];
    made.calls.length = 0;
    const outcome = await made.go(2, {}, { records: sampleRecords(200), onPlan: (plan) => plans.push(plan) < 0 });
    expect(outcome).toMatchObject({ outcome: "declined", former: 1 });
    expect(made.calls.filter(isWrite)).toEqual([]);
    expect(await made.inventory()).toEqual(before);
    const [plan] = plans;
    expect(plan).toMatchObject({ endpoint: "churn-dev", from: 1, to: 2, decisions: { records: 200 } });
    expect(plan?.cost.candidate.total).toBeCloseTo(2 * 730 * 0.115, 1);
    expect(plan === undefined ? "" : planText(plan)).toMatch(
      /Release of v2 at churn-dev, after v1[^]*become positive[^]*IAM actions: .*sagemaker:UpdateEndpoint/,
    );
  });

  it("goes back when somebody quarantines the candidate meanwhile", async () => {
    const made = await world();
    await made.go(1);
    let quarantined: Promise<unknown> | undefined;
    const onChange = ({ share }: { readonly share: number }): void => {
      if (share === 0.5) quarantined ??= made.registry.setStatus(2, "quarantined", { reason: "complaints" });
    };
    expect(await made.go(2, {}, { onChange })).toMatchObject({ outcome: "returned", former: 1, disagreements: [] });
    await quarantined;
    expect(await statusOf(made)).toMatchObject({ alias: 1, serving: { v1: 1 } });
  });

  it("rolls back in one call, which can be repeated", async () => {
    const made = await world();
    await made.go(1);
    await made.go(2);
    const { session, registry, store, run } = made;
    const back = () => run(rollBackRelease(session, { registry, store }, { from: 2, reason: "complaints" }));
    expect(await back()).toEqual({ from: 2, to: 1, disagreements: [] });
    expect(await statusOf(made)).toMatchObject({ alias: 1, serving: { v1: 1 }, baseline: 1, disagreements: [] });
    expect((await registry.get(2)).status).toBe("quarantined");
    const before = await made.inventory();
    expect(await back()).toEqual({ from: 2, to: 1, disagreements: [] });
    expect(await made.inventory()).toEqual(before);
  });

  it("goes step by step in a state machine, whose function never waits", async () => {
    const seen: string[] = [];
    const made: ReleaseWorld = await world({
      functions: {
        "churn-dev-release-step": async (event) => {
          const { version } = event as { version: number };
          const { registry, store } = made;
          const step = await releaseStep(made.session, { registry, store, version, serve: served, rollout: canary });
          seen.push(step.outcome);
          return step;
        },
      },
    });
    await made.go(1);
    const states = new SFNClient({ ...made.session.clientConfig });
    const roleArn = "arn:aws:iam::123456789012:role/states";
    const definition = JSON.stringify(releaseMachine(made.session.target, { everySeconds: 300 }));
    const { stateMachineArn } = await states.send(
      new CreateStateMachineCommand({ name: "release", roleArn, definition }),
    );
    const { executionArn } = await states.send(new StartExecutionCommand({ stateMachineArn, input: '{"version":2}' }));
    await made.traffic(async () => {
      for (;;) {
        await made.session.clock.sleep(600_000);
        const { status } = await states.send(new DescribeExecutionCommand({ executionArn }));
        if (status !== "RUNNING") return expect(status).toBe("SUCCEEDED");
      }
    });
    expect(seen.at(-1)).toBe("released");
    expect(new Set(seen.slice(0, -1))).toEqual(new Set(["under way"]));
    expect(await statusOf(made)).toMatchObject({ alias: 2, serving: { v2: 1 }, baseline: 2, disagreements: [] });
    states.destroy();
  });

  it("creates an endpoint step by step", async () => {
    const { session, registry, store, run } = await world();
    const outcomes: string[] = [];
    while (outcomes.at(-1) !== "released" && outcomes.length < 9) {
      const asked = { registry, store, version: 1, serve: served, rollout: canary };
      outcomes.push((await run(releaseStep(session, asked))).outcome);
      await run(session.clock.sleep(60_000));
    }
    expect(outcomes.slice(0, 2)).toEqual(["under way", "under way"]);
    expect(outcomes.at(-1)).toBe("released");
  });

  it("ends step by step, too, when the candidate's container does not start", async () => {
    const made = await world();
    await made.go(1);
    const { session, registry, store } = made;
    const broken: typeof served = (version, data) => {
      const good = served(version, data);
      return version === "v2" ? { ...good, models: { v2: { data, environment: { BROKEN: "true" } } } } : good;
    };
    made.calls.length = 0;
    const outcomes: string[] = [];
    await made.traffic(async () => {
      for (let steps = 0; steps < 60 && outcomes.at(-1) !== "returned"; steps++) {
        const step = await releaseStep(session, { registry, store, version: 2, serve: broken, rollout: canary });
        outcomes.push(step.outcome);
        await session.clock.sleep(300_000);
      }
    });
    expect(outcomes.at(-1)).toBe("returned");
    expect(made.calls.filter((call) => call === "UpdateEndpoint").length).toBeLessThan(3);
    expect(await statusOf(made)).toMatchObject({ alias: 1, serving: { v1: 1 }, disagreements: [] });
  });

  it("says what is wrong, step by step, too, when a call is refused for good", async () => {
    let denied = false;
    const made = await world({
      onCall: ({ operation }) => {
        if (denied && operation === "CreateEndpointConfig") throw new AwsError("AccessDeniedException", "denied", 400);
      },
    });
    await made.go(1);
    denied = true;
    const { session, registry, store } = made;
    const step = () => releaseStep(session, { registry, store, version: 2, serve: served, rollout: canary });
    expect(await made.run(step())).toMatchObject({
      outcome: "returned",
      reason: expect.stringContaining(
        "the shares could not be changed: AWS could not run sagemaker:CreateEndpointConfig",
      ) as string,
    });
  });

  it("leaves a canary by one call, and the version on duty stays", async () => {
    const made = await world();
    await made.go(1);
    await made.go(2);
    const { session, registry, store } = made;
    const asked = { registry, store, version: 3, serve: served, rollout: canary };
    await made.traffic(async () => {
      while (((await statusOf(made)).serving?.["v3"] ?? 0) === 0) {
        await releaseStep(session, asked);
        await session.clock.sleep(120_000);
      }
      expect(await rollBackRelease(session, { registry, store })).toEqual({ from: 2, to: 2, disagreements: [] });
    });
    expect(await statusOf(made)).toMatchObject({ alias: 2, serving: { v2: 1 }, baseline: 2, disagreements: [] });
    expect((await registry.get(2)).status).not.toBe("quarantined");
  });
});
