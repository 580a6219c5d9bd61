import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RolloutPlan } from "../../../src/deploy/index.js";
import { canary, failing, fine, minute, newWorld, rollOut, toTheEnd, trafficOf, type World } from "./world.js";
import { trafficConformance } from "../../conformance/traffic.js";

trafficConformance("in memory", () => {
  const world = newWorld();
  return {
    traffic: trafficOf(world),
    stable: "1",
    candidate: "2",
    edit: (shares) => (world.shares = { ...shares }),
    break: () => world.up.delete("2"),
  };
});

const strategies: readonly (readonly [string, RolloutPlan, "1" | "2"])[] = [
  ["canary", canary, "2"],
  ["canary with approval", { ...canary, approval: [0.5] }, "2"],
  ["linear", { ...canary, strategy: { kind: "linear", by: 0.4, bake: minute } }, "2"],
  ["all at once", { ...canary, strategy: { kind: "allAtOnce", bake: 3 * minute } }, "2"],
  [
    "A/B",
    { ...canary, strategy: { kind: "ab", share: 0.1, longest: 60 * minute, better: "lower", bake: minute } },
    "2",
  ],
  ["shadow", { ...canary, strategy: { kind: "shadow", for: 5 * minute } }, "1"],
];

/** A world where the candidate is good, also at outcomes. */
const goodWorld = (changes: Partial<World> = {}): World =>
  newWorld({
    // Nobody helps a rollout that stopped.
    answer: (phase) => (phase === "approval" ? "approved" : undefined),
    readings: (version) =>
      version === "2"
        ? { ...fine, labeled: { count: 4000, successes: 400, profit: 12, metrics: { f1: 0.8 } } }
        : { ...fine, labeled: { count: 4000, successes: 600 } },
    ...changes,
  });

/** Expects exactly one version to have everything, and that no rule was ever broken. */
const expectOnly = (world: World, version: string): void => {
  expect(world.shares).toEqual({ [version]: 1 });
  expect(world.broken).toEqual([]);
};
const whens = ["before", "after"] as const;

describe.each(strategies)("a rollout: %s", (_, plan, winner) => {
  it("ends as it should when nothing goes wrong", async () => {
    const world = goodWorld();
    const { state, states } = await rollOut(world, plan);
    expect(state).toMatchObject({ phase: "ended", end: { quarantine: false } });
    expectOnly(world, winner);
    expect(world.quarantined).toEqual([]);
    // Shares only go up.
    expect(world.history).toEqual([...world.history].sort((a, b) => a - b));
    expect(states.map(({ since }) => since)).toEqual(states.map(({ since }) => since).sort((a, b) => a - b));
  });

  it.each(whens)("survives a fault %s the effect of any one call", async (when) => {
    const { calls } = await rollOut(goodWorld(), plan);
    for (const at of calls.keys()) {
      const world = goodWorld();
      const { state, error } = await rollOut(world, plan, { fault: (call) => (call === at ? when : undefined) });
      expect(error, `call ${at}, ${calls[at]}`).toBeUndefined();
      expect(state?.phase).toBe("ended");
      expectOnly(world, winner);
    }
  });

  it.each(whens)("ends as if uninterrupted when it is killed %s the effect of any call", async (when) => {
    const { calls } = await rollOut(goodWorld(), plan);
    for (const at of calls.keys()) {
      const world = goodWorld();
      const state = await toTheEnd(world, plan, { kill: { call: at, when } });
      expect(state.phase, `call ${at}, ${calls[at]}`).toBe("ended");
      expectOnly(world, winner);
    }
  });

  it.each(
    failing.flatMap(([name, bad]) =>
      plan.strategy.kind === "shadow"
        ? [[name, 0, bad] as const]
        : [0.1, 0.4, 0.5, 0.8, 1].map((share) => [name, share, bad] as const),
    ),
  )("returns when %s fails at %d, and quarantines", async (name, share, bad) => {
    const readings: World["readings"] = (version, at) =>
      version === "2" && at === share ? bad : goodWorld().readings(version, at);
    const world = goodWorld({ readings });
    const { state, calls } = await rollOut(world, plan);
    const met = share === 0 || world.history.includes(share);
    expectOnly(world, met ? "1" : "2");
    if (!met) return;
    expect(state).toMatchObject({ phase: "ended", end: { because: "guard", winner: "stable" } });
    expect(state?.reason).toContain(name);
    expect(world.quarantined).toEqual(["2"]);
    if (name !== "error rate") return;
    for (const at of calls.keys())
      for (const when of whens) {
        const killed = goodWorld({ readings });
        await toTheEnd(killed, plan, { kill: { call: at, when } });
        expectOnly(killed, "1");
        expect(killed.quarantined).toContain("2");
      }
  });
});

describe("any rollout", () => {
  it("ends with one version whatever fails, for however long, and whatever is read", async () => {
    const names = [
      "traffic.read",
      "traffic.set",
      "traffic.end",
      "readings.read",
      "store.put",
      "store.get",
      "quarantine",
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          strategy: fc.constantFrom(...strategies),
          port: fc.constantFrom(...names),
          from: fc.nat(60),
          length: fc.nat(12),
          when: fc.constantFrom(...whens),
          kill: fc.option(fc.record({ call: fc.nat(80), when: fc.constantFrom(...whens) }), { nil: undefined }),
          bad: fc.option(fc.tuple(fc.constantFrom(...failing), fc.constantFrom(0, 0.1, 0.5, 1)), { nil: undefined }),
          unknown: fc.boolean(),
        }),
        async ({ strategy: [, plan], port, from, length, when, kill, bad, unknown }) => {
          const good = goodWorld().readings;
          const readings: World["readings"] = (version, share) => {
            if (unknown && share === 0.5) return undefined;
            return version === "2" && share === bad?.[1] ? bad[0][1] : good(version, share);
          };
          const world = goodWorld({ readings });
          const fault = (call: number, name: string) =>
            name === port && call >= from && call < from + length ? when : undefined;
          const state = await toTheEnd(world, plan, { fault, kill });
          expect(state.phase).toBe("ended");
          expectOnly(world, state.end?.winner === "candidate" ? "2" : "1");
          expect(world.quarantined.length > 0).toBe(state.end?.because === "guard");
        },
      ),
      { numRuns: 150 },
    );
  });

  it("leaves nothing in between when the candidate dies", async () => {
    for (const share of [0, 0.1, 0.5]) {
      const world = goodWorld();
      await rollOut(world, canary, {}, { onChange: (state) => state.share > share && world.up.delete("2") });
      expect(world.shares).toEqual({ "1": 1 });
    }
  });

  it("never promotes on what it does not know", async () => {
    const lacking: readonly (readonly [string, World["readings"]])[] = [
      ["no readings", () => undefined],
      ["too few requests", () => ({ requests: 99, errors: 0 })],
      ["no latency", () => ({ ...fine, latency: undefined })],
      ["no scores", () => ({ ...fine, scores: undefined })],
      ["too few scores", () => ({ ...fine, scores: even20 })],
      ["other bins", (version) => ({ ...fine, scores: version === "1" ? [1, 2] : even20 })],
    ];
    for (const [name, readings] of lacking) {
      const world = newWorld({ readings });
      const { state } = await rollOut(world, canary);
      expect(state, name).toMatchObject({ end: { because: "insufficient", quarantine: false } });
      expect(state?.reason, name).toMatch(/^insufficient: /);
      expectOnly(world, "1");
      expect(Math.max(...world.history)).toBe(0.1);
    }
  });
});
const even20 = Array.from({ length: 10 }, () => 20);
