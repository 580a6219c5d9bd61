import { describe, expect, it } from "vitest";
import { contractOf, defineFeatures, syntheticCustomers, tableFromRecords } from "../../src/data/index.js";
import { memoryStore } from "../../src/io/store/index.js";
import { churnNetwork, logistic, train, tune } from "../../src/model/index.js";
import { unpackArchive } from "../../src/model/bundle/archive.js";
import { fromBundleFiles } from "../../src/model/bundle/index.js";
import { compareRuns, fileTracker, runComparisonHtml } from "../../src/tracking/index.js";
import { planRecords } from "../helpers/plans.js";
import { failing, leftBehind } from "../helpers/faults.js";
import { z } from "zod";

const schema = z.object({ tenureMonths: z.int(), monthlyCharges: z.number(), churn: z.enum(["No", "Yes"]) });
const contract = contractOf(schema, { name: "telco", target: "churn", positive: "Yes" });
const customers = tableFromRecords(contract, syntheticCustomers({ rows: 400 }).records);
const features = defineFeatures(contract);
const network = (epochs = 3) => churnNetwork({ members: 2, epochs, units: [4] });
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

describe("a tracked training", () => {
  it("logs parameters, epochs, figures, pictures, the bundle and the machine", async () => {
    const tracker = fileTracker(memoryStore());
    const model = await train(features, customers, {
      tracker,
      learner: network(),
      seed: 7,
      gitCommit: "0123abcd",
      workers: 1,
    });
    const [run] = await tracker.list();
    if (run === undefined) throw new Error("no run was logged");
    expect(run).toMatchObject({
      name: "network",
      status: "finished",
      parameters: { learner: "network", seed: "7", train_rows: "400", validation_rows: "0", units: "[4]" },
      tags: { "git.commit": "0123abcd", seed: "7", "data.hash": model.artifact.provenance.dataHash },
      inputs: [{ hash: model.artifact.provenance.dataHash, context: "training" }],
    });
    const { values } = model.heldOut;
    expect(run.metrics["auc"]?.value).toBe(values.auc.value);
    expect(run.metrics["auc.low"]?.value).toBe(values.auc.low);
    expect(run.metrics["baseline/auc"]?.value).toBe(model.baseline?.heldOut.values.auc.value);
    expect(run.metrics["system.cpu_seconds"]?.value).toBeGreaterThan(0);
    expect(run.metrics["system.max_rss_mb"]?.value).toBeGreaterThan(10);
    for (const [member, epochs] of model.history.entries())
      expect((await tracker.history(run.id, `member_${member + 1}/validation_loss`)).map(({ value }) => value)).toEqual(
        epochs.map(({ validationLoss }) => validationLoss),
      );

    const names = run.artifacts.map(({ name }) => name);
    for (const name of [
      "confusion-matrix",
      "roc",
      "precision-and-recall",
      "calibration",
      "lift-by-tenth-of-the-ranking",
    ])
      expect(names).toContain(`plots/${name}.svg`);
    for (const name of names.filter((one) => one.endsWith(".svg"))) {
      const svg = text(await tracker.artifact(run.id, name));
      expect(svg).toMatch(/^<svg [^>]*><rect [^>]*fill="#ffffff"/);
      expect(svg).not.toContain("var(--");
    }
    expect(text(await tracker.artifact(run.id, "report.html"))).toContain("Training of telco");
    const archive = await unpackArchive((await tracker.artifact(run.id, "model.tar.gz")) ?? new Uint8Array());
    expect((await fromBundleFiles(archive)).artifact.provenance).toEqual(
      JSON.parse(JSON.stringify(model.artifact.provenance)),
    );
  });

  it("logs each of several classes, and the confusion matrix of all as a picture", async () => {
    const tracker = fileTracker(memoryStore());
    const labels = ["plus [new]", "plus (new)", "pro"];
    const named = contractOf(z.object({ usage: z.number(), plan: z.enum(labels) }), {
      target: "plan",
      positive: "pro",
    });
    const records = planRecords(200, 1).map(({ plan, usage }) => ({
      usage,
      plan: plan === "plus" ? "plus (new)" : plan === "basic" ? "plus [new]" : plan,
    }));
    const table = tableFromRecords(named, records);
    const learner = churnNetwork({ members: 1, epochs: 2, units: [4] });
    const model = await train(defineFeatures(named), table, { tracker, learner, workers: 1 });
    const [run] = await tracker.list();
    if (run === undefined) throw new Error("no run was logged");
    const found = model.heldOut.classes;
    expect(run.metrics["classes.logLoss"]?.value).toBe(found?.logLoss.value);
    expect(run.metrics["baseline/classes.logLoss"]?.value).toBe(model.baseline?.heldOut.classes?.logLoss.value);
    for (const [place, plan] of ["plus _new_", "plus _new__2", "pro"].entries()) {
      expect(run.metrics[`class.${plan}.f1`]?.value).toBe(found?.classes[place]?.f1);
      expect((await tracker.history(run.id, `class.${plan}/validation_loss`)).map(({ value }) => value)).toEqual(
        model.history[place]?.map(({ validationLoss }) => validationLoss),
      );
    }
    const svg = text(await tracker.artifact(run.id, "plots/confusion-matrix-of-all-classes.svg"));
    for (const word of [...labels, ...(found?.confusion.flat() ?? [])]) expect(svg).toContain(`>${word}<`);
    const { classes } = JSON.parse(text(await tracker.artifact(run.id, "evaluation.json"))) as { classes: object };
    expect(classes).toMatchObject({ macroF1: found?.macroF1, confusion: found?.confusion });
  });

  it("is the training itself, bit for bit", async () => {
    const options = { learner: logistic(), seed: 3 };
    const tracked = await train(features, customers, { ...options, tracker: fileTracker(memoryStore()) });
    const alone = await train(features, customers, options);
    expect(tracked.artifact).toEqual(alone.artifact);
  });

  it("goes into an open run, which stays open", async () => {
    const tracker = fileTracker(memoryStore());
    const parent = tracker.start({ name: "two learners" });
    const child = parent.start({ name: "first" });
    await train(features, customers, { tracker: child, learner: logistic() });
    child.setTags({ reviewed: "yes" });
    await child.end();
    await parent.end();
    expect(await tracker.get(child.id)).toMatchObject({ parent: parent.id, tags: { reviewed: "yes" } });
  });

  it("that does not fit into an open run says so", async () => {
    const problems: string[] = [];
    const run = fileTracker(memoryStore(), { onProblem: (message) => problems.push(message) }).start();
    for (const seed of [1, 2]) await train(features, customers, { tracker: run, learner: logistic(), seed });
    expect(problems).toEqual([expect.stringMatching(/^The parameter seed of the run .* is "1" already/)]);
    await run.end();
  });

  it("that fails, or is ended from outside, says so", async () => {
    const tracker = fileTracker(memoryStore());
    const one = tableFromRecords(contract, [{ tenureMonths: 1, monthlyCharges: 2, churn: "Yes" }]);
    await expect(train(features, one, { tracker, learner: logistic() })).rejects.toMatchObject({
      code: "TARGET_INVALID",
    });
    const [failed] = await tracker.list();
    expect(failed).toMatchObject({
      status: "failed",
      tags: { error: expect.stringMatching(/^TARGET_INVALID: /) as string },
    });
    const stop = new AbortController();
    const onProgress = (): void => stop.abort(new Error("enough"));
    const other = fileTracker(memoryStore());
    await expect(
      train(features, customers, {
        tracker: other,
        learner: network(200),
        signal: stop.signal,
        onProgress,
        workers: 1,
      }),
    ).rejects.toThrow("enough");
    expect((await other.list())[0]?.status).toBe("killed");
  });

  it("is not hurt by a tracker that fails at every call, or throws", async () => {
    const options = { learner: logistic(), seed: 3 };
    const { artifact } = await train(features, customers, options);
    const left = await leftBehind(async () => {
      const tracker = fileTracker(failing(memoryStore(), 1, "throws", true).target);
      expect((await train(features, customers, { ...options, tracker })).artifact).toEqual(artifact);
      const observe = (): never => {
        throw new Error("no");
      };
      expect((await train(features, customers, { ...options, tracker: { observe } })).artifact).toEqual(artifact);
    });
    expect(left).toEqual([]);
  });
});

