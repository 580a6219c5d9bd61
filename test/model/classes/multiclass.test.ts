import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { inferContract } from "../../../src/data/contract/infer.js";
import { defineFeatures, tableFromRecords, writeCsv } from "../../../src/data/index.js";
import { register as registerEvaluate } from "../../../src/cli/commands/evaluate.js";
import { register as registerPredict } from "../../../src/cli/commands/predict.js";
import { register as registerTrain } from "../../../src/cli/commands/train.js";
import { takeRows } from "../../../src/data/table/index.js";
import { evaluate, evaluateClasses, flatMetrics } from "../../../src/model/evaluate/index.js";
import {
  auto,
  boosting,
  churnNetwork,
  compile,
  forest,
  logistic,
  openBundle,
  toBundleFiles,
  train,
} from "../../../src/model/index.js";
import type { Learner } from "../../../src/model/kinds/learner.js";
import { plainModel, plainScorer } from "../../../src/model/scoring/index.js";
import { createHandler } from "../../../src/serving/index.js";
import { newFolder } from "../../helpers/folder.js";
import { planContract as contract, planRecords as records, plans } from "../../helpers/plans.js";
import { runVerb } from "../../helpers/run-verb.js";
import { asText, request } from "../../serving/request.js";

/** Log loss of the true probabilities on rows of {@link records}. */
function bestLoss(rows: readonly { usage: number; seats: number; plan: string }[]): number {
  const losses = rows.map(({ usage, seats, plan }) => {
    const scores = [0, 2 * usage + 0.5, -1 + 2 * seats];
    return (
      Math.log(scores.map(Math.exp).reduce((a, b) => a + b)) - (scores[plans.findIndex((one) => one === plan)] ?? 0)
    );
  });
  return losses.reduce((a, b) => a + b) / losses.length;
}

const [training, later] = [records(1000, 1), records(1000, 2)];
const fit = (learner: Learner) =>
  train(defineFeatures(contract), tableFromRecords(contract, training), { learner, baseline: false, workers: 1 });
const test = tableFromRecords(contract, later);
const { artifact, scorer } = await fit(logistic({ l2: 1 }));
const all = scorer.scoreClasses(test);

