import { describe, expect, it, vi } from "vitest";
import { memoryStore, type ObjectStore } from "../../src/io/store/index.js";
import { fileTracker } from "../../src/tracking/index.js";
import type { TrackedRun, RunTracker } from "../../src/tracking/runs/run.js";
import { spooledTargets, spoolIn } from "../../src/tracking/runs/spool.js";
import { broken, failing, failures, leftBehind } from "../helpers/faults.js";

/** Logs a little of everything, in several calls of the store. */
async function work(run: TrackedRun): Promise<void> {
  run.logParameters({ depth: 3 });
  for (let step = 0; step < 700; step++) run.logMetrics({ loss: step }, { step });
  await run.logArtifact("notes.txt", "hello");
  run.setTags({ done: "yes" });
}

async function expectWhole(tracker: RunTracker, id: string): Promise<void> {
  const found = await tracker.get(id);
  expect(found).toMatchObject({ status: "finished", parameters: { depth: "3" }, tags: { done: "yes" } });
  expect((await tracker.history(id, "loss")).map(({ value }) => value)).toEqual(
    Array.from({ length: 700 }, (_, i) => i),
  );
  expect(new TextDecoder().decode(await tracker.artifact(id, "notes.txt"))).toBe("hello");
}

/** A store whose calls never end. */
const hanging = (store: ObjectStore): ObjectStore => ({
  ...store,
  get: () => new Promise(() => undefined),
  put: () => new Promise(() => undefined),
  list: () => new Promise(() => undefined),
});

describe("a place that fails", () => {
  it.each(failures)("once, at any call (%s): everything arrives, once and in order", async (how) => {
    for (let at = 1, calls = Infinity; at <= calls; at++) {
      const store = memoryStore();
      const spool = memoryStore();
      const faulty = failing(store, at, how);
      let id = "";
      const left = await leftBehind(async () => {
        const run = fileTracker(faulty.target, { spool }).start();
        id = run.id;
        await work(run);
        const { state } = await run.end();
        expect(["sent", "kept"]).toContain(state);
      });
      expect(left).toEqual([]);
      calls = faulty.calls();
      const later = fileTracker(store, { spool });
      expect((await later.sync()).waiting).toEqual([]);
      await expectWhole(later, id);
      expect((await spool.list("")).filter(({ key }) => !key.endsWith("target.json"))).toEqual([]);
    }
  });

  it("for good: the run is kept, and another process sends it", async () => {
    const store = memoryStore();
    const spool = memoryStore();
    const told: string[] = [];
    const run = fileTracker(failing(store, 1, "rejects", true).target, {
      spool,
      onProblem: (text) => told.push(text),
    }).start();
    await work(run);
    const end = await run.end();
    expect(end).toMatchObject({ state: "kept", sent: 0, lost: 0 });
    expect(end.problem).toMatch(/the disk caught fire/);
    expect(told).toHaveLength(1);
    expect(await spooledTargets(spool)).toEqual(["memory"]);
    expect(await store.list("")).toEqual([]);

    const later = fileTracker(store, { spool });
    expect(await later.sync()).toEqual({ runs: 1, entries: end.kept, waiting: [] });
    await expectWhole(later, run.id);
    expect(await spooledTargets(spool)).toEqual([]);
    expect(await later.sync()).toEqual({ runs: 0, entries: 0, waiting: [] });
  });

  it("is caught up by the next start", async () => {
    const store = memoryStore();
    const spool = memoryStore();
    const first = fileTracker(failing(store, 1, "rejects", true).target, { spool }).start();
    await work(first);
    await first.end();
    const tracker = fileTracker(store, { spool });
    await tracker.start().end();
    await expectWhole(tracker, first.id);
  });

  it("by never answering: the end waits for its limit and no longer", async () => {
    const store = memoryStore();
    const spool = memoryStore();
    const run = fileTracker(hanging(store), { spool, endMs: 100 }).start();
    await work(run);
    const began = performance.now();
    expect(await run.end()).toMatchObject({ state: "kept", sent: 0 });
    expect(performance.now() - began).toBeLessThan(2_000);
    const later = fileTracker(store, { spool });
    await later.sync();
    await expectWhole(later, run.id);
  });

  it("together with its spool, as on a full disk: the work goes on, and hears what is lost", async () => {
    const run = fileTracker(failing(memoryStore(), 1, "rejects", true).target, {
      spool: failing(memoryStore(), 1, "rejects", true).target,
    }).start();
    await work(run);
    const end = await run.end();
    expect(end).toMatchObject({ state: "lost", sent: 0, kept: 0 });
    expect(end.lost).toBeGreaterThan(700);
    expect(end.problem).toContain(broken.message);
  });

  it("while the spool is full for a moment: what waits in memory follows", async () => {
    const store = memoryStore();
    const spool = memoryStore();
    const run = fileTracker(failing(store, 1, "rejects").target, {
      spool: failing(spool, 2, "rejects").target,
    }).start();
    await work(run);
    await run.end();
    const later = fileTracker(store, { spool });
    await later.sync();
    await expectWhole(later, run.id);
  });
});