describe("a tracked search", () => {
  const options = { learners: [{ learner: "logistic" as const, space: {} }], trials: 2, folds: 2, workers: 1, seed: 5 };

  it("logs each trial in the run of the search, and the model", async () => {
    const tracker = fileTracker(memoryStore());
    const { trials, model } = await tune(features, customers, { ...options, method: "random", tracker });
    const runs = await tracker.list();
    const search = runs.find(({ parent }) => parent === undefined);
    expect(search).toMatchObject({
      name: "tuning of logistic",
      status: "finished",
      parameters: { learner: "logistic", method: "random", metric: "logLoss", trials: "2", folds: "2", seed: "5" },
    });
    expect(search?.tags["auto.chose"]).toBeUndefined();
    expect(search?.metrics["auc"]?.value).toBe(model.heldOut.values.auc.value);
    expect(search?.artifacts.map(({ name }) => name)).toContain("model.tar.gz");
    const tried = runs.filter(({ parent }) => parent === search?.id);
    expect(tried.map(({ name, status }) => `${name} ${status}`).sort()).toEqual([
      "trial 1 finished",
      "trial 2 finished",
    ]);
    for (const { number, value, values } of trials) {
      const run = tried.find(({ name }) => name === `trial ${number + 1}`);
      expect(run?.metrics["logLoss"]?.value).toBe(value);
      const folds = await tracker.history(run?.id ?? "", "fold/logLoss");
      expect(folds.map((one) => one.value)).toEqual(values);
    }
  });

  it("is not hurt by a tracker that fails at every call", async () => {
    const search = { ...options, method: "random" as const };
    const { trials, model } = await tune(features, customers, search);
    const left = await leftBehind(async () => {
      const tracker = fileTracker(failing(memoryStore(), 1, "throws", true).target);
      const tracked = await tune(features, customers, { ...search, tracker });
      expect([tracked.trials, tracked.model.artifact]).toEqual([trials, model.artifact]);
    });
    expect(left).toEqual([]);
  });

  it("keeps the trials of a search that was stopped", async () => {
    const tracker = fileTracker(memoryStore());
    const stop = new AbortController();
    const searching = tune(features, customers, {
      ...{ ...options, tracker, signal: stop.signal },
      onTrial: () => stop.abort(new Error("enough")),
    });
    await expect(searching).rejects.toThrow("enough");
    const runs = await tracker.list();
    expect(runs.map(({ name, status }) => `${name} ${status}`)).toContain("tuning of logistic killed");
    expect(runs.map(({ name, status }) => `${name} ${status}`)).toContain("trial 1 finished");
  });
});

