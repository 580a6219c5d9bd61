import { beforeAll, describe, expect, it } from "vitest";
import { logit, sigmoid } from "../../../src/stats/logistic.js";
import { defineFeatures } from "../../../src/data/features/define.js";
import { column, ratio } from "../../../src/data/features/expressions/builders.js";
import { takeRows } from "../../../src/data/table/take-rows.js";
import type { Artifact, EnsembleModel, ModelNode } from "../../../src/model/artifact.js";
import { compile } from "../../../src/model/scoring/compile.js";
import { explainerOf } from "../../../src/model/explain/explainer.js";
import type { Explainer, Explanation } from "../../../src/model/explain/explanation.js";
import { importance, importanceByColumn } from "../../../src/model/explain/importance.js";
import { logistic } from "../../../src/model/kinds/linear/learner.js";
import { train } from "../../../src/model/training/train.js";
import { compileRecipe } from "../../../src/data/features/encode.js";
import { sampleArtifact, sampleContract, sampleTable } from "../../helpers/artifact.js";
import { customers } from "../../helpers/customers.js";
import { syntheticContract } from "../../../src/data/synthetic.js";
import { randomTrees } from "./oracle.js";

const table = sampleTable(60, 5);

let ensemble: Artifact;
let linear: Artifact;
beforeAll(async () => {
  ensemble = await sampleArtifact({ networks: 2 });
  linear = await sampleArtifact({ networks: 0 });
});

const rowOf = ({ values, columns }: Explanation, row: number): number[] => [
  ...values.subarray(row * columns.length, (row + 1) * columns.length),
];

async function checkComplete(artifact: Artifact, explainer: Explainer, digits: number): Promise<Explanation> {
  const explanation = explainer.explain(table);
  const scores = (await compile(artifact)).score(table);
  for (let row = 0; row < table.rows; row++) {
    expect(sigmoid(explanation.outputs[row] ?? NaN)).toBeCloseTo(scores[row] ?? NaN, digits);
    const total = rowOf(explanation, row).reduce((a, b) => a + b, 0);
    expect(total).toBeCloseTo((explanation.outputs[row] ?? NaN) - explanation.base, 9);
  }
  return explanation;
}

const pool = (...members: ModelNode[]): EnsembleModel => ({ kind: "ensemble", members, average: "logOdds" });

