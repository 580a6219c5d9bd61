import { beforeAll, describe, expect, it } from "vitest";
import { kFold } from "../../../src/data/split/folds.js";
import { labels } from "../../../src/data/table/labels.js";
import { takeRows } from "../../../src/data/table/take-rows.js";
import { evaluateScores } from "../../../src/model/evaluate/evaluate-scores.js";
import { boosting } from "../../../src/model/kinds/trees/boosting-learner.js";
import { forest } from "../../../src/model/kinds/trees/forest-learner.js";
import { logistic } from "../../../src/model/kinds/linear/learner.js";
import { churnNetwork } from "../../../src/model/kinds/network/learner.js";
import { train } from "../../../src/model/training/train.js";
import { compareLearners } from "../../../src/model/tuning/compare-learners.js";
import { crossValidate } from "../../../src/model/tuning/cross-validate.js";
import { ensureBuilt } from "../../helpers/built.js";
import { customerFeatures, customers } from "../../helpers/customers.js";
import { leftBehind } from "../../helpers/faults.js";

const table = customers(300);
const costs = { falseNegative: 500, falsePositive: 50 };

// Threads run the built package.
beforeAll(ensureBuilt, 200_000);

describe("cross-validation", () => {
  it("scores each fold as a model trained on the other rows alone does", async () => {
    const learner = logistic({ l2: 10 });
    const result = await crossValidate(customerFeatures, table, {
      learner,
      folds: 3,
      seed: 4,
      workers: 1,
      threshold: { rule: "cost", costs },
    });
    const all = new Float64Array(table.rows);
    for (const [i, { train: training, test }] of kFold(table, 3, 4).entries()) {
      const tested = takeRows(table, test);
      const model = await train(customerFeatures, takeRows(table, training), {
        learner,
        seed: 4,
        baseline: false,
        threshold: { rule: "cost", costs },
      });
      const scores = model.scorer.score(tested);
      const { threshold } = model.artifact.decision;
      const { values } = evaluateScores(labels(tested), scores, { threshold, costs, bootstrap: false });
      expect(result.folds[i]).toMatchObject({
        repeat: 0,
        fold: i,
        rows: { train: training.length, test: test.length },
      });
      expect(result.folds[i]?.threshold).toBe(threshold);
      for (const [name, { value }] of Object.entries(values))
        expect(result.folds[i]?.values[name as "auc"]).toBe(value);
      expect(result.folds[i]?.values.profitPerCustomer).not.toBeNull();
      test.forEach((row, place) => (all[row] = scores[place] as number));
    }
    expect(result.outOfFold).toEqual({ rows: Uint32Array.from(all.keys()), probabilities: all });
    const values = result.folds.map(({ values: own }) => own.auc ?? NaN);
    expect(result.metrics.auc?.mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / 3, 15);
  });

  it("divides the rows anew in each repeat, and averages their probabilities", async () => {
    const once = await crossValidate(customerFeatures, table, { learner: logistic({ l2: 10 }), folds: 3, workers: 1 });
    const twice = await crossValidate(customerFeatures, table, {
      learner: logistic({ l2: 10 }),
      folds: 3,
      repeats: 2,
      workers: 1,
    });
    expect(twice.folds.slice(0, 3)).toEqual(once.folds);
    expect(twice.folds[3]?.values).not.toEqual(once.folds[0]?.values);
    expect(twice.outOfFold.rows).toEqual(once.outOfFold.rows);
    expect(twice.metrics.profitPerCustomer).toBeNull();
  });

  it("has null, and no interval, for a metric without a value on some fold", async () => {
    const rows = [...labels(table)].flatMap((label, row) => (row < 150 || label === 0 ? [row] : []));
    const ordered = takeRows(table, rows);
    const column = ordered.columns.get("tenureMonths");
    if (column?.storage === "numeric") column.values.set(Float64Array.from(column.values.keys()));
    const result = await crossValidate(customerFeatures, ordered, {
      learner: forest({ trees: 3 }),
      by: { time: "tenureMonths" },
      folds: 3,
      workers: 1,
    });
    expect(result.folds[2]?.values.auc).toBeNull();
    expect(result.metrics.auc).toBeNull();
    expect(result.metrics.logLoss).not.toBeNull();
    expect(result.outOfFold.rows.length).toBeLessThan(ordered.rows);
  });

  it.each([
    ["OPTION_INVALID", { folds: 1 }],
    ["OPTION_INVALID", { repeats: 0 }],
    ["OPTION_INVALID", { folds: 1, by: { time: "tenureMonths" } }],
    ["OPTION_INVALID", { repeats: 2, by: { time: "tenureMonths" } }],
    ["TOO_FEW_ROWS", { folds: 250 }],
    ["INPUT_COLUMNS", { by: { group: "household" } }],
  ])("refuses with %s %j", async (code, options) => {
    await expect(crossValidate(customerFeatures, table, { ...options, workers: 1 })).rejects.toMatchObject({ code });
  });
});

describe("comparing learners", () => {
  const learners = {
    linear: logistic({ l2: 10 }),
    flat: logistic({ l2: 1e6 }),
    net: churnNetwork({ members: 1, epochs: 2, units: [4] }),
    trees: boosting({ members: 2, rounds: 5 }),
  };

  it("has the same bits on 1, 2 and 3 threads, for every learner", async () => {
    const options = { folds: 3, seed: 2 };
    const alone = await compareLearners(customerFeatures, table, learners, { ...options, workers: 1 });
    for (const workers of [2, 3])
      expect(await compareLearners(customerFeatures, table, learners, { ...options, workers })).toEqual(alone);
    expect(Object.keys(alone.results)).toEqual(Object.keys(learners));
    expect(alone.differences).toHaveLength(6);
  }, 60_000);

  it("tests the paired differences", async () => {
    const { results, differences } = await compareLearners(customerFeatures, table, learners, { folds: 4, workers: 1 });
    const [first] = differences;
    expect(first).toMatchObject({ a: "linear", b: "flat" });
    const { linear, flat } = results;
    const mean = (linear?.metrics.logLoss?.mean ?? 0) - (flat?.metrics.logLoss?.mean ?? 0);
    expect(first?.metrics.logLoss?.mean).toBeCloseTo(mean, 14);
    expect(first?.metrics.logLoss?.high).toBeLessThan(0);
    expect(first?.metrics.logLoss?.p).toBeLessThan(0.05);
  });

  it("needs two", async () => {
    await expect(compareLearners(customerFeatures, table, { one: logistic() })).rejects.toMatchObject({
      code: "OPTION_INVALID",
    });
  });

  it("ends with the reason when it is aborted, and leaves no thread behind", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const run = () =>
      compareLearners(customerFeatures, table, learners, {
        folds: 3,
        workers: 2,
        signal: stop.signal,
        onProgress: () => stop.abort(reason),
      });
    expect(await leftBehind(() => expect(run()).rejects.toBe(reason))).toEqual([]);
  });
});