describe("a comparison of runs", () => {
  it("says what differs, which is best, and what a run lacks", async () => {
    const tracker = fileTracker(memoryStore());
    const logged = [
      { depth: 3, auc: 0.84, loss: 0.4 },
      { depth: 4, auc: 0.85, loss: 0.42 },
    ].map(async ({ depth, auc, loss }) => {
      const run = tracker.start({ name: `depth ${depth} <b>` });
      run.logParameters({ depth, learner: "boosting" });
      run.setTags({ "data.hash": String(depth) });
      const ends = { "auc.low": auc - 0.1, "auc.high": auc + 0.1 };
      run.logMetrics({ auc, "member_1/loss": loss, ...ends, ...(depth === 4 ? { f1: 0.6 } : {}) });
      await run.end();
      return tracker.get(run.id);
    });
    const comparison = compareRuns(await Promise.all(logged));
    expect(comparison.parameters).toEqual([
      { name: "depth", values: ["3", "4"], differs: true },
      { name: "learner", values: ["boosting", "boosting"], differs: false },
    ]);
    expect(Object.fromEntries(comparison.metrics.map(({ name, best }) => [name, best]))).toEqual({
      auc: 1,
      "auc.high": undefined,
      "auc.low": undefined,
      f1: undefined,
      "member_1/loss": 0,
    });
    const page = await runComparisonHtml(comparison);
    expect(page).toContain("depth 3 &lt;b&gt;");
    expect(page).not.toContain("<b>");
    expect(page).not.toContain("auc.low");
    expect(page).toContain("trained on different rows");
    expect(page).toContain(`<span class="badge good">0.85 [0.7500, 0.9500]</span>`);
  });
});
