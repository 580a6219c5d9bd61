import { describe, expect, it } from "vitest";
import { decideRetraining } from "../../../src/monitor/retraining/decide.js";
import { rememberTriggers, type RetrainingSignals } from "../../../src/monitor/retraining/observe.js";
import { retrainingPolicy } from "../../../src/monitor/retraining/retraining-policy.js";
import {
  newRetrainingState,
  parseState,
  writeState,
  type RetrainingState,
  type RunStatus,
} from "../../../src/monitor/retraining/retraining-state.js";
import { beginRun, endRun, releaseCrashed, renewRun } from "../../../src/monitor/retraining/transitions.js";

const at = (hours: number): Date => new Date(Date.UTC(2026, 10, 1) + hours * 3_600_000);
const iso = (hours: number): string => at(hours).toISOString();
const policy = retrainingPolicy({ name: "churn", budget: { runs: 3, perDays: 10, cost: 100, costPerRun: 30 } });
const fresh = newRetrainingState(at(0));
const lowAccuracy: RetrainingSignals = { accuracy: { value: 0.78, labels: 900 } };
const asked: RetrainingSignals = { manual: { by: "ada", reason: "new prices" } };

let runs = 0;
/** A run that began and ended so. */
function ran(
  state: RetrainingState,
  start: number,
  end: number,
  status: RunStatus = "succeeded",
  cost?: number,
): RetrainingState {
  const id = `run-${++runs}`;
  return endRun(policy, beginRun(policy, state, { id, owner: "test" }, at(start)), id, { status, cost }, at(end));
}

