import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { kFold } from "../../../src/data/split/folds.js";
import { takeRows } from "../../../src/data/table/take-rows.js";
import { labels } from "../../../src/data/table/labels.js";
import { metricOf } from "../../helpers/metric-of.js";
import { learnerNamed } from "../../../src/model/training/learners.js";
import { train } from "../../../src/model/training/train.js";
import { crossValidate } from "../../../src/model/tuning/cross-validate.js";
import { tune, type TuneOptions } from "../../../src/model/tuning/tune.js";
import { ensureBuilt } from "../../helpers/built.js";
import { customerFeatures, customers } from "../../helpers/customers.js";
import { leftBehind } from "../../helpers/faults.js";
import { newFolder } from "../../helpers/folder.js";

const table = customers(150);
const learners = [
  {
    learner: "boosting",
    options: { members: 2, rounds: 10 },
    space: { leaves: { kind: "integer", min: 2, max: 12 }, learningRate: { kind: "real", min: 0.05, max: 0.5 } },
  },
  { learner: "logistic", space: { l2: { kind: "real", min: 0.1, max: 1000, scale: "log" } } },
] as const;
const search = (options: TuneOptions) =>
  tune(customerFeatures, table, { learners, folds: 2, trials: 12, seed: 3, ...options });

// Threads run the built package.
beforeAll(ensureBuilt, 200_000);

describe("tuning", () => {
  it("has the same bits on 1, 2 and 3 threads, and again from its journal", async () => {
    const path = join(newFolder(), "tune.jsonl");
    const { model, ...alone } = await search({ workers: 1, journal: path });
    for (const workers of [2, 3]) {
      const { model: same, ...others } = await search({ workers });
      expect(others).toEqual(alone);
      expect(same.artifact).toEqual(model.artifact);
    }
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    expect(lines).toHaveLength(13);
    const { model: again, ...resumed } = await search({ workers: 1, journal: path });
    expect(resumed).toEqual(alone);
    expect(again.artifact).toEqual(model.artifact);
    expect(readFileSync(path, "utf8").trimEnd().split("\n")).toEqual(lines);
    await expect(search({ workers: 1, journal: path, seed: 4 })).rejects.toMatchObject({ code: "CHECKPOINT_MISMATCH" });
    expect(new Set(alone.trials.map(({ learner }) => learner))).toEqual(new Set(["boosting", "logistic"]));
  }, 60_000);

  it("judges a trial as cross-validation does, and trains the best on all rows", async () => {
    const { best, trials, model, metric } = await search({ method: "random", trials: 3, workers: 1, metric: "auc" });
    expect(metric).toBe("auc");
    expect(best.value).toBe(Math.max(...trials.map(({ value }) => value ?? NaN)));
    for (const { learner, options, values, value } of trials) {
      const { folds, metrics } = await crossValidate(customerFeatures, table, {
        learner: learnerNamed(learner, options),
        folds: 2,
        seed: 3,
        workers: 1,
      });
      expect(values).toEqual(folds.map((fold) => fold.values.auc));
      expect(value).toBeCloseTo(metrics.auc?.mean ?? NaN, 14);
    }
    const { artifact } = await train(customerFeatures, table, {
      learner: learnerNamed(best.learner, best.options),
      seed: 3,
    });
    expect(model.artifact).toEqual(artifact);
  });

  it("estimates the tuned model on outer folds, by searches that never see them", async () => {
    const options: TuneOptions = { method: "random", trials: 2, workers: 1, learners: [learners[1]] };
    const { nested } = await search({ ...options, nested: 3 });
    expect(nested?.folds).toHaveLength(3);
    const [fold] = kFold(table, 3, 3);
    const [inner, outer] = [fold?.train ?? [], fold?.test ?? []];
    const { best } = await tune(customerFeatures, takeRows(table, inner), { folds: 2, seed: 3, ...options });
    expect((nested?.parameters["chosen"] as unknown[])[0]).toEqual({ learner: best.learner, options: best.options });
    const { scorer } = await train(customerFeatures, takeRows(table, inner), {
      learner: learnerNamed(best.learner, best.options),
      seed: 3,
      baseline: false,
    });
    const tested = takeRows(table, outer);
    expect(nested?.folds[0]?.values.auc).toBe(metricOf("auc", labels(tested), scorer.score(tested)));
  });

  it("refuses outer folds that leave too few rows for a search before it begins", async () => {
    const churners = labels(table).reduce((sum, label) => sum + label, 0);
    let told = 0;
    const onTrial = (): void => void told++;
    for (const few of [{ nested: churners + 1 }, { nested: 2, folds: Math.ceil(churners / 2) + 1 }])
      await expect(
        search({ method: "random", trials: 1, learners: [learners[1]], workers: 1, onTrial, ...few }),
      ).rejects.toMatchObject({ code: "TOO_FEW_ROWS" });
    expect(told).toBe(0);
  });

  it("goes by the profit, and by one fold", async () => {
    const threshold = { rule: "cost", costs: { falseNegative: 500, falsePositive: 50 } } as const;
    const { best, trials } = await search({
      metric: "profitPerCustomer",
      threshold,
      holdout: true,
      trials: 3,
      workers: 1,
    });
    expect(best.values).toHaveLength(1);
    expect(best.value).toBe(Math.max(...trials.map(({ value }) => value ?? NaN)));
    for (const without of [undefined, { rule: "given", threshold: 0.5, costs: undefined } as const])
      await expect(search({ metric: "profitPerCustomer", threshold: without })).rejects.toMatchObject({
        code: "OPTION_INVALID",
        message: expect.stringContaining("needs costs") as string,
      });
  });

  it("halves: few epochs for all, all epochs for the best", async () => {
    const { trials, best } = await search({
      method: "asha",
      trials: 6,
      workers: 1,
      learners: [
        {
          learner: "network",
          options: { members: 1, epochs: 27, units: [4] },
          space: { l2: { kind: "real", min: 0, max: 0.1 } },
        },
      ],
    });
    expect(trials.filter(({ share }) => share === 1 / 27)).toHaveLength(6);
    expect(best.share).toBe(1);
    expect(best.options).not.toHaveProperty("patience");
  });

  it("halves with enough rows of each class for the learner's own folds", async () => {
    const { trials } = await search({ method: "asha", trials: 3, workers: 1, learners: [learners[1]] });
    expect(trials.map(({ failed }) => failed)).toEqual(trials.map(() => undefined));
  });

  it("varies one item of a list whose others are fixed", async () => {
    const space = { units1: { kind: "integer", min: 3, max: 4 } } as const;
    const options = { members: 1, epochs: 1, units2: 2 };
    const { best } = await search({ trials: 1, workers: 1, learners: [{ learner: "network", options, space }] });
    expect(best.options["units"]).toEqual([expect.any(Number), 2]);
  });

  it("records a trial that diverges, and goes on", async () => {
    const { trials, best } = await search({
      workers: 1,
      method: "grid",
      learners: [
        {
          learner: "network",
          options: { members: 1, epochs: 2, units: [4] },
          space: { learningRate: { kind: "choice", values: [1e30, 0.01] } },
        },
      ],
    });
    expect(trials.map(({ failed }) => failed?.slice(0, 17))).toEqual(["TRAINING_DIVERGED", undefined]);
    expect(best.number).toBe(1);
  });

  it.each([
    [{ folds: 1 }, "OPTION_INVALID"],
    [{ trials: 0 }, "OPTION_INVALID"],
    [{ nested: 1 }, "OPTION_INVALID"],
    [{ learners: [] }, "OPTION_INVALID"],
    [{ metric: "luck" as "auc" }, "OPTION_INVALID"],
    [{ journal: "/proc/none/tune.jsonl" }, "IO_FAILED"],
  ])("refuses %j with %s", async (options, code) => {
    await expect(search({ workers: 1, ...options })).rejects.toMatchObject({ code });
  });
});

