import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import {
  retrainingController,
  type RetrainingControllerOptions,
  type RunReport,
} from "../../../src/monitor/retraining/controller.js";
import { isAlive } from "../../../src/monitor/retraining/heartbeat.js";
import { retrainingPolicy } from "../../../src/monitor/retraining/retraining-policy.js";
import type { RetrainingRunContext } from "../../../src/monitor/retraining/retraining-run.js";
import { readRetrainingState, startRetraining, stopRetraining } from "../../../src/monitor/retraining/state-store.js";
import { filesStore } from "../../../src/io/store/files/files-store.js";
import { memorySink } from "../../../src/io/metrics/memory-sink.js";
import { memoryStore } from "../../../src/io/store/memory-store.js";
import type { ObjectStore } from "../../../src/io/store/object-store.js";
import { budget } from "../../helpers/budget.js";
import { bundleScript, start } from "../../helpers/child.js";
import { newFolder } from "../../helpers/folder.js";

const policy = retrainingPolicy({ name: "churn", budget: { runs: 100, perDays: 30 } });
const lowAccuracy = { accuracy: { value: 0.7, labels: 500 } };
const asked = { manual: { by: "ada", reason: "x" } };

/** A controller whose clock is set by hand. */
function set(options: Partial<RetrainingControllerOptions> = {}, store: ObjectStore = memoryStore()) {
  const clock = { time: Date.UTC(2026, 10, 21, 12) };
  const now = (): Date => new Date(clock.time);
  const contexts: RetrainingRunContext[] = [];
  const errors: unknown[] = [];
  const run = (context: RetrainingRunContext) => {
    contexts.push(context);
    return Promise.resolve(undefined);
  };
  const make = (own: Partial<RetrainingControllerOptions> = {}) =>
    retrainingController(store, policy, { run, now, onError: (error) => errors.push(error), ...options, ...own });
  return { store, clock, now, contexts, errors, make, controller: make() };
}

afterEach(() => vi.useRealTimers());

