import { describe, expect, it } from "vitest";
import type { RolloutPlan } from "../../../src/deploy/index.js";
import { checkPlan } from "../../../src/deploy/rollout/check-plan.js";
import type { RolloutQuestion } from "../../../src/deploy/rollout/run.js";
import { canary, fine, minute, newWorld, rollOut, trafficOf, type World } from "./world.js";

const refusal = (code: string, message: RegExp): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as unknown });

describe("readings that are no numbers", () => {
  it("pass no guard and stop no rollout: it ends with the stable version", async () => {
    const world = newWorld();
    world.readings = (version) => (version === "2" ? { ...fine, labeled: { count: 600, profit: NaN } } : fine);
    const { state, error } = await rollOut(world, canary);
    expect(error).toBeUndefined();
    expect(state).toMatchObject({ end: { winner: "stable", because: "insufficient" } });
    expect(state?.reason).toMatch(/readings\.2\.labeled\.profit/);
    expect(world.shares).toEqual({ "1": 1 });
  });
});

describe("an approval", () => {
  const plan = { ...canary, approval: [0.1, 1] };

  it("is asked for before its step, and only there", async () => {
    const questions: string[] = [];
    const world = newWorld();
    const { state } = await rollOut(
      world,
      plan,
      {},
      {
        approvals: async ({ question }: RolloutQuestion) => {
          questions.push(`${question}, at ${world.shares["2"] ?? 0}`);
          return Promise.resolve("approved");
        },
      },
    );
    expect(questions).toEqual(["10 % of the traffic for 2, at 0", "100 % of the traffic for 2, at 0.5"]);
    expect(state?.end?.because).toBe("promoted");
  });

  it.each([
    ["rejected", () => "rejected" as const, "rejected", /somebody rejected 10 % of the traffic for 2/],
    ["not given in time", () => undefined, "overdue", /nobody approved 10 % .* within 10 min/],
  ])("that is %s ends with the stable version", async (_, answer, because, reason) => {
    const world = newWorld({ answer });
    const { state } = await rollOut(world, plan);
    expect(state).toMatchObject({ end: { winner: "stable", because, quarantine: false } });
    expect(state?.reason).toMatch(reason);
    expect(world.shares).toEqual({ "1": 1 });
    expect(world.history).toEqual([0]);
  });

  it("does not keep guards from failing meanwhile", async () => {
    const world = newWorld();
    let asked = 0;
    world.readings = (version) => (version === "2" && asked > 3 ? { ...fine, errors: 500 } : fine);
    const { state } = await rollOut(
      world,
      { ...canary, approval: [1] },
      {},
      {
        approvals: () => Promise.resolve(++asked > 100 ? "approved" : undefined),
      },
    );
    expect(state?.end?.because).toBe("guard");
  });

  it("needs somebody to ask", async () => {
    const { error } = await rollOut(newWorld(), plan, {}, { approvals: undefined });
    expect(error).toEqual(refusal("OPTION_INVALID", /Give `approvals`/));
  });
});

describe("a share that somebody else sets", () => {
  /** Sets shares by hand when the candidate has 50 %. */
  const edited = (world: World, shares: Record<string, number>) => {
    let done = false;
    return (state: { phase: string; share: number }): void => {
      if (done || state.phase !== "baking" || state.share !== 0.5) return;
      done = true;
      world.shares = shares;
    };
  };
  const byHand = { "1": 0.3, "2": 0.5, "3": 0.2 };

  it("is named and stops the rollout, which continues when it is put back", async () => {
    const world = newWorld();
    const run = () => rollOut(world, canary, {}, { approvals: undefined, onChange: edited(world, byHand) });
    const { state } = await run();
    expect(state).toMatchObject({ phase: "stopped" });
    expect(state?.reason).toBe(
      "somebody else changed the shares: they are 1: 30 %, 2: 50 %, 3: 20 %, not 1: 50 %, 2: 50 %",
    );
    expect(world.shares).toBe(byHand);
    expect((await rollOut(world, canary, {}, { approvals: undefined })).state?.phase).toBe("stopped");
    world.shares = { "1": 0.5, "2": 0.5 };
    expect((await rollOut(world, canary, {}, { approvals: undefined })).state?.end?.because).toBe("promoted");
    expect(world.shares).toEqual({ "2": 1 });
  });

  it.each([
    ["approved", "promoted", "2"],
    ["rejected", "rejected", "1"],
  ] as const)("waits for a decision: %s", async (answer, because, version) => {
    const world = newWorld({ answer: () => answer });
    const { state } = await rollOut(world, canary, {}, { onChange: edited(world, byHand) });
    expect(state?.end?.because).toBe(because);
    expect(world.shares).toEqual({ [version]: 1 });
  });

  it.each([
    ["aborted", { signal: AbortSignal.abort() }, "aborted"],
    ["failing a guard", {}, "guard"],
  ])("gives way to the stable version when the candidate is %s", async (_, more, because) => {
    const world = newWorld();
    await rollOut(world, canary, {}, { approvals: undefined, onChange: edited(world, byHand) });
    world.readings = (version) => (version === "2" ? { ...fine, errors: 900 } : fine);
    const { state } = await rollOut(world, canary, {}, more);
    expect(state?.end?.because).toBe(because);
    expect(world.shares).toEqual({ "1": 1 });
  });

  it("is named before the rollout begins, and nothing is changed", async () => {
    const world = newWorld();
    world.shares = { "1": 0.7, "3": 0.3 };
    const { error, calls } = await rollOut(world, canary);
    expect(error).toEqual(refusal("OPTION_INVALID", /the shares are 1: 70 %, 3: 30 %/));
    expect(calls).not.toContain("store.put");
    expect(world.history).toEqual([]);
  });
});

