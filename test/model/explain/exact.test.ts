import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logit } from "../../../src/stats/logistic.js";
import { uniform } from "../../../src/base/random.js";
import type { LinearModel, TreesModel } from "../../../src/model/artifact.js";
import { exactLinear } from "../../../src/model/kinds/linear/explain.js";
import { treeShap } from "../../../src/model/kinds/trees/explain.js";
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
    for (const [inputs, groups, depth, seed, backgroundRows = 7] of [
      [8, 8, 6, 1],
      [8, 8, 2, 2],
      [15, 6, 7, 3],
      [4, 2, 5, 4],
      [5, 5, 5, 4, 70],
      [6, 6, 0, 5],
    ] as const) {
      const model = randomTrees(inputs, 12, depth, seed);
      const task = randomTask(inputs, groups, { backgroundRows }, seed);
      const x = randomRows(1, inputs, seed + 50);
      const attributor = treeShap(model, task);
      const { values, output } = attribute(attributor, x, groups);
      expect(greatest(values, shapleyByDefinition(treesOutput(model), x, task))).toBeLessThan(1e-12);
      expect(output).toBeCloseTo(treesOutput(model)(x), 12);
      expect(sum(values)).toBeCloseTo(output - attributor.base, 12);
    }
  });

  it("is complete for any trees", () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 0, max: 8 }),
        (seed, inputs, depth) => {
          const groups = 1 + (seed % inputs);
          const backgroundRows = 1 + (seed % 70);
          const task = randomTask(inputs, groups, { backgroundRows }, seed);
          const attributor = treeShap(randomTrees(inputs, 4, depth, seed), task);
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
    const { values } = attribute(treeShap(model, task), new Float32Array(inputs).fill(1), inputs);
    for (const value of values) expect(value).toBeCloseTo(1 / inputs, 14);
  });
});

describe("a mean of trees", () => {
  /** Trees whose sum is a probability. */
  const forestOf = (inputs: number, trees: number, depth: number, seed: number): TreesModel => {
    const model = randomTrees(inputs, trees, depth, seed);
    return { ...model, link: "identity", bias: 0.5, values: scaledLeaves(model, 1 / trees) };
  };
  const scaledLeaves = ({ features, values }: TreesModel, scale: number): Float32Array =>
    values.map((value, node) => ((features[node] ?? 0) < 0 ? scale * value : value));
  const probabilityOf = (model: TreesModel) => {
    const scorer = treesScorer(model);
    const out = new Float64Array(1);
    return (row: Float32Array): number => {
      scorer.score(row, 1, out);
      return out[0] ?? NaN;
    };
  };

  it("has the Shapley values of its probability, on the line between the log odds of base and row", () => {
    const model = forestOf(8, 12, 6, 1);
    const task = randomTask(8, 8, { samples: 1000 });
    const attributor = treeShap(model, task);
    const x = randomRows(1, 8, 51);
    const { values, errors, output } = attribute(attributor, x, 8);
    const truth = shapleyByDefinition(probabilityOf(model), x, task);
    const probability = probabilityOf(model)(x);
    const slope = (logit(probability) - attributor.base) / sum(truth);
    expect(attributor.samples).toBe(0);
    expect(Math.max(...errors)).toBe(0);
    expect(output).toBeCloseTo(logit(probability), 12);
    expect(attributor.base).toBeCloseTo(logit(probability - sum(truth)), 12);
    expect(
      greatest(
        values,
        truth.map((value) => slope * value),
      ),
    ).toBeLessThan(1e-12);
  });

  it("meets a draw of the background for each tree, with honest errors", () => {
    const [inputs, backgroundRows] = [10, 60];
    const model = forestOf(inputs, 100, 6, 2);
    const task = randomTask(inputs, inputs, { backgroundRows, samples: 64 });
    const drawn = treeShap(model, task);
    const exact = treeShap(model, { ...task, samples: 10_000 });
    expect([drawn.samples, exact.samples]).toEqual([64, 0]);
    let [missed, stated] = [0, 0];
    for (let row = 0; row < 40; row++) {
      const x = randomRows(1, inputs, 1000 + row);
      const { values, errors, output } = attribute(drawn, x, inputs);
      const truth = attribute(exact, x, inputs).values;
      expect(sum(values)).toBeCloseTo(output - drawn.base, 10);
      for (let g = 0; g < inputs; g++) {
        missed += ((values[g] ?? NaN) - (truth[g] ?? NaN)) ** 2;
        stated += (errors[g] ?? NaN) ** 2;
      }
    }
    expect(missed).toBeGreaterThan(0);
    // A row has the same bits after others as before them.
    const again = randomRows(1, inputs, 1000);
    expect(attribute(drawn, again, inputs)).toEqual(attribute(treeShap(model, task), again, inputs));
    // The draws are balanced over the trees, which the stated variance leaves out of account.
    expect(missed / stated).toBeGreaterThan(0.4);
    expect(missed / stated).toBeLessThan(1.3);
  });

  it("meets the whole background where its draw misses what matters", () => {
    // One of 200 background rows is elsewhere, and a draw of 64 mostly misses it.
    const model: TreesModel = {
      kind: "trees",
      inputs: 2,
      link: "identity",
      bias: 0,
      roots: Uint32Array.of(0),
      features: Int32Array.of(0, -1, -1),
      values: Float32Array.of(0.5, 0.25, 0.75),
      right: Uint32Array.of(2, 0, 0),
    };
    const background = new Float32Array(400);
    background[34] = 1;
    for (let seed = 0; seed < 8; seed++) {
      const attributor = treeShap(model, randomTask(2, 2, { background, backgroundRows: 200, samples: 8, seed }));
      const { values } = attribute(attributor, new Float32Array(2), 2);
      expect(values[0]).toBeCloseTo(logit(0.25) - logit(0.25 + 0.5 / 200), 12);
      expect(values[1]).toBe(0);
    }
  });

  it("is complete for any trees and draws, and gives an unused column 0", () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 6 }),
        (seed, trees, depth) => {
          const model = forestOf(5, trees, depth, seed);
          const task = randomTask(6, 6, { backgroundRows: 1 + (seed % 90), samples: 8 }, seed);
          const attributor = treeShap({ ...model, inputs: 6 }, task);
          const { values, errors, output } = attribute(attributor, randomRows(1, 6, seed + 3), 6);
          expect(Math.abs(sum(values) - (output - attributor.base))).toBeLessThan(1e-9);
          expect([values[5], errors[5]]).toEqual([0, 0]);
        },
      ),
      { numRuns: budget(100) },
    );
  });
});