describe("a model of three classes", () => {
  it.each<[string, Learner, number]>([
    ["logistic regression", logistic({ l2: 1 }), 0.03],
    ["boosting", boosting({ rounds: 60, members: 3 }), 0.1],
    ["a forest", forest({ trees: 40 }), 0.12],
    ["networks", churnNetwork({ members: 2, units: [16], dropout: [0], epochs: 20 }), 0.08],
  ])("by %s comes near the true probabilities", async (_, learner, most) => {
    const model = await fit(learner);
    const own = model.scorer.scoreClasses(test);
    for (let row = 0; row < test.rows; row++)
      expect((own[3 * row] ?? NaN) + (own[3 * row + 1] ?? NaN) + (own[3 * row + 2] ?? NaN)).toBeCloseTo(1, 12);
    expect(model.scorer.score(test)).toEqual(own.filter((_, i) => i % 3 === 2));
    expect((evaluateClasses(model, test).logLoss.value ?? NaN) - bestLoss(later)).toBeLessThan(most);
  });

  it("scores a record as it does a table, before and after it is saved", async () => {
    const again = await openBundle(await toBundleFiles(artifact));
    expect(again.scorer.scoreClasses(test)).toEqual(all);
    later.slice(0, 50).forEach(({ usage, seats }, row) => {
      expect(again.scorer.scoreRecord({ usage, seats })).toMatchObject({
        probability: all[3 * row + 2],
        probabilities: { basic: all[3 * row], plus: all[3 * row + 1], pro: all[3 * row + 2] },
      });
    });
    const [one, two] = again.scorer.scoreRecords([later[0], { usage: "many", seats: 1 }]);
    expect([one?.probability, two?.probability]).toEqual([all[2], null]);
  });

  it("labels a row positive from the threshold on, and else by its most probable other class", () => {
    const labels = later.map(({ usage, seats }) => scorer.scoreRecord({ usage, seats }).label);
    expect(new Set(labels)).toEqual(new Set(plans));
    labels.forEach((label, row) => {
      const [basic, plus, pro] = all.slice(3 * row) as unknown as [number, number, number];
      expect(label).toBe(pro >= scorer.decision.threshold ? "pro" : basic >= plus ? "basic" : "plus");
    });
  });

  it.each<[string, Learner]>([
    ["one network", churnNetwork({ members: 1, units: [4], epochs: 1 })],
    ["a distilled stack", auto({ learners: [logistic({ l2: 1 })], distill: true, network: { units: [4], epochs: 1 } })],
  ])("is judged on a fifth of the rows, the same for each class, if it is %s", async (_, learner) => {
    const { heldOutScores } = await fit(learner);
    expect(heldOutScores.rows.length).toBeGreaterThan(195);
    const counts = plans.map((plan) => [...heldOutScores.rows].filter((row) => training[row]?.plan === plan).length);
    plans.forEach((plan, k) => {
      const all = training.filter((record) => record.plan === plan).length;
      expect(Math.abs((counts[k] ?? 0) - all / 5)).toBeLessThanOrEqual(1);
    });
  });

  it("is the same, bit for bit, for the same rows and seed", async () => {
    const again = await fit(logistic({ l2: 1 }));
    expect(again.scorer.scoreClasses(test)).toEqual(all);
  });

  it("counts each class in its evaluation", () => {
    const evaluation = evaluateClasses({ scorer }, test);
    const counts = plans.map((plan) => later.filter((record) => record.plan === plan).length);
    expect(evaluation.classes.map(({ rows }) => rows)).toEqual(counts);
    const right = later.filter(({ plan }, row) => {
      const own = all.slice(3 * row, 3 * row + 3);
      return plans[own.indexOf(Math.max(...own))] === plan;
    });
    expect(evaluation.accuracy.value).toBeCloseTo(right.length / test.rows, 12);
    expect(evaluation.macroAuc).toBeGreaterThan(0.75);
  });

  it("keeps the held-out metrics of every class, in the bundle too", async () => {
    const { classes } = artifact.metrics;
    expect(classes?.rows).toBe(1000);
    expect(classes?.accuracy.value).toBeCloseTo(evaluateClasses({ scorer }, test).accuracy.value ?? NaN, 1);
    expect((await openBundle(await toBundleFiles(artifact))).artifact.metrics).toEqual(artifact.metrics);
    expect(flatMetrics(artifact.metrics)).toMatchObject({
      "classes.logLoss": classes?.logLoss.value,
      "classes.accuracy.low": classes?.accuracy.low,
      "class.plus.recall": classes?.classes[1]?.recall,
    });
  });

  it("counts the weights of held-out rows in the metrics of every class", async () => {
    const table = tableFromRecords(contract, training.slice(0, 200));
    const weights = training.slice(0, 200).map(({ plan }) => (plan === "plus" ? 3 : 1));
    const learner = logistic({ l2: 1 });
    const { artifact: own } = await train(defineFeatures(contract), table, { learner, weights, baseline: false });
    const counts = plans.map((plan) => training.slice(0, 200).filter((record) => record.plan === plan).length);
    expect(own.metrics.classes?.classes.map(({ rows }) => rows)).toEqual([counts[0], 3 * (counts[1] ?? 0), counts[2]]);
    const intervalBy = async (weight: number): Promise<number> => {
      const alike = weights.map(() => weight);
      const model = await train(defineFeatures(contract), table, { learner, weights: alike, baseline: false });
      const { low = NaN, high = NaN } = model.heldOut.classes?.accuracy ?? {};
      return high - low;
    };
    // Copies of a row tell no more of the model than the row.
    expect((await intervalBy(3)) / (await intervalBy(1))).toBeCloseTo(1, 1);
  });

  it("is evaluated on rows that lack a class, without what takes that class to measure", () => {
    const some = (...wanted: readonly string[]) =>
      tableFromRecords(
        contract,
        later.filter(({ plan }) => wanted.includes(plan)),
      );
    const noPro = evaluate({ scorer }, some("basic", "plus"), { bootstrap: { resamples: 20 } });
    expect(noPro.values).toMatchObject({ auc: { value: null }, recall: { value: null }, f1: { value: null } });
    expect(noPro.values.logLoss.value).toBeGreaterThan(0);
    expect(noPro.classes).toMatchObject({ macroAuc: null, macroF1: null });
    expect(noPro.classes?.classes[2]).toMatchObject({ rows: 0, auc: null, recall: null, f1: null });
    expect(noPro.classes?.classes[0]?.auc).toBeGreaterThan(0.7);

    const noPlus = evaluate({ scorer }, some("basic", "pro"), { bootstrap: { resamples: 20 } });
    expect(noPlus.values.auc.value).toBeGreaterThan(0.7);
    expect(noPlus.classes?.classes.map(({ recall }) => recall === null)).toEqual([false, true, false]);
    const oneRow = evaluate({ scorer }, tableFromRecords(contract, later.slice(0, 1)), { bootstrap: false });
    for (const one of [noPro, noPlus, oneRow]) expect(JSON.stringify(one, nanToText)).not.toContain("NaN");
    expect(() => evaluateClasses({ scorer }, takeRows(test, new Uint32Array()))).toThrow(/no scored rows/);
  });

  it("is replayed by the numbers of presets that its classes tried", async () => {
    const learners = [logistic({ l2: 1 }), boosting({ rounds: 5, members: 2 }), forest({ trees: 5 })];
    const stop = new AbortController();
    let tried = 0;
    const options = { baseline: false, workers: 1 };
    const cut = await train(defineFeatures(contract), tableFromRecords(contract, training.slice(0, 200)), {
      ...options,
      learner: auto({ learners }),
      budget: { stop: stop.signal },
      onProgress: ({ of }) => of === "candidates" && ++tried === 7 && stop.abort(),
    });
    const classes = cut.artifact.provenance.parameters["classes"] as { auto: { presets: number } }[];
    const presets = classes.map(({ auto: { presets } }) => presets);
    expect(presets).toEqual([3, 3, 1]);
    const again = await train(defineFeatures(contract), tableFromRecords(contract, training.slice(0, 200)), {
      ...options,
      learner: auto({ learners, presets }),
    });
    expect(again.artifact.model).toEqual(cut.artifact.model);
    expect(() => auto({ learners, presets: [3, 4, 1] })).toThrow(/3, 4, 1.*from 1 to 3/);
    await expect(fit(auto({ learners, presets: [1, 1] }))).rejects.toThrow(/2 numbers, and the target 3 classes/);
  });

  it("scores by one positive class's model against a contract of two, and not of three", async () => {
    const [member] = artifact.model.kind === "classes" ? artifact.model.members : [];
    await expect(compile({ ...artifact, model: member ?? artifact.model })).rejects.toThrow(/2 classes.*contract 3/);
  });

  it("is exported to JavaScript with the same bits", () => {
    const own = plainScorer(plainModel(artifact.model));
    const x = Float32Array.of(0.3, -0.2, 0.5, 0.1).subarray(0, own.inputs);
    const [one, table] = [new Float64Array(1), new Float64Array(3)];
    own.score(x, 1, one);
    own.classes?.score(x, 1, table);
    expect(table[2]).toBe(one[0]);
  });
});

