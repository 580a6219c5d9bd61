import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logit } from "../../../src/stats/logistic.js";
import { uniform } from "../../../src/base/random.js";
import type { LinearModel } from "../../../src/model/artifact.js";
import { exactLinear } from "../../../src/model/kinds/linear/explain.js";
import { exactTrees } from "../../../src/model/kinds/trees/explain.js";
import { treesScorer } from "../../../src/model/kinds/trees/score.js";
import { attribute, randomRows, randomTask, randomTrees, shapleyByDefinition, sum } from "./oracle.js";
import { budget } from "../../helpers/budget.js";

function randomLinear(inputs: number, seed: number): LinearModel {
  const random = uniform(seed);
  return { kind: "linear", weights: Array.from({ length: inputs }, () => 4 * random() - 2), bias: random() };
}

const linearOutput =
  ({ weights, bias }: LinearModel) =>
  (row: Float32Array): number =>
    weights.reduce((total, weight, j) => total + weight * (row[j] ?? 0), bias);

function treesOutput(model: ReturnType<typeof randomTrees>): (row: Float32Array) => number {
  const scorer = treesScorer(model);
  const out = new Float64Array(1);
  return (row) => {
    scorer.score(row, 1, out);
    return logit(out[0] ?? NaN);
  };
}

const greatest = (values: Float64Array, truth: readonly number[]): number =>
  Math.max(...truth.map((value, i) => Math.abs(value - (values[i] ?? NaN))));

describe("a linear model", () => {
  it("has the Shapley values of the definition, in groups too", () => {
    for (const [inputs, groups] of [
      [6, 6],
      [14, 5],
    ] as const) {
      const model = randomLinear(inputs, inputs);
      const task = randomTask(inputs, groups);
      const x = randomRows(1, inputs, 9);
      const { values, errors, output } = attribute(exactLinear(model, task), x, groups);
      expect(greatest(values, shapleyByDefinition(linearOutput(model), x, task))).toBeLessThan(1e-12);
      expect(Math.max(...errors)).toBe(0);
      expect(output).toBeCloseTo(linearOutput(model)(x), 12);
    }
  });
});

describe("a sum of trees", () => {
  it("has the Shapley values of the definition, in groups too", () => {
    for (const [inputs, groups, depth, seed] of [
      [8, 8, 6, 1],
      [8, 8, 2, 2],
      [15, 6, 7, 3],
      [4, 2, 5, 4],
      [6, 6, 0, 5],
    ] as const) {
      const model = randomTrees(inputs, 12, depth, seed);
      const task = randomTask(inputs, groups, {}, seed);
      const x = randomRows(1, inputs, seed + 50);
      const attributor = exactTrees(model, task);
      if (attributor === undefined) throw new Error("logistic trees are exact");
      const { values, output } = attribute(attributor, x, groups);
      expect(greatest(values, shapleyByDefinition(treesOutput(model), x, task))).toBeLessThan(1e-12);
      expect(output).toBeCloseTo(treesOutput(model)(x), 12);
      expect(sum(values)).toBeCloseTo(output - attributor.base, 12);
    }
  });

  it("is left to sampling where trees add up to a probability", () => {
    expect(exactTrees({ ...randomTrees(4, 2, 2, 1), link: "identity" }, randomTask(4, 4))).toBeUndefined();
  });

  it("is complete for any trees", () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 0, max: 8 }),
        (seed, inputs, depth) => {
          const groups = 1 + (seed % inputs);
          const attributor = exactTrees(randomTrees(inputs, 4, depth, seed), randomTask(inputs, groups, {}, seed));
          if (attributor === undefined) return false;
          const { values, output } = attribute(attributor, randomRows(1, inputs, seed + 3), groups);
          return Math.abs(sum(values) - (output - attributor.base)) < 1e-11;
        },
      ),
      { numRuns: budget(100) },
    );
  });

  it("takes a path of more groups than weights are looked up for", () => {
    const inputs = 80;
    // One chain: every split has a leaf on its left, which only the row reaches.
    const model = {
      kind: "trees" as const,
      inputs,
      link: "logistic" as const,
      bias: 0,
      roots: Uint32Array.of(0),
      features: Int32Array.from({ length: 2 * inputs + 1 }, (_, i) => (i % 2 === 0 && i < 2 * inputs ? i / 2 : -1)),
      values: Float32Array.from({ length: 2 * inputs + 1 }, (_, i) =>
        i % 2 === 0 && i < 2 * inputs ? 0.5 : i === 2 * inputs ? 1 : 0,
      ),
      right: Uint32Array.from({ length: 2 * inputs + 1 }, (_, i) => (i % 2 === 0 && i < 2 * inputs ? i + 2 : 0)),
    };
    const task = randomTask(inputs, inputs, { background: new Float32Array(inputs), backgroundRows: 1 });
    const attributor = exactTrees(model, task);
    if (attributor === undefined) throw new Error("logistic trees are exact");
    const { values } = attribute(attributor, new Float32Array(inputs).fill(1), inputs);
    for (const value of values) expect(value).toBeCloseTo(1 / inputs, 14);
  });
});