describe("two runners", () => {
  const waiting = { ...canary, approval: [0.5], longestStep: 60 * minute };

  it("refuses the second while the first lives", async () => {
    const world = newWorld();
    await rollOut(world, waiting, { kill: { call: 30, when: "before" } });
    const { error, calls } = await rollOut(world, waiting, {}, { owner: "other" });
    expect(error).toEqual(refusal("STORE_CONFLICT", /test runs the rollout of 2 .*start again after 2026/));
    expect(calls.filter((call) => call !== "store.get")).toEqual([]);
  });

  it("lets the second continue when the first shows no sign of life, or has ended", async () => {
    const world = newWorld({ answer: () => "approved" });
    await rollOut(world, waiting, { kill: { call: 30, when: "before" } });
    await world.clock.advanceTo(world.clock.now() + 4 * minute);
    expect((await rollOut(world, waiting, {}, { owner: "other" })).state?.end?.because).toBe("promoted");
    const same = await rollOut(world, waiting, {}, { owner: "third" });
    expect(same.state?.end?.because).toBe("promoted");
    expect(same.calls).toEqual(["store.get", "traffic.read"]);
  });

  it("stops the first, without another change of traffic, when the second took over", async () => {
    const world = newWorld();
    let second: ReturnType<typeof rollOut> | undefined;
    const { error } = await rollOut(
      world,
      waiting,
      {},
      {
        approvals: async () => {
          second ??= rollOut(world, { ...waiting }, {}, { approvals: () => Promise.resolve("rejected") });
          await second;
          return "approved";
        },
      },
    );
    expect(error).toMatchObject({ code: "STORE_CONFLICT" });
    expect((await second)?.state?.end?.because).toBe("rejected");
    expect(world.history).toEqual([0.1, 0]);
  });

  it("refuses another rollout before the first is over", async () => {
    const world = newWorld();
    await rollOut(world, waiting, { kill: { call: 30, when: "before" } });
    for (const [plan, more] of [
      [canary, {}],
      [waiting, { candidate: "3" }],
    ] as const)
      expect((await rollOut(world, plan, {}, more)).error).toEqual(refusal("OPTION_INVALID", /is not over/));
  });
});

describe("the end of a rollout", () => {
  it("does not begin again by itself after a failure, only when asked to", async () => {
    const world = newWorld({ readings: (version) => (version === "2" ? { ...fine, errors: 900 } : fine) });
    await rollOut(world, canary);
    world.readings = () => fine;
    expect((await rollOut(world, canary)).state?.end?.because).toBe("guard");
    expect((await rollOut(world, canary, {}, { again: true })).state?.end?.because).toBe("promoted");
  });

  it("returns when it is called off, at any share", async () => {
    for (const share of [0.1, 0.5, 1]) {
      const world = newWorld();
      const off = new AbortController();
      const { state } = await rollOut(
        world,
        canary,
        {},
        {
          signal: off.signal,
          onChange: (at) => {
            if (at.share === share && at.phase === "baking") off.abort();
          },
        },
      );
      expect(state).toMatchObject({ end: { because: "aborted", winner: "stable", quarantine: false } });
      expect(world.shares).toEqual({ "1": 1 });
    }
  });

  it("returns when nobody ran it for too long", async () => {
    const world = newWorld();
    const plan = { ...canary, longest: 30 * minute };
    await rollOut(world, plan, { kill: { call: 20, when: "after" } });
    await world.clock.advanceTo(world.clock.now() + 31 * minute);
    const { state } = await rollOut(world, plan);
    expect(state).toMatchObject({ end: { because: "overdue" } });
    expect(state?.reason).toContain("longer than 30 min");
    expect(world.shares).toEqual({ "1": 1 });
  });

  it("says what it cannot complete, and completes it when it is started again", async () => {
    const world = newWorld();
    const { error } = await rollOut(world, canary, {
      fault: (_, name) => (name === "traffic.end" ? "before" : undefined),
    });
    expect(error).toEqual(refusal("DEPLOY_FAILED", /ends with the candidate version .* Start it again/));
    expect((await rollOut(world, canary)).state?.end?.because).toBe("promoted");
    expect(world.shares).toEqual({ "2": 1 });
  });
});