describe("the spool", () => {
  it("sends entries once, however often they are sent", async () => {
    const store = memoryStore();
    const spool = memoryStore();
    const run = fileTracker(failing(store, 1, "rejects", true).target, { spool }).start();
    await work(run);
    await run.end();
    const copy = memoryStore();
    for (const { key } of await spool.list("")) await copy.put(key, (await spool.get(key))?.bytes ?? new Uint8Array());
    await fileTracker(store, { spool }).sync();
    const again = fileTracker(store, { spool: copy });
    await again.sync();
    await expectWhole(again, run.id);
  });

  it("names a file that is broken, and sends the other runs", async () => {
    const store = memoryStore();
    const spool = memoryStore();
    const lost = fileTracker(failing(store, 1, "rejects", true).target, { spool });
    const runs = [lost.start(), lost.start()];
    for (const run of runs) {
      await work(run);
      await run.end();
    }
    const [bad] = (await spool.list("")).filter(({ key }) => key.includes(`${runs[0]?.id}/`) && key.endsWith(".jsonl"));
    await spool.put(
      bad?.key ?? "",
      new TextEncoder().encode(`${JSON.stringify({ id: runs[0]?.id, experiment: "churn" })}\n{}\n`),
    );
    const later = fileTracker(store, { spool });
    const { runs: sent, waiting } = await later.sync();
    expect(sent).toBe(1);
    expect(waiting).toMatchObject([{ run: runs[0]?.id }]);
    expect(waiting[0]?.problem).toContain(bad?.key ?? "?");
    await expectWhole(later, runs[1]?.id ?? "");
  });

  it("names a file without a readable beginning, and sends the other runs", async () => {
    const store = memoryStore();
    const spool = memoryStore();
    const lost = fileTracker(failing(store, 1, "rejects", true).target, { spool });
    const [first, second] = [lost.start(), lost.start()];
    await first.end();
    await second.end();
    const bad = (await spool.list("")).find(({ key }) => key.includes(`${first.id}/`) && key.endsWith(".jsonl"));
    await spool.put(bad?.key ?? "", new Uint8Array(64));
    const { runs, waiting } = await fileTracker(store, { spool }).sync();
    expect(runs).toBe(1);
    expect(waiting).toEqual([{ run: first.id, problem: expect.stringContaining(bad?.key ?? "?") as string }]);
  });

  it("sends the runs behind some that the place refuses, and gives up on a place that is down", async () => {
    const spool = memoryStore();
    const away = fileTracker(failing(memoryStore(), 1, "rejects", true).target, { spool });
    const runs = Array.from({ length: 5 }, () => away.start());
    for (const run of runs) await run.end();
    const refused = runs.slice(0, 4).map(({ id }) => id);
    const store = memoryStore();
    const refusing: ObjectStore = {
      ...store,
      put(key, ...rest) {
        const id = key.split("/")[1] ?? "";
        return refused.includes(id) ? Promise.reject(new Error(`${id} is refused`)) : store.put(key, ...rest);
      },
    };
    const { runs: sent, waiting } = await fileTracker(refusing, { spool }).sync();
    expect(sent).toBe(1);
    expect(waiting.map(({ run }) => run)).toEqual(refused);
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => (now += 5_000));
    const down = failing(memoryStore(), 1, "rejects", true);
    for (let i = 0; i < 10; i++) await away.start().end();
    const problems = (await fileTracker(down.target, { spool }).sync()).waiting.map(({ problem }) => problem);
    clock.mockRestore();
    expect(down.calls()).toBe(7);
    expect(problems.filter((problem) => problem.startsWith("not tried"))).toHaveLength(7);
  });

  it("drops the oldest runs, whole and with a warning, before it is too large or they are too old", async () => {
    const store = memoryStore();
    const told: string[] = [];
    const open = new Set<string>();
    const spool = spoolIn(store, "here", {
      open,
      onProblem: (text) => told.push(text),
      limits: { bytes: 900, days: 3 },
    });
    const keep = (id: string, bytes: number, sequence = 1): Promise<void> =>
      spool.keep({ id, experiment: "churn" }, [
        { sequence, event: { kind: "artifact", name: "a", contentType: "", content: new Uint8Array(bytes) } },
      ]);
    const waiting = async (): Promise<string[]> => (await spool.waiting()).map(({ run }) => run.id);
    vi.useFakeTimers({ toFake: ["Date"], now: 0 });
    try {
      for (const id of ["a", "c", "b"]) {
        vi.advanceTimersByTime(86_400_000);
        await keep(id, 100);
      }
      expect(told).toEqual([]);
      await keep("d", 400);
      expect(await waiting()).toEqual(["b", "d"]);
      expect(told).toEqual([
        expect.stringMatching(/run a was dropped .* unsent: more than/),
        expect.stringContaining("run c"),
      ]);
      await expect(keep("e", 2_000)).rejects.toMatchObject({ code: "STORE_FAILED" });
      open.add("b").add("d");
      await expect(keep("e", 300)).rejects.toMatchObject({ code: "STORE_FAILED" });
      open.delete("b");
      vi.advanceTimersByTime(4 * 86_400_000);
      await keep("d", 1, 2);
      expect(await waiting()).toEqual(["d", "d"]);
      expect(told.at(-1)).toMatch(/run b .* more than 3 days/);
    } finally {
      vi.useRealTimers();
    }
    expect((await store.list("")).every(({ key }) => key.includes("/d/") || key.endsWith("target.json"))).toBe(true);
  });

  it("drops a run that the place has refused for too long, and no longer counts it as waiting", async () => {
    const spool = memoryStore();
    const away = failing(memoryStore(), 1, "rejects", true).target;
    const run = fileTracker(away, { spool }).start();
    await run.end();
    const told: string[] = [];
    const later = fileTracker(away, { spool, onProblem: (text) => told.push(text) });
    expect((await later.sync()).waiting).toHaveLength(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 91 * 86_400_000 });
    const result = await later.sync();
    vi.useRealTimers();
    expect(result).toMatchObject({ runs: 0, waiting: [] });
    expect(told).toEqual([expect.stringContaining(run.id)]);
    expect((await spool.list("")).map(({ key }) => key)).toEqual([expect.stringMatching(/target\.json$/)]);
  });

  it("does not call a run dropped that another process is just done with", async () => {
    const spool = memoryStore();
    await fileTracker(failing(memoryStore(), 1, "rejects", true).target, { spool })
      .start()
      .end();
    for (const { key } of (await spool.list("")).filter((one) => one.key.endsWith(".jsonl"))) {
      await spool.put(key.replace(/[^/]+$/, "claim"), new TextEncoder().encode(String(Date.now())));
      await spool.delete(key);
    }
    const told: string[] = [];
    await fileTracker(memoryStore(), { spool, onProblem: (text) => told.push(text) }).sync();
    expect(told).toEqual([]);
  });

  it("is sent by one at a time", async () => {
    const spool = memoryStore();
    await fileTracker(failing(memoryStore(), 1, "rejects", true).target, { spool })
      .start()
      .end();
    const tracker = fileTracker(memoryStore(), { spool });
    const both = await Promise.all([tracker.sync(), tracker.sync()]);
    expect(both.map(({ runs }) => runs)).toEqual([1, 0]);
  });
});

