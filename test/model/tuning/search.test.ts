import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mix32 } from "../../../src/base/random.js";
import { openLog } from "../../../src/io/store/record-log.js";
import { memoryStore } from "../../../src/io/store/memory-store.js";
import { openBudget } from "../../../src/model/kinds/budget.js";
import { openJournal } from "../../../src/model/tuning/journal.js";
import { asha } from "../../../src/model/tuning/methods/asha.js";
import { randomSearch } from "../../../src/model/tuning/methods/grid.js";
import type { Method } from "../../../src/model/tuning/methods/method.js";
import { tpe } from "../../../src/model/tuning/methods/tpe.js";
import type { Outcome, TrialPlan } from "../../../src/model/training/trial.js";
import { runSearch, type SearchSetup } from "../../../src/model/tuning/search.js";
import { searchedOf } from "../../../src/model/tuning/space/searched.js";
import { failing, failures, leftBehind } from "../../helpers/faults.js";
import { newFolder } from "../../helpers/folder.js";

const searched = [
  searchedOf({
    learner: "boosting",
    space: {
      learningRate: { kind: "real", min: 0.01, max: 1 },
      leaves: { kind: "choice", values: [4, 8, 16] },
    },
  }),
];
const spaces = searched.map(({ space }) => space);
const methods: Record<string, () => Method> = {
  tpe: () => tpe(spaces, 20, 1),
  random: () => randomSearch(spaces, 20, 1),
  asha: () => asha(spaces, 14, 1),
};

/** A trial that takes a while of its own; one with 16 leaves fails. */
async function evaluate({ number, options, share }: TrialPlan): Promise<Outcome> {
  await new Promise((resolve) => setTimeout(resolve, mix32(number) % 4));
  const { learningRate, leaves } = options as { learningRate: number; leaves: number };
  if (leaves === 16) return { value: null, values: [], failed: "TRAINING_DIVERGED: too many leaves" };
  const value = Math.abs(learningRate - 0.3) - share + leaves / 100;
  return { value, values: [value, value] };
}

const search = (setup: Partial<SearchSetup> & Pick<SearchSetup, "method">) =>
  runSearch({
    searched,
    sign: 1,
    abreast: 2,
    journal: undefined,
    stage: "all rows",
    budget: undefined,
    signal: undefined,
    onTrial: undefined,
    evaluate,
    ...setup,
  });

describe.each(Object.entries(methods))("a search by %s", (_, method) => {
  it("is the same for any number of trials at work", async () => {
    const alone = await search({ method: method(), abreast: 1 });
    expect(alone.ended).toBe(false);
    expect(alone.trials.some(({ failed }) => failed !== undefined)).toBe(true);
    for (const abreast of [2, 3, 8]) expect(await search({ method: method(), abreast })).toEqual(alone);
  });

  it("continues from its journal after a kill at any trial, to the same result", async () => {
    const whole = await search({ method: method() });
    for (let killed = 0; killed <= whole.trials.length; killed += 3) {
      const store = memoryStore();
      const identity = { data: "1" };
      // The header is the first write.
      const torn = failing(store, killed + 2, "rejects", true);
      const writing = {
        ...torn.target,
        list: (prefix: string) => store.list(prefix),
        get: (key: string) => store.get(key),
      };
      const journal = await openJournal(writing, identity);
      const first = search({ method: method(), journal });
      if (killed < whole.trials.length) await expect(first).rejects.toThrow("the disk caught fire");
      else await first;
      let tried = 0;
      const again = await search({
        method: method(),
        journal: await openJournal(store, identity),
        evaluate: (plan) => {
          tried++;
          return evaluate(plan);
        },
      });
      expect(again).toEqual(whole);
      expect(tried).toBeLessThanOrEqual(whole.trials.length - killed);
    }
  });
});