describe("retrainingController", () => {
  it("retrains once, and not again", async () => {
    const { controller, contexts } = set();
    const { decision, run } = await controller.reconcile(lowAccuracy);
    expect(decision.action).toBe("retrain");
    expect(run).toMatchObject({ status: "succeeded", triggers: ["accuracy"], id: contexts[0]?.runId });
    expect(contexts[0]?.runId).toMatch(/^[A-Za-z0-9-]{32,80}$/);
    expect((await controller.reconcile()).decision.action).toBe("skip");
    expect(contexts).toHaveLength(1);
  });

  it("does not watch what its policy leaves out", async () => {
    const quiet = retrainingPolicy({ name: "churn", schedule: null });
    const { clock, now, store, run } = { ...set(), run: () => Promise.resolve(undefined) };
    const controller = retrainingController(store, quiet, { run, now });
    await controller.reconcile();
    clock.time += 40 * 24 * 3_600_000;
    expect((await controller.reconcile()).decision.action).toBe("skip");
  });

  it("remembers without deciding", async () => {
    const { controller, contexts } = set();
    await controller.remember(lowAccuracy);
    expect(contexts).toHaveLength(0);
    expect((await controller.state()).pending).toHaveLength(1);
    expect((await controller.reconcile()).decision.action).toBe("retrain");
  });

  it("finds a trigger that was missed during a cooldown again", async () => {
    const { controller, contexts, clock } = set();
    await controller.reconcile(lowAccuracy);
    clock.time += 3_600_000;
    expect((await controller.reconcile({ alarms: [{ name: "once" }] })).decision).toMatchObject({
      action: "wait",
      blockedBy: [{ kind: "cooldown" }],
    });
    clock.time += 24 * 3_600_000;
    expect((await controller.reconcile()).decision).toMatchObject({
      action: "retrain",
      triggers: [{ kind: "alarm", subject: "once" }],
    });
    expect(contexts).toHaveLength(2);
  });

  it("reads the levels in every round", async () => {
    let psi = 0.1;
    const { controller } = set({ signals: () => Promise.resolve({ psi: { value: psi } }) });
    expect((await controller.reconcile()).decision.action).toBe("skip");
    psi = 0.4;
    expect((await controller.reconcile()).decision.action).toBe("retrain");
  });

  it("goes on with what it has when the levels cannot be read", async () => {
    const { controller, errors } = set({ signals: () => Promise.reject(new Error("no database")) });
    expect((await controller.reconcile(lowAccuracy)).decision.action).toBe("retrain");
    expect(errors).toMatchObject([{ message: "no database" }]);
  });

  it("keeps the triggers of a run that fails, and tries again", async () => {
    let fails = true;
    const run = (): Promise<undefined> =>
      fails ? Promise.reject(new Error("no space left")) : Promise.resolve(undefined);
    const { controller, clock } = set({ run });
    expect((await controller.reconcile(lowAccuracy)).run).toMatchObject({ status: "failed", detail: "no space left" });
    fails = false;
    expect((await controller.reconcile()).decision).toMatchObject({
      action: "wait",
      blockedBy: [{ kind: "cooldown" }],
    });
    clock.time += 3_600_000;
    expect((await controller.reconcile()).run).toMatchObject({ status: "succeeded" });
  });

  it("records what a run says of itself", async () => {
    const { controller } = set({
      run: () => Promise.resolve({ status: "failed", detail: "the gate refused it", reference: "v7", cost: 3 }),
    });
    expect((await controller.reconcile(asked)).run).toMatchObject({
      status: "failed",
      detail: "the gate refused it",
      reference: "v7",
      cost: 3,
    });
  });

  it("runs one at a time, however many controllers look at once", async () => {
    let running = 0;
    let most = 0;
    const run = async (): Promise<undefined> => {
      most = Math.max(most, ++running);
      await sleep(2);
      running--;
    };
    const { make } = set({ run });
    const rounds = await Promise.all(Array.from({ length: 30 }, () => make().reconcile(asked)));
    expect(most).toBe(1);
    expect(rounds.filter((round) => round.run !== null).length).toBeGreaterThan(0);
    expect(rounds.every(({ decision: { action } }) => action === "retrain" || action === "wait")).toBe(true);
  });

  it("releases a crashed run when its lease ends, and serves its triggers", async () => {
    const never = (): Promise<undefined> => new Promise(() => undefined);
    const { make, clock, controller } = set();
    vi.useFakeTimers({ toFake: ["setInterval"] });
    make({ run: never })
      .reconcile(lowAccuracy)
      .catch(() => undefined);
    await vi.waitFor(async () => expect((await controller.state()).running).not.toBeNull());
    clock.time += 14 * 60_000;
    expect((await controller.reconcile()).decision).toMatchObject({ action: "wait", blockedBy: [{ kind: "running" }] });
    clock.time += 60_000;
    expect((await controller.reconcile()).decision).toMatchObject({
      action: "wait",
      blockedBy: [{ kind: "cooldown", message: expect.stringContaining("crashed") as string }],
    });
    clock.time += 3_600_000;
    expect((await controller.reconcile()).run).toMatchObject({ status: "succeeded", triggers: ["accuracy"] });
    expect((await controller.state()).runs.map(({ status }) => status)).toEqual(["succeeded", "crashed"]);
  });

  it("renews its lease and beats while it runs", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    let end: (outcome: undefined) => void = () => undefined;
    const { controller, clock, store, make, now } = set();
    const round = make({ run: () => new Promise<undefined>((done) => (end = done)) }).reconcile(lowAccuracy);
    await vi.waitFor(async () => expect((await controller.state()).running).not.toBeNull());
    for (let i = 0; i < 40; i++) {
      clock.time += 5 * 60_000;
      await vi.advanceTimersByTimeAsync(5 * 60_000);
      await vi.waitFor(async () =>
        expect(Date.parse((await controller.state()).running?.leaseUntil ?? "")).toBe(clock.time + 15 * 60_000),
      );
      await vi.waitFor(async () =>
        expect((await isAlive(store, "churn", { now: now() })).last).toMatchObject({
          at: now().toISOString(),
          detail: expect.stringMatching(/^run retrain-\S+ is in progress$/) as string,
        }),
      );
      expect((await controller.reconcile()).decision.blockedBy).toMatchObject([{ kind: "running" }]);
    }
    end(undefined);
    expect((await round).run?.status).toBe("succeeded");
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(["stopped", "lost"] as const)("aborts a run at work when it is %s", async (why) => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { make, controller, clock, store } = set();
    const run = ({ signal }: RetrainingRunContext) =>
      new Promise<undefined>((_, refuse) => signal.addEventListener("abort", () => refuse(signal.reason as Error)));
    const round = make({ run }).reconcile(lowAccuracy);
    await vi.waitFor(async () => expect((await controller.state()).running).not.toBeNull());
    if (why === "stopped") await stopRetraining(store, "churn", { by: "ada", reason: "holiday" });
    else {
      clock.time += 16 * 60_000;
      await controller.reconcile();
    }
    await vi.advanceTimersByTimeAsync(5 * 60_000);
    const { run: ended } = await round;
    if (why === "stopped")
      expect(ended).toMatchObject({ status: "failed", detail: "ada stopped all retraining: holiday" });
    else expect(ended).toMatchObject({ status: "crashed" });
  });

  it("has one switch", async () => {
    const { controller, contexts, store } = set();
    await stopRetraining(store, "churn", { by: "ada", reason: "holiday" });
    expect((await controller.reconcile(asked)).decision).toMatchObject({
      action: "skip",
      explanation: expect.stringContaining("ada stopped all retraining") as string,
    });
    expect(contexts).toHaveLength(0);
    await startRetraining(store, "churn");
    expect((await controller.reconcile()).decision.action).toBe("retrain");
  });

  describe("with runs elsewhere", () => {
    const elsewhere = () => {
      const reports: (RunReport | Error)[] = [];
      const asks: unknown[] = [];
      const world = set({
        run: () => Promise.resolve({ status: "started", reference: "arn:aws:states:x" }),
        check: (run) => {
          asks.push(run.reference);
          const report = reports.shift() ?? "running";
          return report instanceof Error ? Promise.reject(report) : Promise.resolve(report);
        },
      });
      return { ...world, reports, asks };
    };

    it("asks after them until they are over", async () => {
      const { controller, clock, reports, asks } = elsewhere();
      expect(await controller.reconcile(lowAccuracy)).toMatchObject({ decision: { action: "retrain" }, run: null });
      for (let hours = 0; hours < 5; hours++) {
        clock.time += 3_600_000;
        expect((await controller.reconcile()).decision).toMatchObject({
          action: "wait",
          blockedBy: [{ kind: "running" }],
        });
      }
      expect(asks).toEqual(Array.from({ length: 5 }, () => "arn:aws:states:x"));
      reports.push({ status: "succeeded", detail: "version 8" });
      expect((await controller.reconcile()).decision.action).toBe("skip");
      expect((await controller.state()).runs).toMatchObject([
        { status: "succeeded", detail: "version 8", reference: "arn:aws:states:x" },
      ]);
    });

    it("starts no second one while it cannot ask", async () => {
      const { controller, clock, reports, errors } = elsewhere();
      await controller.reconcile(lowAccuracy);
      clock.time += 3_600_000;
      reports.push(new Error("throttled"));
      expect((await controller.reconcile()).decision.blockedBy).toMatchObject([{ kind: "running" }]);
      expect(errors).toMatchObject([{ message: "throttled" }]);
    });

    it("takes one that nobody knows for crashed, after its lease", async () => {
      const { controller, clock, reports } = elsewhere();
      await controller.reconcile(lowAccuracy);
      reports.push("unknown", "unknown");
      expect((await controller.reconcile()).decision.blockedBy).toMatchObject([{ kind: "running" }]);
      clock.time += 3_600_000;
      await controller.reconcile();
      expect((await controller.state()).runs).toMatchObject([{ status: "crashed" }]);
    });
  });

  it("measures what it does", async () => {
    const sink = memorySink();
    const { controller, clock } = set({ sink });
    await controller.reconcile(lowAccuracy);
    const points = sink.points().map(({ name, value, labels }) => ({ name, value, ...labels }));
    const beat = { name: "monitor_heartbeat_timestamp_seconds", value: clock.time / 1000, policy: "churn" };
    expect(points).toEqual([
      { name: "retraining_decisions_total", value: 1, action: "retrain", policy: "churn" },
      beat,
      { name: "pipeline_runs_total", value: 1, status: "succeeded", policy: "churn" },
      { name: "pipeline_duration_seconds", value: 0, policy: "churn" },
      beat,
    ]);
    const broken = set({
      sink: { ...sink, write: () => Promise.reject(new Error("no sink")) },
      onError: () => {
        throw new Error("a listener that fails");
      },
    });
    expect((await broken.controller.reconcile(lowAccuracy)).run?.status).toBe("succeeded");
  });

  it("needs a store that compares and swaps, and a right policy", () => {
    const weak: ObjectStore = { ...memoryStore(), capabilities: { compareAndSwap: false, durable: false } };
    expect(() => set({}, weak)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
    expect(() =>
      retrainingController(memoryStore(), { ...policy, cooldownHours: -1 }, { run: () => Promise.resolve(undefined) }),
    ).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
  });
});

describe("a controller that dies", () => {
  /** A store whose n-th write is the last thing its process does: before the write or after it. */
  function dying(store: ObjectStore, writes: number, when: "before" | "after"): ObjectStore {
    let count = 0;
    return {
      ...store,
      async put(key, bytes, options) {
        if (++count < writes) return store.put(key, bytes, options);
        if (count === writes && when === "after") await store.put(key, bytes, options);
        throw new Error("killed");
      },
    };
  }

  it.each(["before", "after"] as const)("%s any write leaves a state that others go on from", async (when) => {
    let kills = 0;
    for (let writes = 1; ; writes++) {
      const store = memoryStore();
      const { clock, controller, make } = set({}, store);
      const doomed = dying(store, writes, when);
      const dead = retrainingController(doomed, policy, {
        run: () => Promise.resolve(undefined),
        now: () => new Date(clock.time),
      });
      let killed = false;
      await dead.remember(lowAccuracy).catch(() => (killed = true));
      const remembered = !killed || when === "after";
      if (!killed) await dead.reconcile().catch(() => (killed = true));
      const state = await controller.state();
      expect(state.running === null || killed).toBe(true);
      if (remembered) expect(state.pending.length > 0 || state.lastSuccess !== null).toBe(true);
      // Somebody else looks later: the trigger is served in the end.
      for (let hours = 0; hours < 3; hours++) {
        await make().reconcile();
        clock.time += 3_600_000;
      }
      const settled = await controller.state();
      expect(settled.running).toBeNull();
      if (remembered)
        expect(settled).toMatchObject({ pending: [], lastSuccess: { startedAt: expect.any(String) as string } });
      if (!killed) break;
      kills++;
    }
    expect(kills).toBeGreaterThanOrEqual(3);
  });
});

describe("controllers of several processes on one folder", () => {
  let child: Awaited<ReturnType<typeof bundleScript>>;
  beforeAll(async () => void (child = await bundleScript(join(import.meta.dirname, "controller-child.ts"))));
  afterAll(() => child.remove());

  it("run one at a time", async () => {
    const folder = newFolder();
    const log = join(folder, "log.txt");
    const ends = await Promise.all(["a", "b", "c"].map((name) => start(child.script, [folder, log, name, "4"]).ended));
    expect(ends.map(({ code, err }) => [code, err])).toEqual([
      [0, ""],
      [0, ""],
      [0, ""],
    ]);
    const lines = readFileSync(log, "utf8").trim().split("\n");
    expect(lines).toHaveLength(24);
    for (let i = 0; i < lines.length; i += 2)
      expect([lines[i], lines[i + 1]]).toEqual([lines[i], lines[i]?.replace("begin", "end")]);
  });

  it("leave a state that can be read after kill -9 at any moment", async () => {
    for (let round = 0; round < budget(6); round++) {
      const folder = newFolder();
      const log = join(folder, "log.txt");
      const { child: writer, ended } = start(child.script, [folder, log, "k", "1000"]);
      await vi.waitFor(() => expect(existsSync(log)).toBe(true), { timeout: 10_000, interval: 5 });
      await sleep(7 * (round % 6));
      writer.kill("SIGKILL");
      await ended;
      const store = filesStore(folder);
      const begun = readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line.endsWith("begin")).length;
      const { runs, running } = await readRetrainingState(store, "churn");
      // A run is claimed before it begins, and none but the last can lack its end.
      expect(runs.length + (running === null ? 0 : 1)).toBeGreaterThanOrEqual(begun);
      expect(runs.length).toBeGreaterThanOrEqual(begun - 1);
      expect(runs.every(({ status }) => status === "succeeded")).toBe(true);
      expect(await isAlive(store, "churn")).toMatchObject({ alive: true });
    }
  });
});