describe("two processes with one spool", () => {
  it("do not send a run at once; one that was killed does not hold it for long", async () => {
    const spool = memoryStore();
    const run = fileTracker(failing(memoryStore(), 1, "rejects", true).target, { spool }).start();
    await run.end();
    const store = memoryStore();
    const [first, second] = [fileTracker(store, { spool }), fileTracker(store, { spool })];
    const both = await Promise.all([first.sync(), second.sync()]);
    expect(both.map(({ runs }) => runs)).toEqual([1, 0]);
    expect(both[1]?.waiting).toEqual([{ run: run.id, problem: "another process is sending it" }]);
    expect((await spool.list("")).map(({ key }) => key)).toEqual([expect.stringMatching(/target\.json$/)]);

    const other = fileTracker(failing(memoryStore(), 1, "rejects", true).target, { spool }).start();
    await other.end();
    const [{ key } = { key: "" }] = (await spool.list("")).filter((one) => one.key.endsWith(".jsonl"));
    const claim = key.replace(/[^/]+$/, "claim");
    const held = (since: number): Promise<unknown> => spool.put(claim, new TextEncoder().encode(String(since)));
    await held(Date.now() - 60_000);
    expect((await first.sync()).waiting).toHaveLength(1);
    await held(Date.now() - 180_000);
    expect(await first.sync()).toMatchObject({ runs: 1, waiting: [] });
  });

  it("count as sent what the other has sent", async () => {
    const store = memoryStore();
    const spool = memoryStore();
    const run = fileTracker(failing(store, 1, "rejects").target, { spool }).start();
    run.logMetrics({ loss: 1 });
    const kept = async (): Promise<boolean> => (await spool.list("")).some(({ key }) => key.endsWith(".jsonl"));
    await vi.waitFor(async () => expect(await kept()).toBe(true), 5_000);
    expect((await fileTracker(store, { spool }).sync()).runs).toBe(1);
    expect(await run.end()).toMatchObject({ state: "sent", sent: 3, kept: 0, lost: 0 });
  });
});

