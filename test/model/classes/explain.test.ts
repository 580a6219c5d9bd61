import { describe, expect, it } from "vitest";
import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "../../../src/data/index.js";
import {
  boosting,
  churnNetwork,
  counterfactuals,
  explainerOf,
  forest,
  importance,
  logistic,
  oneClass,
  partialDependence,
  permutationImportance,
  reasons,
  train,
} from "../../../src/model/index.js";
import type { Explanation } from "../../../src/model/index.js";
import type { Table } from "../../../src/data/table/index.js";
import type { Artifact, Calibration, ClassesModel } from "../../../src/model/artifact.js";
import type { Learner } from "../../../src/model/kinds/learner.js";
import { compile } from "../../../src/model/scoring/index.js";
import { planContract, planRecords, plans } from "../../helpers/plans.js";

const table = tableFromRecords(planContract, planRecords(300, 1));
const rows = tableFromRecords(planContract, planRecords(8, 2));
const fit = (learner: Learner) => train(defineFeatures(planContract), table, { learner, baseline: false, workers: 1 });
const explain = async (
  artifact: Artifact,
  explained: Table,
  options?: Parameters<typeof explainerOf>[1],
): Promise<Explanation> => (await explainerOf(artifact, options)).explain(explained);
const linear = await fit(logistic({ l2: 1 }));

const calibrations: Calibration[] = [
  { kind: "identity" },
  { kind: "platt", slope: 1.3, intercept: -0.4 },
  { kind: "beta", a: 0.8, b: 1.4, c: 0.2 },
  { kind: "isotonic", from: [-2, 0, 1, 3], to: [-1, 0.5, 0.6, 4] },
];

/** The log odds that the scorer gives a class. */
async function scored(artifact: Artifact, place: number): Promise<number[]> {
  const all = (await compile(artifact)).scoreClasses(rows);
  return Array.from({ length: rows.rows }, (_, row) => {
    const p = all[3 * row + place] ?? NaN;
    return Math.log(p / (1 - p));
  });
}

/** Shapley values of two columns, exactly: both orders, over all background rows. */
async function shapley(artifact: Artifact, place: number, record: { usage: number; seats: number }): Promise<number[]> {
  const scorer = await compile(artifact);
  const of = (records: readonly object[]): number[] => {
    const all = scorer.scoreClasses(
      tableFromRecords(
        planContract,
        records.map((one) => ({ ...one, plan: "pro" })),
      ),
    );
    return records.map((_, i) => Math.log((all[3 * i + place] ?? NaN) / (1 - (all[3 * i + place] ?? NaN))));
  };
  const background = planRecords(300, 1).slice(0, 60);
  const { usage, seats } = record;
  const [none, own, other, both] = [
    of(background),
    of(background.map((one) => ({ ...one, usage }))),
    of(background.map((one) => ({ ...one, seats }))),
    of([record]),
  ];
  const mean = (value: (i: number) => number): number =>
    background.reduce((sum, _, i) => sum + value(i), 0) / background.length;
  const at = (values: number[], i: number): number => values[i] ?? NaN;
  return [
    mean((i) => (at(own, i) - at(none, i) + (both[0] ?? NaN) - at(other, i)) / 2),
    mean((i) => (at(other, i) - at(none, i) + (both[0] ?? NaN) - at(own, i)) / 2),
  ];
}

