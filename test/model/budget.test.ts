import { describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import { openBudget, partOf } from "../../src/model/kinds/budget.js";
import type { TrainingProgress } from "../../src/model/kinds/learner.js";
import { logistic } from "../../src/model/kinds/linear/learner.js";
import { sizedSettings } from "../../src/model/kinds/network/auto-settings.js";
import { churnNetwork, churnNetworkDefaults } from "../../src/model/kinds/network/learner.js";
import { oneVersusRest } from "../../src/model/training/classes/one-versus-rest.js";
import { train } from "../../src/model/training/train.js";
import { customerFeatures, customers } from "../helpers/customers.js";

describe("openBudget", () => {
  it("is spent when its seconds are over, for code that never waits too", () => {
    const budget = openBudget({ seconds: 0.005 });
    expect(budget.name).toBe("the budget of 0.005 s");
    while (budget.left > 0);
    expect(budget.spent).toBe(true);
  });

  it("is spent at once when its stop signal is aborted", () => {
    const stop = new AbortController();
    const budget = openBudget({ seconds: 1000, stop: stop.signal });
    expect([budget.spent, budget.signal.aborted]).toEqual([false, false]);
    stop.abort();
    expect([budget.spent, budget.left, budget.signal.aborted]).toEqual([true, 0, true]);
    expect(budget.name).toBe("the request to stop");
  });

  it("has no end without a limit", () => {
    expect(openBudget({}).left).toBe(Infinity);
  });

  it.each([0, -1, NaN, Infinity, 1e10])("refuses %s seconds", (seconds) => {
    expect(() => openBudget({ seconds })).toThrow(/The budget is/);
  });
});

describe("partOf", () => {
  it("is a share of what is left, and spent before the whole", () => {
    const whole = openBudget({ seconds: 1000 });
    const part = partOf(whole, 0.25);
    expect(part.left).toBeGreaterThan(240);
    expect(part.left).toBeLessThanOrEqual(250);
    expect(part.name).toBe("the budget of 1000 s");
    const short = partOf(whole, 1e-6);
    while (short.left > 0);
    expect([short.spent, whole.spent]).toEqual([true, false]);
  });

  it("is spent with the whole", () => {
    const stop = new AbortController();
    const part = partOf(openBudget({ seconds: 1000, stop: stop.signal }), 0.5);
    stop.abort();
    expect([part.spent, part.left, part.signal.aborted]).toEqual([true, 0, true]);
    expect(part.name).toBe("the request to stop");
  });

  it("goes to each of three classes", async () => {
    const classes = { codes: Uint8Array.of(0, 1, 2), count: 3, positive: 2 };
    const lefts: number[] = [];
    const learner = oneVersusRest({
      name: "any",
      parameters: {},
      fit: (_, __, { budget }) => {
        lefts.push(budget?.left ?? NaN);
        const model = { kind: "linear", weights: [0], bias: 0 } as const;
        const heldOut = { rows: Uint32Array.of(0, 1, 2), probabilities: new Float64Array(3).fill(0.3) };
        return Promise.resolve({ model, heldOut, history: [] });
      },
    });
    const rows = { matrix: new Float32Array(3), width: 1, labels: Uint8Array.of(0, 0, 1), classes };
    await learner.fit(rows, undefined, { seed: 0, budget: openBudget({ seconds: 900 }) });
    expect(lefts.map((left) => Math.round(left / 10))).toEqual([30, 45, 90]);
  });
});

describe("a network that is told to stop", () => {
  const spent = { stop: AbortSignal.abort() };
  const learner = churnNetwork({ members: 3, epochs: 4, units: [8, 4] });

  it.each([1, 2])("keeps its best epoch on %i threads, says so and in the provenance", async (workers) => {
    const { artifact, caps, history } = await train(customerFeatures, customers(300), {
      learner,
      baseline: false,
      budget: spent,
      workers,
    });
    expect(history.map((epochs) => epochs.length)).toEqual([1]);
    expect(artifact.model.kind).toBe("network");
    expect(caps).toEqual([{ cap: "budget", message: expect.stringContaining("1 of 3 were kept") as string }]);
    expect(artifact.provenance.parameters["caps"]).toEqual(caps);
  });

  it("keeps the networks that are through, and not those in training", async () => {
    const stop = new AbortController();
    const onProgress = ({ member, epoch }: TrainingProgress): void => {
      if (member === 1 && epoch === 2) stop.abort();
    };
    const { history, caps } = await train(customerFeatures, customers(300), {
      learner,
      baseline: false,
      budget: { stop: stop.signal },
      workers: 1,
      onProgress,
    });
    expect(history.map((epochs) => epochs.length)).toEqual([4]);
    expect(caps[0]?.message).toContain("1 of 3 networks were finished");
  });

  it("says nothing of a budget that wasn't needed", async () => {
    const { caps } = await train(customerFeatures, customers(300), {
      learner: churnNetwork({ members: 1, epochs: 30, patience: 1, units: [8] }),
      baseline: false,
      budget: { seconds: 1000 },
      workers: 1,
    });
    expect(caps.filter(({ cap }) => cap === "budget")).toEqual([]);
  });
});

describe("logistic regression", () => {
  const spent = { stop: AbortSignal.abort() };

  it("is left out as a baseline where no time is left, which is said", async () => {
    const { baseline, caps } = await train(customerFeatures, customers(300), {
      learner: churnNetwork({ members: 1, epochs: 1, units: [4] }),
      budget: spent,
      workers: 1,
    });
    expect(baseline).toBeUndefined();
    expect(caps.at(-1)).toEqual({
      cap: "budget",
      message: expect.stringContaining("no time for the baseline") as string,
    });
  });

  it("takes the penalty that it has by then, and is a model all the same", async () => {
    const table = customers(300);
    const { heldOut, caps, artifact } = await train(customerFeatures, table, { learner: logistic(), budget: spent });
    const whole = await train(customerFeatures, table, { learner: logistic(), budget: { seconds: 1000 } });
    expect(caps).toEqual([
      { cap: "budget", message: expect.stringContaining("the best penalty tried so far") as string },
    ]);
    expect(artifact.provenance.parameters["l2"]).toBe(1);
    expect(whole.caps).toEqual([]);
    expect(heldOut.values.auc.value).toBeGreaterThan((whole.heldOut.values.auc.value ?? 0) - 0.05);
  });

  it("says on how many rows its penalty was chosen", async () => {
    const random = uniform(1);
    const labels = Uint8Array.from({ length: 15_000 }, () => (random() < 0.4 ? 1 : 0));
    const matrix = Float32Array.from({ length: 200 * labels.length }, random);
    const { caps } = await logistic({ folds: 2 }).fit({ matrix, width: 200, labels }, undefined, { seed: 1 });
    expect(caps).toEqual([
      { cap: "rows", message: "the penalty of logistic regression was chosen on 9950 of 15000 rows, drawn at random" },
    ]);
  });
});

describe("sizedSettings", () => {
  it("trains on many rows for about as many steps as on 20,000", () => {
    const sized = (rows: number) => sizedSettings({ ...churnNetworkDefaults }, rows);
    expect(sized(5000)).toEqual({ batchSize: 32, epochs: 60, patience: 12, schedule: "constant" });
    expect(sized(20_000)).toEqual({ batchSize: 64, epochs: 60, patience: 12, schedule: "constant" });
    expect(sized(120_000)).toEqual({ batchSize: 64, epochs: 10, patience: 10, schedule: "cosine" });
    expect(sized(10_000_000).epochs).toBe(6);
  });

  it("takes given numbers as they are", () => {
    expect(sizedSettings({ ...churnNetworkDefaults, epochs: 33, patience: 4, batchSize: 7 }, 1e6)).toEqual({
      batchSize: 7,
      epochs: 33,
      patience: 4,
      schedule: "constant",
    });
  });
});
