import { describe, expect, it } from "vitest";
import { logit, sigmoid } from "../../../src/stats/logistic.js";
import type { EnsembleModel, ModelNode } from "../../../src/model/artifact.js";
import { exactLinear } from "../../../src/model/kinds/linear/explain.js";
import { expectedGradients } from "../../../src/model/explain/expected-gradients.js";
import { differentiableOf } from "../../../src/model/explain/explainers.js";
import type { Differentiable } from "../../../src/model/kinds/differentiable.js";
import { sampledShapley } from "../../../src/model/explain/sampled-shapley.js";
import { loadKernel } from "../../../src/model/kinds/network/kernel.js";
import type { ModelScorer } from "../../../src/model/kinds/model-kind.js";
import {
  attribute,
  integratedByDefinition,
  networkOutput,
  randomNetwork,
  randomRows,
  randomTask,
  shapleyByDefinition,
  sum,
} from "./oracle.js";

const kernel = await loadKernel();

const partOf = (node: ModelNode): Differentiable => {
  const part = differentiableOf(node, kernel);
  if (part === undefined) throw new Error(`${node.kind} has a gradient`);
  return part;
};

const inputs = 9;
const groups = 4;
const network = randomNetwork(inputs, [12, 8, 5], 3);
const members = [network, randomNetwork(inputs, [6], 4), randomNetwork(inputs, [], 5)];
const linear: ModelNode = {
  kind: "linear",
  weights: Array.from({ length: inputs }, (_, j) => (j - 4) / 4),
  bias: -0.2,
};
const ensemble: EnsembleModel = {
  kind: "ensemble",
  members: [members[0] ?? network, { kind: "ensemble", members: members.slice(1) }, linear],
};

/** The log odds of the mean probability, members by their definition. */
const ensembleOutput = (row: ArrayLike<number>): number => {
  const p = members.map((member) => sigmoid(networkOutput(member)(row)));
  const line = sigmoid(Array.from(row).reduce((total, value, j) => total + ((j - 4) / 4) * value, -0.2));
  return logit(((p[0] ?? 0) + ((p[1] ?? 0) + (p[2] ?? 0)) / 2 + line) / 3);
};

const weights = [0.2, 0.3, 0.5];
const weighted: EnsembleModel = { kind: "ensemble", members, weights };
const pool: EnsembleModel = { ...weighted, average: "logOdds" };
const weightedSum = (of: (logOdds: number) => number) => (row: ArrayLike<number>) =>
  members.reduce((total, member, k) => total + (weights[k] ?? NaN) * of(networkOutput(member)(row)), 0);

const cases = [
  ["a network", network, networkOutput(network)],
  ["an ensemble of networks, ensembles and linear models", ensemble, ensembleOutput],
  ["a weighted mean of probabilities", weighted, (row: ArrayLike<number>): number => logit(weightedSum(sigmoid)(row))],
  ["a weighted mean of log odds", pool, weightedSum((logOdds) => logOdds)],
] as const;

describe.each(cases)("the gradient of %s", (_, node, output) => {
  it("is that of differences, in batches of any size", () => {
    const part = partOf(node);
    const stride = part.width + 3;
    for (const rows of [1, 5, 64]) {
      const x = randomRows(rows, inputs, rows);
      const h = new Float64Array(2 + rows * stride);
      for (let row = 0; row < rows; row++) part.project(x, row * inputs, h, 2 + row * stride);
      const outputs = new Float64Array(rows);
      part.forward(h, 2, stride, rows, outputs);
      const gradient = new Float64Array(rows * inputs).fill(7);
      part.addGradient(
        Float64Array.from({ length: rows }, (_, row) => row - 1),
        rows,
        gradient,
      );
      for (let row = 0; row < rows; row++) {
        const own = x.subarray(row * inputs, (row + 1) * inputs);
        expect(outputs[row]).toBeCloseTo(output(own), 4);
        for (let j = 0; j < inputs; j++) {
          const step = (more: number): number => output(Array.from(own, (value, i) => value + (i === j ? more : 0)));
          const slope = (step(1e-6) - step(-1e-6)) / 2e-6;
          expect(Math.abs((gradient[row * inputs + j] ?? NaN) - 7 - (row - 1) * slope)).toBeLessThan(
            1e-4 * (1 + Math.abs((row - 1) * slope)),
          );
        }
      }
    }
  });
});