const nanToText = (_: string, value: unknown): unknown => (Number.isNaN(value) ? "NaN" : value);

describe("a column of many levels that tells only the other classes apart", () => {
  // Whether a customer is "pro" depends on nothing, and whether "basic" or "plus" on the shop alone.
  const shops = (rows: number, seed: number) => {
    const random = uniform(seed);
    return Array.from({ length: rows }, () => {
      const shop = Math.floor(60 * random());
      const plan = random() < 1 / 3 ? "pro" : random() < (shop % 2 === 0 ? 0.9 : 0.1) ? "basic" : "plus";
      return { shop: `shop ${shop}`, plan, seats: Math.floor(10 * random()) };
    });
  };
  const cells = shops(2000, 3).map(({ shop, plan, seats }) => [shop, plan, String(seats)]);
  const options = { target: "plan", positive: "pro", multiclass: true } as const;
  const { contract: own } = inferContract(["shop", "plan", "seats"], cells, options);
  const best = -(Math.log(1 / 3) / 3 + (2 / 3) * (0.9 * Math.log(0.6) + 0.1 * Math.log(0.2 / 3)));

  it.each<[string, Learner, number]>([
    ["logistic regression", logistic({ l2: 1 }), 0.05],
    ["boosting", boosting({ rounds: 60, members: 2 }), 0.09],
  ])("is learned by %s, because every class has its own rate", async (_, learner, most) => {
    const model = await train(defineFeatures(own), tableFromRecords(own, shops(2000, 3)), { learner, baseline: false });
    expect(model.artifact.recipe.blocks.flatMap((block) => (block.kind === "target" ? [block.of] : []))).toEqual([
      "basic",
      "plus",
    ]);
    const { logLoss } = evaluateClasses(model, tableFromRecords(own, shops(1000, 4)));
    // Without the rates of the others it is the entropy of the classes' shares, 1.10, or little less.
    expect((logLoss.value ?? NaN) - best).toBeLessThan(most);
  });
});