describe("decideRetraining", () => {
  it("finds nothing to do", () => {
    expect(decideRetraining(policy, fresh, {}, at(0))).toEqual({
      action: "skip",
      triggers: [],
      blockedBy: [],
      explanation: "Nothing to do: no trigger is pending.",
      nextCheck: iso(1),
    });
    const well: RetrainingSignals = {
      accuracy: { value: 0.8, labels: 900 },
      psi: { value: 0.25 },
      newLabels: { value: 999 },
    };
    expect(decideRetraining(policy, fresh, well, at(0)).action).toBe("skip");
  });

  it.each<[string, RetrainingSignals, string]>([
    ["accuracy", lowAccuracy, "accuracy 0.78 is below 0.8"],
    ["psi", { psi: { value: 0.31, column: "tenure" } }, "PSI 0.31 of tenure is above 0.25"],
    ["newLabels", { newLabels: { value: 1000 } }, "1000 new labels are at least 1000"],
    ["alarm", { alarms: [{ name: "p99", reason: "too slow" }] }, "the alarm p99 fired: too slow"],
    ["manual", asked, "ada requested it: new prices"],
  ])("retrains because of %s, in words", (kind, signals, words) => {
    const decision = decideRetraining(policy, fresh, signals, at(0));
    expect(decision).toMatchObject({
      action: "retrain",
      triggers: [{ kind, message: words }],
      explanation: `Retrain: ${words}.`,
    });
  });

  it("retrains by the schedule, however long nobody looked", () => {
    expect(decideRetraining(policy, fresh, {}, at(30 * 24 - 0.001)).action).toBe("skip");
    expect(decideRetraining(policy, fresh, {}, at(30 * 24)).explanation).toBe(
      `Retrain: the schedule (every 30 days) has been due since ${iso(720)}.`,
    );
    expect(decideRetraining(policy, ran(fresh, 700, 701), {}, at(721)).action).toBe("skip");
    expect(decideRetraining(policy, ran(fresh, 700, 701, "failed"), {}, at(721)).action).toBe("retrain");
    const weekly = retrainingPolicy({ schedule: { cron: "0 3 * * 1" } });
    expect(decideRetraining(weekly, fresh, {}, at(200)).explanation).toContain(
      "(cron 0 3 * * 1) has been due since 2026-11-02T03:00",
    );
  });

  it("names every trigger", () => {
    const { triggers, explanation } = decideRetraining(
      policy,
      fresh,
      { ...lowAccuracy, ...asked, psi: { value: 9 }, alarms: [{ name: "a" }, { name: "b" }] },
      at(900),
    );
    expect(triggers.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
      "accuracy ",
      "psi ",
      "alarm a",
      "alarm b",
      "manual ",
      "schedule ",
    ]);
    for (const { message } of triggers) expect(explanation).toContain(message);
  });

  it("does not judge accuracy from few labels, nor what is not watched", () => {
    expect(decideRetraining(policy, fresh, { accuracy: { value: 0.1, labels: 99 } }, at(0)).action).toBe("skip");
    const blind = retrainingPolicy({
      accuracy: null,
      psi: null,
      newLabels: null,
      schedule: null,
      alarm: false,
      manual: false,
    });
    expect(
      decideRetraining(
        blind,
        fresh,
        { ...lowAccuracy, ...asked, psi: { value: 9 }, newLabels: { value: 1e9 }, alarms: [{ name: "a" }] },
        at(1e5),
      ).action,
    ).toBe("skip");
  });

  it("waits while a run is at work, cools down after it, and retries sooner after a failure", () => {
    const seen = rememberTriggers(policy, fresh, { alarms: [{ name: "late" }] }, at(5));
    const busy = beginRun(policy, seen, { id: "run", owner: "x" }, at(5));
    expect(decideRetraining(policy, busy, lowAccuracy, at(5.1))).toMatchObject({
      action: "wait",
      blockedBy: [{ kind: "running", until: iso(5.25) }],
      nextCheck: iso(5.25),
    });
    const done = ran(fresh, 5, 6);
    expect(decideRetraining(policy, done, lowAccuracy, at(29.9))).toMatchObject({
      action: "wait",
      blockedBy: [{ kind: "cooldown", until: iso(30) }],
      nextCheck: iso(30),
    });
    expect(decideRetraining(policy, done, lowAccuracy, at(30)).action).toBe("retrain");
    expect(decideRetraining(policy, done, asked, at(6)).action).toBe("retrain");
    for (const status of ["failed", "crashed"] as const) {
      expect(decideRetraining(policy, ran(fresh, 5, 6, status), lowAccuracy, at(6.9)).explanation).toMatch(
        /^Wait: accuracy .*; but the last run (failed|crashed) .* less than 1 hours ago \(until/,
      );
      expect(decideRetraining(policy, ran(fresh, 5, 6, status), lowAccuracy, at(7)).action).toBe("retrain");
    }
  });

  it("keeps to the budget of runs and of cost, also for people", () => {
    const three = ran(ran(ran(fresh, 0, 1, "failed"), 30, 31, "crashed"), 60, 61);
    expect(decideRetraining(policy, three, asked, at(200))).toMatchObject({
      action: "wait",
      blockedBy: [
        { kind: "runs", until: iso(240) },
        { kind: "cost", until: iso(240) },
      ],
    });
    expect(decideRetraining(policy, three, asked, at(240)).action).toBe("retrain");
    const dear = ran(fresh, 0, 1, "succeeded", 71);
    expect(decideRetraining(policy, dear, asked, at(2))).toMatchObject({
      action: "wait",
      blockedBy: [{ kind: "cost", until: iso(240), message: expect.stringContaining("71 is spent") as string }],
    });
    expect(decideRetraining(policy, ran(fresh, 0, 1, "succeeded", 70), asked, at(2)).action).toBe("retrain");
    const none = retrainingPolicy({ budget: { runs: 0, perDays: 1 } });
    expect(decideRetraining(none, fresh, asked, at(0))).toMatchObject({
      action: "wait",
      blockedBy: [{ kind: "runs", until: null }],
    });
    const tooDear = retrainingPolicy({ budget: { runs: 9, perDays: 1, cost: 1, costPerRun: 2 } });
    expect(decideRetraining(tooDear, dear, asked, at(2)).blockedBy).toMatchObject([{ kind: "cost", until: null }]);
  });

  it("skips while all is stopped or disabled, and goes on after that", () => {
    const stopped = { ...fresh, stopped: { at: iso(0), by: "ada", reason: "holiday" } };
    const decision = decideRetraining(policy, stopped, lowAccuracy, at(1));
    expect(decision).toMatchObject({
      action: "skip",
      triggers: [{ kind: "accuracy" }],
      blockedBy: [{ kind: "stopped", until: null }],
    });
    expect(decision.explanation).toBe(
      `Stopped: ada stopped all retraining at ${iso(0)}: holiday. Still pending: accuracy 0.78 is below 0.8.`,
    );
    const seen = rememberTriggers(policy, stopped, lowAccuracy, at(1));
    expect(decideRetraining(policy, { ...seen, stopped: null }, {}, at(100)).action).toBe("retrain");
    expect(decideRetraining({ ...policy, enabled: false }, seen, {}, at(1)).blockedBy.map(({ kind }) => kind)).toEqual([
      "stopped",
      "stopped",
    ]);
  });

  it("changes nothing it is given", () => {
    const state = ran(rememberTriggers(policy, fresh, asked, at(0)), 1, 2, "failed");
    const before = structuredClone([policy, state, lowAccuracy]);
    decideRetraining(policy, state, lowAccuracy, at(3));
    expect([policy, state, lowAccuracy]).toEqual(before);
  });

  it.each<[string, RetrainingSignals]>([
    ["accuracy", { accuracy: { value: NaN } }],
    ["accuracy", { accuracy: { value: 1.1 } }],
    ["accuracy.labels", { accuracy: { value: 0.5, labels: NaN } }],
    ["psi", { psi: { value: Infinity } }],
    ["psi", { psi: { value: -1 } }],
    ["newLabels", { newLabels: { value: "5" as never } }],
    ["psi", { psi: { value: 1, at: new Date(NaN) } }],
  ])("refuses a wrong signal %s", (path, signals) => {
    expect(() => decideRetraining(policy, fresh, signals, at(0))).toThrow(
      expect.objectContaining({ code: "VALUE_INVALID", where: expect.objectContaining({ path }) as object }) as Error,
    );
  });
});