describe("an A/B test", () => {
  const plan: RolloutPlan = {
    strategy: { kind: "ab", share: 0.1, longest: 100 * minute, better: "lower", bake: minute },
    longest: 1000 * minute,
  };
  const outcomes = (count: number, successes: number) => ({ ...fine, labeled: { count, successes } });

  it.each([
    ["the candidate", 400, 600, "promoted", "2", /last step/],
    ["the stable version", 600, 400, "outcomes", "1", /the stable version wins/],
    ["nobody", 500, 500, "outcomes", "1", /no winner within 1.67 hours/],
  ])("is won by %s", async (_, own, others, because, version, reason) => {
    const world = newWorld({ readings: (of) => outcomes(4000, of === "2" ? own : others) });
    const { state } = await rollOut(world, plan);
    expect(state?.end).toMatchObject({ because, quarantine: false });
    expect(state?.reason).toMatch(reason);
    expect(world.shares).toEqual({ [version]: 1 });
  });

  it("needs outcomes", async () => {
    const world = newWorld({ readings: () => ({ ...fine, labeled: undefined }) });
    expect((await rollOut(world, plan)).state?.end?.because).toBe("insufficient");
  });
});

describe("guards on labels", () => {
  const plan = (wait: boolean): RolloutPlan => ({
    ...canary,
    guards: [{ kind: "profit", below: 10, labels: 500, wait }],
  });
  const world = () => newWorld({ readings: () => ({ ...fine, labeled: { count: 499, profit: 1 } }) });

  it("say that they did not judge, or wait, until enough labels are mature", async () => {
    const passed = await rollOut(world(), plan(false));
    expect(passed.state?.findings[1]).toEqual({
      guard: "profit",
      verdict: "notJudged",
      said: "499 of 500 mature labels",
    });
    expect(passed.state?.end?.because).toBe("promoted");
    expect((await rollOut(world(), plan(true))).state?.end?.because).toBe("insufficient");
  });
});

describe("a plan", () => {
  it.each([
    [
      { strategy: { kind: "canary", steps: [0.1, 0.5], bake: 1 } },
      /plan\.strategy\.steps must be shares .* end with 1/,
    ],
    [{ strategy: { kind: "canary", steps: [0.5, 0.1, 1], bake: 1 } }, /increas|larger/],
    [{ strategy: { kind: "linear", by: 0, bake: 1 } }, /plan\.strategy\.by/],
    [{ strategy: { kind: "ab", share: 1, longest: 1, bake: 1 } }, /plan\.strategy\.share/],
    [{ strategy: { kind: "allAtOnce", bake: -1 } }, /plan\.strategy\.bake/],
    [{ strategy: canary.strategy, guards: [{ kind: "latency", statistic: "p99" }] }, /ratioAbove/],
    [{ strategy: canary.strategy, approval: [0.2] }, /plan\.approval\[0\] must be the share of a step: 0.1, 0.5, 1/],
    [{ strategy: canary.strategy, gards: [] }, /unknown member "gards"/],
  ])("that cannot be is refused: %j", (plan, message) => {
    expect(() => checkPlan(plan as RolloutPlan)).toThrow(refusal("OPTION_INVALID", message));
  });

  it("has equal steps that end with everything", () => {
    const shares = (by: number) =>
      checkPlan({ strategy: { kind: "linear", by, bake: 0 } }).steps.map(({ share }) => share);
    expect(shares(0.1)).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
    expect(shares(0.4)).toEqual([0.4, 0.8, 1]);
    expect(shares(1)).toEqual([1]);
  });

  it("needs traffic that can be copied for a shadow", async () => {
    const world = newWorld();
    const traffic = trafficOf(world);
    delete traffic.mirror;
    const { error } = await rollOut(world, { strategy: { kind: "shadow", for: 1 } }, {}, { traffic });
    expect(error).toEqual(refusal("OPTION_INVALID", /cannot copy requests/));
  });
});