describe("a thread of a tuning", () => {
  it("that dies is replaced, and its fold is trained again", async () => {
    const { model, ...whole } = await search({ workers: 1, method: "random", trials: 4 });
    const workers: { terminate(): Promise<number> }[] = [];
    const onWorker = (worker: (typeof workers)[number]): void => void workers.push(worker);
    process.on("worker", onWorker);
    let told = 0;
    const killing = async (): Promise<void> => {
      const { model: same, ...found } = await search({
        workers: 2,
        method: "random",
        trials: 4,
        onTrial: () => {
          if (++told === 1) workers[0]?.terminate().catch(() => undefined);
        },
      });
      expect(found).toEqual(whole);
      expect(same.artifact).toEqual(model.artifact);
    };
    expect(await leftBehind(killing)).toEqual([]);
    process.off("worker", onWorker);
    expect(workers.length).toBeGreaterThan(2);
  });

  it("that always dies makes its trials fail, with the reason", async () => {
    const onWorker = (worker: { terminate(): Promise<number> }): void => {
      worker.terminate().catch(() => undefined);
    };
    process.on("worker", onWorker);
    const run = () => search({ workers: 2, method: "random", trials: 2 });
    expect(
      await leftBehind(() =>
        expect(run()).rejects.toMatchObject({
          code: "JOB_FAILED",
          message: expect.stringContaining("THREAD_FAILED") as string,
        }),
      ),
    ).toEqual([]);
    process.off("worker", onWorker);
  });
});
