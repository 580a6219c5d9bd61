import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModelNode, NetworkModel } from "../../../src/model/artifact.js";
import type { AttributionTask, Attributor } from "../../../src/model/kinds/attributor.js";
import { exactLinear } from "../../../src/model/kinds/linear/explain.js";
import { treeShap } from "../../../src/model/kinds/trees/explain.js";
import { expectedGradients } from "../../../src/model/explain/expected-gradients.js";
import { differentiableOf } from "../../../src/model/explain/explainers.js";
import { pooledAttributor } from "../../../src/model/explain/pooled.js";
import { sampledShapley } from "../../../src/model/explain/sampled-shapley.js";
import { loadKernel } from "../../../src/model/kinds/network/kernel.js";
import { linearScorer } from "../../../src/model/kinds/linear/score.js";
import { attribute, randomNetwork, randomRows, randomTask, randomTrees, sum } from "./oracle.js";
import { budget } from "../../helpers/budget.js";

const inputs = 6;
const kernel = await loadKernel();

/** Takes column `from`'s part in the first layer of a network and gives it to column `to`, scaled. */
function withFirstLayer(model: NetworkModel, to: number, from: number, scale: number): NetworkModel {
  const units = model.spec.hidden[0]?.units ?? 1;
  const kernel = Float32Array.from(model.weights[0] ?? []);
  for (let u = 0; u < units; u++) kernel[to * units + u] = scale * (kernel[from * units + u] ?? 0);
  return { ...model, weights: [kernel, ...model.weights.slice(1)] };
}

/** Each way of explaining, by a model in which column 1 does nothing and columns 2 and 3 do the same. */
const ways: Record<string, (task: AttributionTask, seed: number) => Attributor> = {
  linear: (task, seed) =>
    exactLinear({ kind: "linear", weights: [seed % 7, 0, 1.5, 1.5, -2, seed % 3], bias: 1 }, task),
  "expected gradients": (task, seed) => expectedGradients(gradientOf(twins(seed)), task),
  "expected gradients of an ensemble": (task, seed) =>
    expectedGradients(gradientOf({ kind: "ensemble", members: [twins(seed), twins(seed + 1)] }), task),
  "a pool": (task, seed) =>
    pooledAttributor(
      [
        { attributor: expectedGradients(gradientOf(twins(seed)), task), weight: 0.3 },
        {
          attributor: exactLinear({ kind: "linear", weights: [seed % 7, 0, 1.5, 1.5, -2, seed % 3], bias: 1 }, task),
          weight: 0.7,
        },
      ],
      task,
    ),
  "sampled Shapley": (task, seed) =>
    sampledShapley(linearScorer({ kind: "linear", weights: [seed % 7, 0, 1.5, 1.5, -2, seed % 3], bias: 1 }), task),
};

function gradientOf(node: ModelNode): Parameters<typeof expectedGradients>[0] {
  const part = differentiableOf(node, kernel);
  if (part === undefined) throw new Error("the model has a gradient");
  return part;
}

const twins = (seed: number): NetworkModel =>
  withFirstLayer(withFirstLayer(randomNetwork(inputs, [10, 6, 4], seed), 3, 2, 1), 1, 0, 0);

/** Columns 2 and 3 hold the same. */
function twinRows(rows: number, seed: number): Float32Array {
  const x = randomRows(rows, inputs, seed);
  for (let row = 0; row < rows; row++) x[row * inputs + 3] = x[row * inputs + 2] ?? 0;
  return x;
}

interface Case {
  readonly seed: number;
  readonly rows: number;
  readonly samples: number;
}