describe("the server", () => {
  it("answers with each class's probability if asked", async () => {
    const handler = asText(createHandler({ scorer, name: "plans", version: "1", source: "local" }));
    const record = { usage: later[0]?.usage, seats: later[0]?.seats };
    const ask = async (query: string): Promise<unknown> =>
      JSON.parse((await handler(request("/predict", record, { query }))).body);
    expect(await ask("probabilities")).toMatchObject({
      probability: all[2],
      probabilities: { basic: all[0], plus: all[1], pro: all[2] },
    });
    expect(await ask("")).not.toHaveProperty("probabilities");
  });
});

describe("the command line", () => {
  it("trains, scores and evaluates three classes when it is told to", async () => {
    const folder = newFolder();
    const [file, model] = [join(folder, "plans.csv"), join(folder, "model")];
    await writeCsv(file, training.slice(0, 300));
    const given = ["train", file, "--target", "plan", "--positive", "pro", "--learner", "logistic", "--out", model];
    await expect(runVerb(registerTrain, given)).rejects.toThrow(/holds 3 classes .*\(--multiclass\)/);
    const { out: trained } = await runVerb(registerTrain, [...given, "--multiclass"]);
    expect(trained).toMatch(/^on 300 held-out rows +logistic, a model for each of 3 classes$/m);
    expect(trained).toMatch(/^of "pro" against the others;/m);
    const csv = (await runVerb(registerPredict, ["predict", model, file])).out.split("\n");
    expect(csv[0]).toBe("row,probability,probability_basic,probability_plus,probability_pro,label,error");
    const cells = (csv[1] ?? "").split(",").map(Number);
    expect((cells[2] ?? NaN) + (cells[3] ?? NaN) + (cells[4] ?? NaN)).toBeCloseTo(1, 12);
    expect(cells[1]).toBe(cells[4]);
    const json = (await runVerb(registerPredict, ["predict", model, file, "--format", "jsonl"])).out.split("\n")[0];
    expect(JSON.parse(json ?? "")).toMatchObject({ row: 0, probability: cells[1], probability_basic: cells[2] });
    const { out } = await runVerb(registerEvaluate, ["evaluate", model, file, "--json"]);
    expect(JSON.parse(out)).toMatchObject({ classes: { rows: 300, classes: [{ label: "basic" }, {}, {}] } });
    expect((await runVerb(registerEvaluate, ["evaluate", model, file])).out).toMatch(/class +rows +ROC AUC/);
    const some = join(folder, "some.csv");
    await writeCsv(some, later.filter(({ plan }) => plan !== "pro").slice(0, 40));
    const { out: told } = await runVerb(registerEvaluate, ["evaluate", model, some]);
    expect(told).toContain("none of 40 rows is positive, so there is no AUC, average precision, recall or F1");
    expect(told).toMatch(/pro +0 +- +\d/);
  });
});