describe("an open run", () => {
  it("that is logged too much says so, and ends all the same", async () => {
    const store = memoryStore();
    const told: string[] = [];
    const run = fileTracker(store, { onProblem: (text) => told.push(text) }).start();
    for (let step = 0; step < 100_000; step++) run.logMetrics({ loss: 1 }, { step });
    expect(await run.end()).toMatchObject({
      state: "lost",
      lost: 1,
      problem: expect.stringContaining("100000") as string,
    });
    expect(told).toHaveLength(1);
    expect((await fileTracker(store).get(run.id)).status).toBe("finished");
  });

  it("keeps a Buffer as it was when it was logged", async () => {
    const tracker = fileTracker(memoryStore());
    const run = tracker.start();
    const content = Buffer.from("first");
    await run.logArtifact("a.txt", content);
    content.write("later");
    await run.end();
    expect(Buffer.from((await tracker.artifact(run.id, "a.txt")) ?? []).toString()).toBe("first");
  });

  it("has no artifact whose key would be too long for a store", async () => {
    const tracker = fileTracker(memoryStore(), { experiment: "x".repeat(200) });
    const run = tracker.start();
    const name = Array.from({ length: 4 }, () => "a".repeat(200)).join("/");
    await expect(run.logArtifact(name, "")).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await run.logArtifact(name.slice(0, 600), "");
    expect((await run.end()).state).toBe("sent");
  });
});