describe.each(Object.entries(ways))("%s", (name, make) => {
  const caseOf = fc.record({
    seed: fc.nat(1e6),
    rows: fc.integer({ min: 1, max: 12 }),
    samples: fc.integer({ min: 8, max: 40 }),
  });
  const taskOf = ({ seed, rows, samples }: Case): AttributionTask =>
    randomTask(inputs, inputs, { background: twinRows(rows, seed), backgroundRows: rows, samples, seed });

  /** Whether the samples met a slope: of a pool, those of its network, since its linear part always has one. */
  const metSlope = (way: string, values: Float64Array, given: Case): boolean => {
    const network = ways["expected gradients"];
    const seen =
      way === "a pool" && network !== undefined
        ? attribute(network(taskOf(given), given.seed), twinRows(1, given.seed + 7), inputs).values
        : values;
    return seen.some((value) => value !== 0);
  };

  it("is complete, gives an unused column 0 and equal columns the same", () => {
    fc.assert(
      fc.property(caseOf, (given) => {
        const attributor = make(taskOf(given), given.seed);
        const { values, errors, output } = attribute(attributor, twinRows(1, given.seed + 7), inputs);
        expect(Math.abs(sum(values) - (output - attributor.base))).toBeLessThanOrEqual(1e-9 + sum(errors));
        expect(values[1]).toBe(0);
        // Where no sample met a slope at all, nobody can tell which column moved the output: all share the error.
        if (metSlope(name, values, given)) expect(errors[1]).toBe(0);
        if (name !== "sampled Shapley") expect(values[2]).toBeCloseTo(values[3] ?? NaN, 9);
        else expect(Math.abs((values[2] ?? 0) - (values[3] ?? 0))).toBeLessThan(6 * (errors[2] ?? 0) + 1e-9);
      }),
      { numRuns: budget(40), examples: [[{ seed: 7, rows: 12, samples: 9 }]] },
    );
  });

  it("gives a row the same bits alone and among others, and for the same seed", () => {
    fc.assert(
      fc.property(caseOf, (given) => {
        const [one, other] = [make(taskOf(given), given.seed), make(taskOf(given), given.seed)];
        const x = twinRows(1, given.seed + 7);
        const first = attribute(one, x, inputs);
        attribute(other, twinRows(1, given.seed + 8), inputs);
        expect(attribute(other, x, inputs)).toEqual(first);
      }),
      { numRuns: budget(20) },
    );
  });
});

it("a row equal to every background row has nothing to attribute", () => {
  const x = twinRows(1, 4);
  const background = Float32Array.from({ length: 3 * inputs }, (_, i) => x[i % inputs] ?? 0);
  for (const make of Object.values(ways)) {
    const { values, errors } = attribute(
      make(randomTask(inputs, inputs, { background, backgroundRows: 3 }), 4),
      x,
      inputs,
    );
    for (const value of [...values, ...errors]) expect(Math.abs(value)).toBeLessThan(1e-12);
  }
});

describe("extreme numbers", () => {
  const magnitude = fc.integer({ min: -25, max: 25 });

  it("give finite values for any weights that a network may have", () => {
    fc.assert(
      fc.property(magnitude, magnitude, fc.nat(1000), (one, other, seed) => {
        const scaled = (power: number, by: number): NetworkModel => {
          const model = randomNetwork(inputs, [8, 4], by);
          return {
            ...model,
            weights: [
              ...model.weights.slice(0, -2),
              ...model.weights.slice(-2).map((tensor) => tensor.map((value) => value * 10 ** power)),
            ],
          };
        };
        const ensemble: ModelNode = { kind: "ensemble", members: [scaled(one, seed), scaled(other, seed + 1)] };
        const attributor = expectedGradients(gradientOf(ensemble), randomTask(inputs, inputs, { samples: 16 }));
        const { values, errors, output } = attribute(attributor, randomRows(1, inputs, seed), inputs);
        expect([...values, ...errors, output, attributor.base].every(Number.isFinite)).toBe(true);
      }),
      { numRuns: budget(100) },
    );
  });

  it("give finite values for features at the ends of what an encoder writes", () => {
    const x = Float32Array.of(1e6, -1e6, 10, -10, 1, 0);
    const trees = treeShap(randomTrees(inputs, 3, 5, 1), randomTask(inputs, inputs));
    for (const attributor of [...Object.values(ways).map((make) => make(randomTask(inputs, inputs), 1)), trees]) {
      const { values, errors } = attribute(attributor, x, inputs);
      expect([...values, ...errors].every(Number.isFinite)).toBe(true);
    }
  });
});