describe("the journal of a search", () => {
  const folder = newFolder();
  const trials = async (path: string, identity: object) =>
    search({ method: randomSearch(spaces, 5, 1), journal: await openJournal(path, { ...identity }) });

  it("is lines of JSON, whose torn last one is done again", async () => {
    const path = join(folder, "deep/er/tune.jsonl");
    const whole = await trials(path, { data: "1", seed: 2 });
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    expect(lines).toHaveLength(6);
    expect(JSON.parse(lines[0] ?? "")).toEqual({ format: "churnkit-tuning-1", data: "1", seed: 2 });
    for (const cut of [1, 20, (lines[5] ?? "").length - 1]) {
      writeFileSync(path, `${lines.slice(0, 5).join("\n")}\n${(lines[5] ?? "").slice(0, cut)}`);
      expect(await trials(path, { data: "1", seed: 2 })).toEqual(whole);
    }
    writeFileSync(path, (lines[0] ?? "").slice(0, 9));
    expect(await trials(path, { data: "1", seed: 2 })).toEqual(whole);
  });

  it("of another search is refused, with what differs", async () => {
    const path = join(folder, "other.jsonl");
    await trials(path, { data: "1", seed: 2 });
    await expect(trials(path, { data: "3", seed: 4 })).rejects.toMatchObject({
      code: "CHECKPOINT_MISMATCH",
      message: expect.stringContaining("Not the same: data, seed.") as string,
    });
    const mine = search({
      method: randomSearch(spaces, 5, 9),
      journal: await openJournal(path, { data: "1", seed: 2 }),
    });
    await expect(mine).rejects.toMatchObject({ code: "CHECKPOINT_MISMATCH" });
  });

  it.each([
    ["a table", "id,churn\n1,Yes\n"],
    ["other JSON", '{"at":"2024-01-01"}\n'],
  ])("is not %s, which stays as it is", async (name, text) => {
    const path = join(folder, `${name.replace(" ", "-")}.jsonl`);
    appendFileSync(path, text);
    await expect(trials(path, {})).rejects.toMatchObject({ code: "CHECKPOINT_MISMATCH" });
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  it.each(["null", "3", "[1]", "id,churn"])("in a store is not %s", async (text) => {
    const store = memoryStore();
    await store.put("record-000000.json", new TextEncoder().encode(text));
    await expect(openJournal(store, {})).rejects.toMatchObject({ code: "CHECKPOINT_MISMATCH" });
  });

  it("on a full disk is IO_FAILED", async () => {
    // Every write to this device fails so; reading it would not end.
    const full = openLog("/dev/full");
    await expect(full.append({})).rejects.toMatchObject({
      code: "IO_FAILED",
      message: expect.stringContaining("The disk is full") as string,
    });
  });

  it("that fails at any call, in any way, leaves nothing unobserved", async () => {
    const whole = failing(memoryStore(), Infinity);
    await search({ method: randomSearch(spaces, 5, 1), journal: await openJournal(whole.target, {}) });
    for (let at = 1; at <= whole.calls(); at++)
      for (const how of failures) {
        const { target } = failing(memoryStore(), at, how);
        const run = async (): Promise<unknown> =>
          search({ method: randomSearch(spaces, 5, 1), journal: await openJournal(target, {}) });
        expect(await leftBehind(() => expect(run()).rejects.toThrow("the disk caught fire"))).toEqual([]);
      }
  });
});

describe("the end of a search", () => {
  it("by its budget keeps what is done, and waits for the first trial", async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const half = await search({
      method: methods["random"]?.() as Method,
      budget: openBudget({ stop: stop.signal }),
      onTrial: ({ number }) => {
        seen.push(number);
        if (seen.length === 7) stop.abort();
      },
    });
    expect(half.ended).toBe(true);
    expect(half.trials.map(({ number }) => number)).toEqual(seen.sort((a, b) => a - b));
    const spent = new AbortController();
    spent.abort();
    const one = await search({
      method: methods["random"]?.() as Method,
      budget: openBudget({ stop: spent.signal }),
    });
    expect(one).toMatchObject({ ended: true, trials: [{ number: 0 }] });
  });

  it("by its signal or by a listener is an error with the reason", async () => {
    const reason = new Error("enough");
    const stop = new AbortController();
    const aborted = () =>
      search({ method: methods["tpe"]?.() as Method, signal: stop.signal, onTrial: () => stop.abort(reason) });
    expect(await leftBehind(() => expect(aborted()).rejects.toBe(reason))).toEqual([]);
    expect(await leftBehind(() => expect(aborted()).rejects.toBe(reason))).toEqual([]);
    const thrown = () =>
      search({
        method: methods["tpe"]?.() as Method,
        onTrial: () => {
          throw reason;
        },
      });
    expect(await leftBehind(() => expect(thrown()).rejects.toBe(reason))).toEqual([]);
  });

  it("does not try equal options twice", async () => {
    let tried = 0;
    const { trials } = await search({
      method: randomSearch([{ leaves: { kind: "choice", values: [4, 8] } }], 20, 1),
      searched: [searchedOf({ learner: "boosting", space: { leaves: { kind: "choice", values: [4, 8] } } })],
      evaluate: () => Promise.resolve({ value: ++tried, values: [] }),
    });
    expect([trials.length, tried]).toEqual([20, 2]);
  });
});

describe("what is searched", () => {
  it.each([
    ["no option", { learner: "boosting", space: { leavez: { kind: "integer", min: 1, max: 2 } } }],
    ["must be", { learner: "boosting", space: { rowShare: { kind: "real", min: 0.5, max: 1.5 } } }],
    ["one of", { learner: "network", space: { schedule: { kind: "choice", values: ["cosine", "luck"] } } }],
    ["fix it", { learner: "forest", options: { trees: 3 }, space: { trees: { kind: "integer", min: 1, max: 2 } } }],
    ["Unknown learner", { learner: "oracle", space: {} }],
    ["no search space of its own", { learner: "auto" }],
    [
      "units2 is not",
      {
        learner: "network",
        space: { units1: { kind: "integer", min: 8, max: 9 }, units3: { kind: "integer", min: 8, max: 9 } },
      },
    ],
  ] as const)("is refused where it has %s", (message, given) => {
    expect(() => searchedOf(given)).toThrow(message);
  });

  it("has lists by their items, or as texts", () => {
    const network = searchedOf({
      learner: "network",
      space: { units1: { kind: "integer", min: 8, max: 16 }, dropout: { kind: "choice", values: ["0.1,0.2", "0"] } },
      options: { members: 1 },
    });
    expect(network.optionsAt({ units1: 12, dropout: "0.1,0.2" })).toEqual({
      members: 1,
      units: [12],
      dropout: [0.1, 0.2],
    });
  });
});
