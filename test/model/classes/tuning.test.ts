import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { register as registerCompare } from "../../../src/cli/commands/compare.js";
import { register as registerTune } from "../../../src/cli/commands/tune.js";
import { defineFeatures, kFold, tableFromRecords, writeCsv } from "../../../src/data/index.js";
import { takeRows } from "../../../src/data/table/index.js";
import { crossValidate, evaluateClasses, logistic, train, tune } from "../../../src/model/index.js";
import { customerFeatures, customers } from "../../helpers/customers.js";
import { newFolder } from "../../helpers/folder.js";
import { planContract, planRecords, plans } from "../../helpers/plans.js";
import { runVerb } from "../../helpers/run-verb.js";

const features = defineFeatures(planContract);
const table = tableFromRecords(planContract, planRecords(240, 3));
const learner = logistic({ l2: 1 });

describe("cross-validation of three classes", () => {
  it("scores each fold as a model trained on the other rows alone does", async () => {
    const { folds, metrics, outOfFold } = await crossValidate(features, table, { learner, folds: 3, workers: 1 });
    const losses: number[] = [];
    for (const [i, { train: training, test }] of kFold(table, 3, 0).entries()) {
      const model = await train(features, takeRows(table, training), { learner, baseline: false });
      const tested = takeRows(table, test);
      const { logLoss, accuracy, macroF1, macroAuc } = evaluateClasses(model, tested);
      expect(folds[i]?.values).toMatchObject({
        "classes.logLoss": logLoss.value,
        "classes.accuracy": accuracy.value,
        "classes.macroF1": macroF1,
        "classes.macroAuc": macroAuc,
      });
      losses.push(logLoss.value ?? NaN);
      const all = model.scorer.scoreClasses(tested);
      test.forEach((row, place) =>
        expect(outOfFold.ofClasses?.slice(3 * row, 3 * row + 3)).toEqual(all.slice(3 * place, 3 * place + 3)),
      );
      expect(model.scorer.score(tested)).toEqual(Float64Array.from(test, (row) => outOfFold.probabilities[row] ?? NaN));
    }
    expect(metrics["classes.logLoss"]?.mean).toBeCloseTo(losses.reduce((a, b) => a + b) / 3, 14);
  });

  it("has no metrics over all classes where there are two", async () => {
    const { metrics, outOfFold } = await crossValidate(customerFeatures, customers(100), {
      learner,
      folds: 2,
      workers: 1,
    });
    expect(metrics).not.toHaveProperty(["classes.logLoss"]);
    expect(outOfFold).not.toHaveProperty("ofClasses");
  });
});

describe("tuning of three classes", () => {
  const options = {
    learners: [{ learner: "logistic", space: { l2: { kind: "choice", values: [1, 1000] } } }],
    method: "grid",
    folds: 2,
    workers: 1,
  } as const;

  it("is by the log loss over all classes, unless something else is asked for", async () => {
    const found = await tune(features, table, options);
    expect(found).toMatchObject({ metric: "classes.logLoss", best: { options: { l2: 1 } } });
    const { metrics } = await crossValidate(features, table, { learner, folds: 2, workers: 1 });
    expect(found.best.value).toBeCloseTo(metrics["classes.logLoss"]?.mean ?? NaN, 14);
    expect(found.model.heldOut.classes?.classes.map(({ label }) => label)).toEqual([...plans]);
    const other = await tune(features, table, { ...options, metric: "classes.macroF1" });
    expect(other.best).toMatchObject({ options: { l2: 1 }, value: metrics["classes.macroF1"]?.mean });
    await expect(tune(customerFeatures, customers(100), { ...options, metric: "classes.macroF1" })).rejects.toThrow(
      /no metric classes\.macroF1 of 2 classes/,
    );
  });

  it("halves by the rows of each class", async () => {
    const { trials } = await tune(features, table, {
      ...options,
      learners: [
        {
          learner: "boosting",
          options: { rounds: 4, members: 2 },
          space: { leaves: { kind: "integer", min: 2, max: 4 } },
        },
      ],
      method: "asha",
      trials: 3,
    });
    expect(trials.filter(({ failed }) => failed !== undefined)).toEqual([]);
  });
});

describe("the command line", () => {
  const folder = newFolder();
  const file = join(folder, "plans.csv");
  const about = ["--target", "plan", "--positive", "pro", "--multiclass", "--folds", "2", "--workers", "1"];

  it("compares and tunes by metrics over all classes", async () => {
    await writeCsv(file, planRecords(120, 4));
    const compared = await runVerb(registerCompare, ["compare", file, ...about, "--learners", "logistic,forest"]);
    expect(compared.out).toMatch(
      /\nlearner +log loss over classes +accuracy over classes +macro F1 +log loss over classes, 95 % interval\nlogistic +0\.\d{4} +0\.\d{4} +0\.\d{4} /,
    );
    const { out } = await runVerb(registerTune, [
      ...["tune", file, ...about, "--learner", "logistic", "--trials", "2", "--metric", "classes.accuracy"],
      ...["--out", join(folder, "model"), "--json"],
    ]);
    const { metric, best } = JSON.parse(out) as { metric: string; best: { value: number } };
    expect([metric, best.value > 0.5]).toEqual(["classes.accuracy", true]);
  });

  it("refuses a metric over all classes where there are two", async () => {
    await writeCsv(
      file,
      planRecords(60, 4).map(({ plan, ...rest }) => ({ ...rest, plan: plan === "pro" ? plan : "other" })),
    );
    await expect(
      runVerb(registerCompare, [
        "compare",
        file,
        ...about,
        "--learners",
        "logistic,forest",
        "--metric",
        "classes.macroF1",
      ]),
    ).rejects.toThrow(/over more than two classes/);
  });
});