describe.each(cases)("expected gradients of %s", (_, node, output) => {
  const task = randomTask(inputs, groups, { backgroundRows: 5 });
  const x = randomRows(1, inputs, 77);
  const truth = integratedByDefinition(output, x, task, 400);

  it("come near the integral as samples grow, complete at any number of them", () => {
    for (const samples of [8, 64, 4096]) {
      const attributor = expectedGradients(partOf(node), { ...task, samples });
      const { values, errors, output: given } = attribute(attributor, x, groups);
      expect(sum(values)).toBeCloseTo(given - attributor.base, 9);
      truth.forEach((value, g) =>
        expect(Math.abs((values[g] ?? NaN) - value)).toBeLessThan(5 * (errors[g] ?? NaN) + 2e-3),
      );
      if (samples === 4096) truth.forEach((value, g) => expect(values[g]).toBeCloseTo(value, 1.5));
    }
  });

  it("state their error rightly", () => {
    // Over many seeds: the error in units of the stated one. A stated error of half the true one gives 2.
    let squares = 0;
    let count = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const { values, errors } = attribute(expectedGradients(partOf(node), { ...task, samples: 40, seed }), x, groups);
      truth.forEach((value, g) => {
        squares += (((values[g] ?? NaN) - value) / (errors[g] ?? NaN)) ** 2;
        count++;
      });
    }
    expect(Math.sqrt(squares / count)).toBeLessThan(1.3);
    expect(Math.sqrt(squares / count)).toBeGreaterThan(0.3);
  });
});

describe("expected gradients of a network without hidden layers", () => {
  it("are the exact values of a linear model", () => {
    const flat = randomNetwork(inputs, [], 8);
    const task = randomTask(inputs, groups, { samples: 100, backgroundRows: 10 });
    const x = randomRows(1, inputs, 5);
    const exact = attribute(
      exactLinear({ kind: "linear", weights: [...(flat.weights[0] ?? [])], bias: flat.weights[1]?.[0] ?? 0 }, task),
      x,
      groups,
    );
    const { values } = attribute(expectedGradients(partOf(flat), task), x, groups);
    exact.values.forEach((value, g) => expect(values[g]).toBeCloseTo(value, 5));
  });
});

describe("sampled Shapley values", () => {
  const scorer: ModelScorer = {
    inputs,
    score(x, rows, out) {
      for (let row = 0; row < rows; row++)
        out[row] = sigmoid(networkOutput(network)(x.subarray(row * inputs, (row + 1) * inputs)));
    },
  };
  const task = randomTask(inputs, groups, { backgroundRows: 4 });
  const x = randomRows(1, inputs, 21);
  const truth = shapleyByDefinition((row) => logit(sigmoid(networkOutput(network)(row))), x, task);

  it("come near the definition, within the error they state", () => {
    let squares = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const attributor = sampledShapley(scorer, { ...task, samples: 32, seed });
      const { values, errors, output } = attribute(attributor, x, groups);
      expect(sum(values)).toBeCloseTo(output - attributor.base, 9);
      truth.forEach((value, g) => (squares += (((values[g] ?? NaN) - value) / (errors[g] ?? NaN)) ** 2));
    }
    expect(Math.sqrt(squares / 60 / groups)).toBeLessThan(1.3);
    const { values } = attribute(sampledShapley(scorer, { ...task, samples: 4000 }), x, groups);
    truth.forEach((value, g) => expect(values[g]).toBeCloseTo(value, 1.5));
  });
});