describe("explanations of a class", () => {
  it.each(calibrations)(
    "sum to the log odds of the scorer's probability, with calibration $kind",
    async (calibration) => {
      const artifact = { ...linear.artifact, calibration };
      for (const [place, label] of plans.entries()) {
        const found = await explain(artifact, rows, { background: table, class: label });
        expect(found).toMatchObject({ class: label, method: "pooled" });
        const truth = await scored(artifact, place);
        truth.forEach((output, row) => {
          expect(found.outputs[row]).toBeCloseTo(output, 9);
          expect(found.base + (found.values[2 * row] ?? NaN) + (found.values[2 * row + 1] ?? NaN)).toBeCloseTo(
            output,
            9,
          );
        });
      }
    },
  );

  it.each<[string, string, Learner]>([
    ["linear models", "pooled", logistic({ l2: 1 })],
    ["boosted trees", "pooled", boosting({ rounds: 20, members: 2 })],
    ["forests", "sampledShapley", forest({ trees: 10 })],
    ["networks", "expectedGradients", churnNetwork({ members: 2, units: [8], dropout: [0], epochs: 10 })],
  ])("of %s are near the Shapley values, by %s", async (_, method, learner) => {
    const { artifact } = await fit(learner);
    const background = tableFromRecords(planContract, planRecords(300, 1).slice(0, 60));
    const record = { usage: 1.5, seats: -0.5 };
    const one = tableFromRecords(planContract, [{ ...record, plan: "pro" }]);
    for (const [place, label] of plans.entries()) {
      const found = await explain(artifact, one, { background, class: label, samples: 240 });
      expect(found.method).toBe(method);
      const truth = await shapley(artifact, place, record);
      // Aumann and Shapley's values, which gradients give, differ a little where columns work together.
      const slack = method === "sampledShapley" ? 0 : 0.12;
      truth.forEach((value, column) => {
        const error = 4 * (found.errors[column] ?? NaN) + slack + 1e-9;
        expect(Math.abs((found.values[column] ?? NaN) - value)).toBeLessThan(error);
      });
    }
  });

  it("are less uncertain by what is exact of each class's model", async () => {
    const { members } = linear.artifact.model as ClassesModel;
    expect(members.map(({ kind }) => kind)).toEqual(["linear", "linear", "linear"]);
    const { artifact } = await fit(boosting({ rounds: 20, members: 2 }));
    const exact = await explain(artifact, rows, { background: table, class: "pro" });
    const lime = await explain(artifact, rows, { background: table, class: "pro", method: "lime" });
    const size = (values: Float64Array): number => Math.hypot(...values);
    expect(size(exact.errors)).toBeLessThan(0.1 * size(exact.values));
    expect(importance(lime)[0]?.column).toBe(importance(exact)[0]?.column);
  });

  it("of the negative one of two are those of the positive one with the other sign", async () => {
    const customers = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 200, seed: 1 }).records);
    const { artifact } = await train(defineFeatures(syntheticContract), customers, {
      learner: logistic({ l2: 10 }),
      baseline: false,
    });
    const [yes, no] = await Promise.all([explain(artifact, customers), explain(artifact, customers, { class: "No" })]);
    expect(no.base).toBe(-yes.base);
    expect(no.values).toEqual(yes.values.map((value) => -value));
    expect(no.outputs).toEqual(yes.outputs.map((value) => -value));
  });

  it("name the class in words, and refuse one that is none", async () => {
    const explainer = await explainerOf(linear.artifact, { background: table, class: "basic" });
    const found = reasons(explainer, { usage: 2, seats: 0 });
    expect(found.reasons[0]?.sentence).toMatch(/^usage of 2 lowers the chance of "basic" \(log odds -/);
    expect(found.probability).toBeCloseTo(
      linear.scorer.scoreRecord({ usage: 2, seats: 0 }).probabilities?.["basic"] ?? NaN,
      12,
    );
    await expect(explainerOf(linear.artifact, { class: "gold" })).rejects.toThrow(
      'There is no class "gold". Use one of "basic", "plus", "pro".',
    );
  });
});

describe("a scorer of one class", () => {
  const views = plans.map((label) => oneClass(linear.scorer, label));

  it("has that class's probabilities", () => {
    const all = linear.scorer.scoreClasses(rows);
    views.forEach((view, place) => expect(view.score(rows)).toEqual(all.filter((_, i) => i % 3 === place)));
    expect(views[2]).toBe(linear.scorer);
    const record = { usage: 1, seats: 1 };
    const sum = views.reduce((total, view) => total + (view.scoreRecords([record])[0]?.probability ?? NaN), 0);
    expect(sum).toBeCloseTo(1, 12);
    expect(views[0]?.scoreRecords([{ usage: "no" }])[0]?.probability).toBeNull();
    expect(() => oneClass(linear.scorer, "gold")).toThrow(/no class "gold"/);
  });

  it("tells how columns change its class", () => {
    const [basic = linear.scorer, plus = linear.scorer] = views;
    const ends = (view: typeof basic) => partialDependence(view, table, "usage", { values: [-2, 2] }).mean;
    const [[low = NaN, high = NaN], [plusLow = NaN, plusHigh = NaN]] = [ends(basic), ends(plus)];
    expect(low).toBeGreaterThan(high);
    expect(plusLow).toBeLessThan(plusHigh);
    // Of the positive class's labels, shuffling would lower this class's log loss.
    expect(permutationImportance(plus, table, { repeats: 2 })[0]).toMatchObject({ columns: ["usage"] });
    expect(permutationImportance(plus, table, { repeats: 2 })[0]?.worsening).toBeGreaterThan(0.1);
    const found = counterfactuals(plus, table, { usage: 2, seats: -1 });
    expect(found).toMatchObject({ outcome: "found", below: 0.5 });
    expect(found.options[0]?.changes[0]?.column).toBe("usage");
  });
});