describe("the explainer of an artifact", () => {
  it("explains the scorer's calibrated log odds, of every kind of model", async () => {
    const width = compileRecipe(linear.recipe, linear.contract).width;
    const trees: ModelNode = randomTrees(width, 5, 4, 1);
    const kinds: [Artifact, Explanation["method"], number, samples?: number][] = [
      [linear, "linear", 9],
      [ensemble, "expectedGradients", 4, 16],
      [{ ...linear, model: trees }, "treeShap", 9],
      [{ ...linear, calibration: { kind: "beta", a: 1.7, b: 0.6, c: 0.2 } }, "linear", 9],
      [{ ...linear, calibration: { kind: "isotonic", from: [-3, -1, 0, 2], to: [-2, -1.5, 1, 1.2] } }, "linear", 9],
      [{ ...linear, model: { ...trees, link: "identity", bias: 0.5 } }, "treeShap", 9],
      [{ ...ensemble, model: { kind: "ensemble", members: [trees, ensemble.model] } }, "sampledShapley", 4, 16],
      [
        { ...ensemble, model: { ...pool(trees, ensemble.model, linear.model), weights: [0.5, 0.3, 0.2] } },
        "pooled",
        4,
        16,
      ],
      [{ ...ensemble, model: pool(trees, { ...trees, link: "identity", bias: 0.5 }) }, "pooled", 9],
    ];
    for (const [artifact, method, digits, samples = 0] of kinds) {
      const explainer = await explainerOf(artifact, { samples: 16, backgroundRows: 20 });
      expect(explainer.method).toBe(method);
      const explanation = await checkComplete(artifact, explainer, digits);
      expect(explanation.method).toBe(method);
      expect(explanation.samples).toBe(samples);
      expect(Math.max(...explanation.errors) > 0).toBe(explanation.samples > 0);
    }
  });

  it("starts from the mean log odds of the background", async () => {
    const explainer = await explainerOf(linear, { background: table, backgroundRows: 60 });
    const scores = (await compile(linear)).score(table);
    expect(explainer.base).toBeCloseTo(
      scores.reduce((sum, p) => sum + logit(p) / 60, 0),
      9,
    );
    // Over the background itself the attributions of each column average to 0.
    const { values, columns } = explainer.explain(table);
    columns.forEach((_, c) =>
      expect(values.reduce((sum, value, i) => sum + (i % columns.length === c ? value / 60 : 0), 0)).toBeCloseTo(0, 9),
    );
  });

  it("speaks of every feature of the contract, in its order", async () => {
    const { columns } = await explainerOf(linear);
    expect(columns.map(({ name }) => name)).toEqual(
      sampleContract.columns.filter(({ role }) => role === "feature").map(({ name }) => name),
    );
    expect(columns.every(({ derived, name, madeOf }) => !derived && madeOf.join() === name)).toBe(true);
  });

  it("gives derived columns of several their own name and says what they are made of", async () => {
    const features = defineFeatures(syntheticContract, {
      derive: () => ({ perMonth: ratio(column("totalCharges"), column("tenureMonths")) }),
    });
    const { artifact } = await train(features, customers(400), { learner: logistic() });
    const explainer = await explainerOf(artifact);
    const made = explainer.columns.find(({ name }) => name === "perMonth");
    expect(made).toEqual({ name: "perMonth", madeOf: ["totalCharges", "tenureMonths"], derived: true });
    const explanation = explainer.explain(customers(100, 2));
    const byName = new Map(importance(explanation).map((entry) => [entry.column, entry.meanAbsolute]));
    const weights = importanceByColumn(explanation);
    expect(weights.get("totalCharges")).toBeCloseTo(
      (byName.get("totalCharges") ?? 0) + (byName.get("perMonth") ?? 0) / 2,
      12,
    );
    expect([...weights.values()].reduce((a, b) => a + b, 0)).toBeCloseTo(
      [...byName.values()].reduce((a, b) => a + b, 0),
      9,
    );
    expect(weights.has("perMonth")).toBe(false);
  });

  it("gives 0 to a feature that no block uses", async () => {
    const plain = await sampleArtifact({ networks: 0 });
    const gone = plain.recipe.blocks.map(({ input }) => input === "tenure");
    const { sources } = compileRecipe(plain.recipe, plain.contract);
    const model = plain.model.kind === "linear" ? plain.model : undefined;
    const artifact: Artifact = {
      ...plain,
      recipe: { ...plain.recipe, blocks: plain.recipe.blocks.filter((_, i) => gone[i] !== true) },
      model: { kind: "linear", bias: 0, weights: (model?.weights ?? []).filter((_, j) => sources[j] !== "tenure") },
    };
    const explanation = (await explainerOf(artifact)).explain(table);
    const at = explanation.columns.findIndex(({ name }) => name === "tenure");
    for (let row = 0; row < table.rows; row++) expect(rowOf(explanation, row)[at]).toBe(0);
  });

  it("gives a row the same bits alone, among others and in another order", async () => {
    const explainer = await explainerOf(ensemble, { samples: 16 });
    const all = explainer.explain(table);
    const turned = explainer.explain(
      takeRows(
        table,
        Array.from({ length: 60 }, (_, i) => 59 - i),
      ),
    );
    for (const row of [0, 17, 59]) {
      expect(rowOf(explainer.explain(takeRows(table, [row])), 0)).toEqual(rowOf(all, row));
      expect(rowOf(turned, 59 - row)).toEqual(rowOf(all, row));
    }
    expect((await explainerOf(ensemble, { samples: 16 })).explain(table)).toEqual(all);
    expect((await explainerOf(ensemble, { samples: 16, seed: 1 })).explain(table)).not.toEqual(all);
  });

  it("explains no rows as no rows", async () => {
    const explainer = await explainerOf(linear);
    const nothing = explainer.explain(takeRows(table, []));
    expect(nothing.values.length).toBe(0);
    expect(() => importance(nothing)).toThrow(/No row was explained/);
  });

  it("refuses what does not fit, by name", async () => {
    const refusal = async (artifact: Artifact, options: Parameters<typeof explainerOf>[1]): Promise<unknown> =>
      explainerOf(artifact, options).catch((error: unknown) => error);
    expect(await refusal(linear, { samples: 7 })).toMatchObject({ code: "OPTION_INVALID" });
    expect(await refusal(linear, { backgroundRows: 0 })).toMatchObject({ code: "OPTION_INVALID" });
    expect(await refusal(linear, { background: customers(10) })).toMatchObject({ code: "CONTRACT_MISMATCH" });
    expect(await refusal({ ...linear, model: { kind: "linear", weights: [1], bias: 0 } }, {})).toMatchObject({
      code: "CONTRACT_MISMATCH",
    });
    const infinite: ModelNode = {
      kind: "linear",
      weights: (linear.model.kind === "linear" ? linear.model.weights : []).map(() => 1e308),
      bias: 1e308,
    };
    expect(await refusal({ ...linear, model: infinite }, {})).toMatchObject({ code: "VALUE_INVALID" });
    const explainer = await explainerOf(linear);
    expect(() => explainer.explain(customers(5))).toThrow(/different columns/);
  });
});

describe("importance", () => {
  it("is the mean absolute attribution with its standard error, largest first", async () => {
    const explanation = (await explainerOf(linear)).explain(table);
    const found = importance(explanation);
    const [first] = found;
    const at = explanation.columns.findIndex(({ name }) => name === first?.column);
    const own = Array.from({ length: table.rows }, (_, row) => Math.abs(rowOf(explanation, row)[at] ?? NaN));
    const mean = own.reduce((a, b) => a + b, 0) / own.length;
    expect(first?.meanAbsolute).toBeCloseTo(mean, 12);
    expect(first?.standardError).toBeCloseTo(
      Math.sqrt(own.reduce((a, b) => a + (b - mean) ** 2, 0) / (own.length - 1) / own.length),
      12,
    );
    expect(found.map(({ meanAbsolute }) => meanAbsolute)).toEqual(
      found.map(({ meanAbsolute }) => meanAbsolute).sort((a, b) => b - a),
    );
    expect(found.reduce((total, { share }) => total + share, 0)).toBeCloseTo(1, 12);
  });
});
