import { beforeAll, describe, expect, it } from "vitest";
import { memoryStore } from "../../src/io/store/memory-store.js";
import { churnNetwork } from "../../src/model/kinds/network/learner.js";
import { openWorkerPool } from "../../src/model/kinds/worker-pool.js";
import { train, type TrainOptions } from "../../src/model/training/train.js";
import { ensureBuilt } from "../helpers/built.js";
import { customerFeatures, customers } from "../helpers/customers.js";
import { broken, failing, failures, leftBehind } from "../helpers/faults.js";

const table = customers(300);
const fit = (options: TrainOptions) =>
  train(customerFeatures, table, {
    learner: churnNetwork({ members: 2, epochs: 2, units: [4] }),
    baseline: false,
    ...options,
  });

// Threads run the built package.
beforeAll(ensureBuilt, 200_000);

describe.each([1, 2])("training on %i thread(s)", (workers) => {
  it("that cannot save or read a checkpoint ends with STORE_FAILED (the process died of an unhandled rejection)", async () => {
    const whole = failing(memoryStore(), Infinity);
    await fit({ workers, checkpoint: whole.target });
    expect(whole.calls()).toBeGreaterThanOrEqual(4);
    for (let at = 1; at <= whole.calls(); at++) {
      for (const how of failures) {
        const store = failing(memoryStore(), at, how, at % 2 === 0);
        const unobserved = await leftBehind(async () => {
          // On threads a state that waits may be passed by, so that the call that would fail never comes.
          const ended = await fit({ workers, checkpoint: store.target }).then(
            () => undefined,
            (error: unknown) => error,
          );
          if (store.calls() >= at) expect(ended).toMatchObject({ code: "STORE_FAILED", cause: broken });
          const before = store.calls();
          await new Promise((resolve) => setTimeout(resolve, 5));
          expect(store.calls(), "writes after the end").toBe(before);
        });
        expect(unobserved, `call ${at} ${how}`).toEqual([]);
      }
    }
  }, 60_000);

  it("passes on what a progress listener throws", async () => {
    const mine = new Error("mine");
    const onProgress = (): void => {
      throw mine;
    };
    expect(await leftBehind(() => expect(fit({ workers, onProgress })).rejects.toBe(mine))).toEqual([]);
  });

  it("that is aborted leaves no thread behind", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const onProgress = (): void => stop.abort(reason);
    expect(
      await leftBehind(() => expect(fit({ workers, onProgress, signal: stop.signal })).rejects.toBe(reason)),
    ).toEqual([]);
  });
});

describe("a training thread", () => {
  it("that dies while it waits or works refuses its jobs as THREAD_FAILED", async () => {
    const started: { emit(event: string, ...args: unknown[]): boolean }[] = [];
    const onWorker = (worker: (typeof started)[number]): void => void started.push(worker);
    process.on("worker", onWorker);
    const unobserved = await leftBehind(async () => {
      const pool = await openWorkerPool("network", 1);
      if (pool === undefined) throw new Error("no threads here");
      const job = {} as Parameters<typeof pool.run>[0];
      started[0]?.emit("error", new Error("out of memory"));
      await expect(pool.run(job)).rejects.toMatchObject({ code: "THREAD_FAILED" });
      await expect(pool.run(job)).rejects.toMatchObject({ code: "THREAD_FAILED" });
      await pool.close();
    });
    process.off("worker", onWorker);
    expect(unobserved).toEqual([]);
    expect(started).toHaveLength(1);
  });
});
