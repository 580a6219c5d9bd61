import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideRetraining, type RetrainingDecision } from "../../../src/monitor/retraining/decide.js";
import { rememberTriggers, type RetrainingSignals } from "../../../src/monitor/retraining/observe.js";
import { retrainingPolicy, type RetrainingPolicy } from "../../../src/monitor/retraining/retraining-policy.js";
import {
  newRetrainingState,
  parseState,
  writeState,
  type RetrainingState,
} from "../../../src/monitor/retraining/retraining-state.js";
import { beginRun, endRun, releaseCrashed, renewRun } from "../../../src/monitor/retraining/transitions.js";
import { budget } from "../../helpers/budget.js";

const hour = 3_600_000;
const day = 24 * hour;

type Event =
  | { do: "pass"; hours: number }
  | { do: "see"; what: "accuracy" | "psi" | "newLabels"; bad: boolean; lagHours: number }
  | { do: "alarm"; name: string }
  | { do: "ask" }
  | { do: "reconcile" | "succeed" | "fail" | "die" | "stop" | "start" };

const events: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      hours: fc.oneof(fc.double({ min: 0, max: 2, noNaN: true }), fc.double({ min: 0, max: 200, noNaN: true })),
    }),
  },
  { weight: 4, arbitrary: fc.constantFrom("reconcile" as const).map((name) => ({ do: name })) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("see" as const),
      what: fc.constantFrom("accuracy" as const, "psi" as const, "newLabels" as const),
      bad: fc.boolean(),
      lagHours: fc.constantFrom(0, 0, 0, 5, 100),
    }),
  },
  { weight: 2, arbitrary: fc.constantFrom("a", "b").map((name) => ({ do: "alarm" as const, name })) },
  { weight: 1, arbitrary: fc.constant({ do: "ask" as const }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom("succeed" as const, "fail" as const, "die" as const).map((name) => ({ do: name })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("stop" as const, "start" as const, "start" as const).map((name) => ({ do: name })),
  },
);

/** Ends of a sequence after which nothing but memory can save a trigger: what comes last is seen once. */
const tails: fc.Arbitrary<Event[]> = fc
  .record({
    run: fc.boolean(),
    trigger: fc.constantFrom<Event>(
      { do: "ask" },
      { do: "alarm", name: "a" },
      { do: "see", what: "psi", bad: true, lagHours: 0 },
    ),
    end: fc.constantFrom<Event>({ do: "succeed" }, { do: "fail" }, { do: "die" }),
    well: fc.boolean(),
  })
  .map(({ run, trigger, end, well }): Event[] => [
    ...(run
      ? ([
          { do: "start" },
          { do: "pass", hours: 1000 },
          { do: "ask" },
          { do: "reconcile" },
          { do: "reconcile" },
          { do: "pass", hours: 1 },
        ] as const)
      : []),
    trigger,
    { do: "pass", hours: 1 },
    ...(run ? [end] : []),
    ...(well ? ([{ do: "see", what: "psi", bad: false, lagHours: 0 }] as const) : []),
  ]);

const policies: fc.Arbitrary<RetrainingPolicy> = fc
  .record({
    cooldownHours: fc.constantFrom(0, 1, 24, 200),
    retryHours: fc.constantFrom(0, 1, 10),
    runs: fc.integer({ min: 1, max: 4 }),
    perDays: fc.constantFrom(0.5, 7, 30),
    cost: fc.option(fc.constantFrom(10, 25, 40), { nil: undefined }),
    schedule: fc.constantFrom(null, null, null, { everyDays: 3 }, { cron: "0 3 * * 1" }),
  })
  .map(({ cooldownHours, retryHours, runs, perDays, cost, schedule }) =>
    // Looking seldom makes `nextCheck` the end of a block, so that the world below ends soon.
    retrainingPolicy({
      cooldownHours,
      retryHours,
      schedule,
      budget: { runs, perDays, ...(cost === undefined ? {} : { cost, costPerRun: 10 }) },
      checkEveryHours: 8760,
    }),
  );

/** A world with one policy, whose processes may die, and what an onlooker notes of it. */
class World {
  now = Date.UTC(2026, 0, 1);
  state: RetrainingState = newRetrainingState(new Date(this.now));
  /** The run that a living process is at. */
  alive: string | undefined;
  readonly starts: { at: number; cost: number }[] = [];
  readonly successes: { id: string; start: number; end: number }[] = [];
  /** What was seen bad, when, and the last time of a later measurement that was well while no run was at work. */
  readonly seen: { what: string; at: number; well: number }[] = [];
  private count = 0;

  constructor(readonly policy: RetrainingPolicy) {}

  step(event: Event): void {
    switch (event.do) {
      case "pass":
        return this.pass(event.hours * hour);
      case "see": {
        const at = this.now - event.lagHours * hour;
        const bad = { accuracy: 0.5, psi: 0.9, newLabels: 5000 }[event.what];
        const well = { accuracy: 0.95, psi: 0.01, newLabels: 3 }[event.what];
        return this.remember(
          { [event.what]: { value: event.bad ? bad : well, at: new Date(at) } },
          event.what,
          at,
          event.bad,
        );
      }
      case "alarm":
        return this.remember({ alarms: [{ name: event.name }] }, "alarm", this.now, true);
      case "ask":
        return this.remember({ manual: { by: "ada", reason: "x" } }, "manual", this.now, true);
      case "reconcile":
        return void this.reconcile();
      case "succeed":
      case "fail":
        return this.end(event.do === "succeed" ? "succeeded" : "failed");
      case "die":
        this.alive = undefined;
        return;
      case "stop":
        return this.keep({ ...this.state, stopped: { at: new Date(this.now).toISOString(), by: "ada", reason: "x" } });
      case "start":
        return this.keep({ ...this.state, stopped: null });
    }
  }

  /** Every state goes through the store's form. */
  private keep(state: RetrainingState): void {
    this.state = parseState("state", writeState(state));
  }

  /** A living process renews its lease in time. */
  pass(ms: number): void {
    this.now += Math.round(ms);
    if (this.alive !== undefined) this.keep(renewRun(this.policy, this.state, this.alive, new Date(this.now)));
  }

  private remember(signals: RetrainingSignals, what: string, at: number, bad: boolean): void {
    if (bad) this.seen.push({ what, at, well: -1 });
    else if (this.state.running === null)
      for (const one of this.seen) if (one.what === what && at > one.at) one.well = Math.max(one.well, at);
    this.keep(rememberTriggers(this.policy, this.state, signals, new Date(this.now)));
  }

  reconcile(): RetrainingDecision {
    const now = new Date(this.now);
    const released = releaseCrashed(this.policy, this.state, now);
    const seen = rememberTriggers(this.policy, released, {}, now);
    const decision = decideRetraining(this.policy, seen, {}, now);
    this.judge(decision);
    if (decision.action !== "retrain") this.keep(seen);
    else {
      // Never two at once.
      expect(this.alive).toBeUndefined();
      expect(seen.running).toBeNull();
      expect(seen.stopped).toBeNull();
      const id = `run-${++this.count}`;
      this.alive = id;
      this.keep(beginRun(this.policy, seen, { id, owner: "world" }, now));
      this.starts.push({ at: this.now, cost: this.state.running?.cost ?? 0 });
    }
    return decision;
  }

  private judge({ action, triggers, blockedBy, explanation, nextCheck }: RetrainingDecision): void {
    for (const { message } of [...triggers, ...blockedBy]) expect(explanation).toContain(message);
    expect(action === "retrain").toBe(triggers.length > 0 && blockedBy.length === 0);
    expect(action === "wait").toBe(triggers.length > 0 && blockedBy.length > 0 && this.state.stopped === null);
    expect(Date.parse(nextCheck)).toBeGreaterThan(this.now);
    for (const { until } of blockedBy) if (until !== null) expect(Date.parse(until)).toBeGreaterThan(this.now);
  }

  private end(status: "succeeded" | "failed"): void {
    const { running } = this.state;
    if (this.alive === undefined || running === null) return;
    expect(running.id).toBe(this.alive);
    if (status === "succeeded")
      this.successes.push({ id: running.id, start: Date.parse(running.startedAt), end: this.now });
    this.keep(endRun(this.policy, this.state, this.alive, { status }, new Date(this.now)));
    this.alive = undefined;
  }

  /** From now on everything works: whoever lives, ends; somebody looks whenever the last decision says so. */
  settle(): void {
    this.step({ do: "start" });
    this.end("failed");
    for (let round = 0; round < 60; round++) {
      const { action, nextCheck } = this.reconcile();
      if (action === "retrain") {
        this.pass(hour);
        this.end("succeeded");
      } else if (this.lost().length === 0) return;
      else this.now = Date.parse(nextCheck);
    }
  }

  /** What was seen and that no success served which began later, nor a later measurement after a doubtful one. */
  lost(): unknown[] {
    return this.seen.filter(({ at, well }) => {
      const served = this.successes.some(({ start }) => start >= at);
      const cured = this.successes.some(({ start, end }) => at > start && at <= end && well > at);
      return !served && !cured;
    });
  }
}

describe("retraining over any sequence of events", () => {
  it("never runs twice at once, never beyond the budget, and loses no trigger", () => {
    let retrained = 0;
    fc.assert(
      fc.property(policies, fc.array(events, { maxLength: 50 }), tails, (policy, sequence, tail) => {
        const world = new World(policy);
        for (const event of [...sequence, ...tail]) world.step(event);
        world.settle();
        expect(world.lost()).toEqual([]);
        const { runs, perDays, cost = Infinity } = policy.budget;
        for (const { at } of world.starts) {
          const period = world.starts.filter((start) => start.at >= at && start.at < at + perDays * day);
          expect(period.length).toBeLessThanOrEqual(runs);
          expect(period.reduce((sum, start) => sum + start.cost, 0)).toBeLessThanOrEqual(cost);
        }
        retrained += world.starts.length;
      }),
      { numRuns: budget(400) },
    );
    expect(retrained).toBeGreaterThan(400);
  });
});