describe("rememberTriggers", () => {
  const kinds = (state: RetrainingState): string[] =>
    state.pending.map(({ kind, doubtful }) => `${kind}${doubtful ? "?" : ""}`);

  it("keeps a trigger that was seen once until a run that began later succeeds", () => {
    const seen = rememberTriggers(policy, fresh, lowAccuracy, at(1));
    const well = rememberTriggers(policy, seen, { accuracy: { value: 0.9, labels: 900 } }, at(2));
    expect(kinds(well)).toEqual(["accuracy"]);
    expect(kinds(ran(well, 3, 4, "failed"))).toEqual(["accuracy"]);
    expect(kinds(ran(well, 3, 4, "crashed"))).toEqual(["accuracy"]);
    expect(kinds(ran(well, 3, 4))).toEqual([]);
  });

  it("keeps what is seen during a run, and lets a later measurement clear it", () => {
    const began = beginRun(
      policy,
      rememberTriggers(policy, fresh, lowAccuracy, at(1)),
      { id: "run", owner: "x" },
      at(1),
    );
    const during = rememberTriggers(policy, began, { ...lowAccuracy, ...asked }, at(1));
    const done = endRun(policy, during, "run", { status: "succeeded" }, at(2));
    expect(kinds(done)).toEqual(["accuracy?", "manual?"]);
    expect(done.pending[0]?.firstSeen).toBe(done.pending[0]?.lastSeen);
    expect(kinds(rememberTriggers(policy, done, {}, at(3)))).toEqual(["accuracy?", "manual?"]);
    expect(kinds(rememberTriggers(policy, done, lowAccuracy, at(3)))).toEqual(["accuracy", "manual?"]);
    expect(kinds(rememberTriggers(policy, done, { accuracy: { value: 0.9 } }, at(3)))).toEqual(["manual?"]);
    // A measurement of the time before is no proof.
    expect(kinds(rememberTriggers(policy, done, { accuracy: { value: 0.9, at: at(1) } }, at(3)))).toEqual([
      "accuracy?",
      "manual?",
    ]);
  });

  it("passes over measurements of the former model", () => {
    const done = ran(fresh, 5, 6);
    expect(kinds(rememberTriggers(policy, done, { accuracy: { value: 0.1, at: at(5) } }, at(9)))).toEqual([]);
    expect(kinds(rememberTriggers(policy, done, { accuracy: { value: 0.1, at: at(5.1) } }, at(9)))).toEqual([
      "accuracy",
    ]);
  });

  it("is not deceived by clocks that differ", () => {
    const done = ran(fresh, 5, 6);
    expect(kinds(rememberTriggers(policy, done, asked, at(4)))).toEqual(["manual"]);
    const began = beginRun(policy, fresh, { id: "run", owner: "x" }, at(5));
    expect(
      kinds(endRun(policy, rememberTriggers(policy, began, asked, at(4)), "run", { status: "succeeded" }, at(6))),
    ).toEqual(["manual?"]);
    const [entry] = rememberTriggers(
      policy,
      fresh,
      { psi: { value: 1, at: new Date(at(1).getTime() + 240_000) } },
      at(1),
    ).pending;
    expect(entry?.lastSeen).toBe(iso(1));
    const backward = endRun(policy, began, "run", { status: "failed" }, at(4));
    expect(backward.runs[0]?.finishedAt).toBe(iso(5));
  });

  it.each([
    ["accuracy", { accuracy: { value: 0.1, at: at(99) } }],
    ["psi", { psi: { value: 0, at: at(99) } }],
    ["alarm", { alarms: [{ name: "a", at: at(99) }] }],
  ])("refuses a time that has not come, which would come back after every run: %s", (_, signals) => {
    expect(() => rememberTriggers(policy, fresh, signals, at(1))).toThrow(
      expect.objectContaining({ code: "VALUE_INVALID", message: expect.stringContaining(iso(99)) as string }),
    );
    expect(kinds(rememberTriggers(policy, fresh, signals, at(100))).length).toBeLessThan(3);
  });

  it("remembers any number of alarms in bounded room", () => {
    const alarms = Array.from({ length: 1000 }, (_, i) => ({ name: `alarm ${i}` }));
    const seen = rememberTriggers(policy, fresh, { ...lowAccuracy, alarms }, at(900));
    const again = rememberTriggers(policy, seen, { ...asked, alarms }, at(901));
    expect(again.pending.length).toBeLessThanOrEqual(205);
    expect(again.pending.filter(({ kind }) => kind !== "alarm").map(({ kind }) => kind)).toEqual([
      "accuracy",
      "manual",
      "schedule",
    ]);
    expect(parseState("x", writeState(again))).toEqual(again);
  });
});

describe("runs", () => {
  it("are renewed, ended and released by their own id only", () => {
    const busy = beginRun(policy, fresh, { id: "a", owner: "x" }, at(0));
    expect(renewRun(policy, busy, "b", at(0.2))).toBe(busy);
    expect(endRun(policy, busy, "b", { status: "failed" }, at(0.2))).toBe(busy);
    const renewed = renewRun(policy, busy, "a", at(0.2), "arn:aws:x");
    expect(renewed.running).toMatchObject({ leaseUntil: iso(0.45), reference: "arn:aws:x" });
    expect(releaseCrashed(policy, renewed, at(0.449))).toBe(renewed);
    const crashed = releaseCrashed(policy, renewed, at(0.45));
    expect(crashed).toMatchObject({
      running: null,
      runs: [{ id: "a", status: "crashed", reference: "arn:aws:x", cost: 30 }],
      lastSuccess: null,
    });
    expect(releaseCrashed(policy, crashed, at(9))).toBe(crashed);
  });

  it("are forgotten when no budget needs them", () => {
    let state = fresh;
    for (let i = 0; i < 80; i++) state = ran(state, i * 24, i * 24 + 1);
    expect(state.runs).toHaveLength(50);
    const long = { ...policy, budget: { runs: 1000, perDays: 60 } };
    state = fresh;
    for (let i = 0; i < 80; i++)
      state = endRun(
        long,
        beginRun(long, state, { id: "x", owner: "" }, at(i * 24)),
        "x",
        { status: "failed" },
        at(i * 24 + 1),
      );
    expect(state.runs).toHaveLength(60);
  });
});
