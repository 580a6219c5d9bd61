import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sigmoid } from "../../../src/stats/logistic.js";
import { uniform } from "../../../src/base/random.js";
import { fitLogistic, type LogisticFitOptions } from "../../../src/model/kinds/linear/fit-logistic.js";
import type { LinearModel } from "../../../src/model/artifact.js";
import { logistic } from "../../../src/model/kinds/linear/learner.js";
import { budget } from "../../helpers/budget.js";

const rows = 12;
// Two numbers and a category's two levels, which add up to 1 in every row.
const matrix = Float32Array.of(
  ...[-1.5, 0.25, 1, 0, -0.75, -1, 1, 0, 0.5, 2, 0, 1, 1.25, -0.5, 0, 1, 2, 0.75, 1, 0, -2.25, 1.5, 0, 1],
  ...[0, 0, 1, 0, 0.75, -1.75, 0, 1, -0.5, 1.25, 1, 0, 1.5, -2, 1, 0, -1, -0.25, 0, 1, 2.5, 1, 0, 1],
);
const labels = Uint8Array.of(0, 0, 1, 1, 1, 0, 1, 0, 0, 1, 0, 1);
const sampleWeights = Float64Array.of(1, 2, 0.5, 1, 3, 1, 1, 0, 2, 1, 1.5, 1);

/** scikit-learn 1.9.1, LogisticRegression(C=1/l2, solver="newton-cholesky", tol=1e-14). */
const golden: readonly (readonly [LogisticFitOptions, number[], number])[] = [
  [{}, [1.373997696761567, 0.39476216530981406, 0.13292195432569712, -0.13292195432569706], -0.274248266656419],
  [
    { l2: 10 },
    [0.4215176758459314, 0.0698788288990166, 0.006667951705119514, -0.006667951705119505],
    -0.09341146697875169,
  ],
  [{ l2: 0.01 }, [8.7397565978283, 1.8355307075522782, 3.191240517850602, -3.1912405178506056], -2.2375966007221564],
  [
    { sampleWeights },
    [1.6266324275999604, -0.02071876868007702, -0.08138153411352993, 0.08138153411353005],
    -0.22040545944706552,
  ],
];

/** Largest component of the objective's gradient, in sums over rows, computed the plain way. */
function gradientNorm(x: Float32Array, width: number, y: Uint8Array, model: LinearModel, l2: number): number {
  const sums = [...model.weights.map((weight) => l2 * weight), 0];
  for (const [row, label] of y.entries()) {
    const features = [...x.subarray(row * width, (row + 1) * width), 1];
    const margin = features.reduce((sum, value, j) => sum + value * (model.weights[j] ?? model.bias), 0);
    for (const [j, value] of features.entries()) sums[j] = (sums[j] ?? 0) + (sigmoid(margin) - label) * value;
  }
  return Math.max(...sums.map(Math.abs));
}

function randomProblem(n: number, width: number, seed: number, strength = 1): { x: Float32Array; y: Uint8Array } {
  const random = uniform(seed);
  const truth = Array.from({ length: width }, () => strength * (random() - 0.5));
  const x = Float32Array.from({ length: n * width }, () => 2 * random() - 1);
  const y = new Uint8Array(n);
  for (let row = 0; row < n; row++) {
    const margin = truth.reduce((sum, weight, j) => sum + weight * (x[row * width + j] ?? 0), 0);
    y[row] = random() < sigmoid(margin) ? 1 : 0;
  }
  return { x, y };
}

describe("fitLogistic", () => {
  it.each(golden)("equals scikit-learn with %j", (options, weights, bias) => {
    const model = fitLogistic(matrix, rows, 4, labels, { ...options, tolerance: 1e-10 });
    for (const [j, weight] of weights.entries()) expect(model.weights[j]).toBeCloseTo(weight, 7);
    expect(model.bias).toBeCloseTo(bias, 7);
    expect(model.kind).toBe("linear");
  });

  it("counts a row of weight 2 as two rows", () => {
    const doubled = Float32Array.from([...matrix, ...matrix]);
    const twice = fitLogistic(doubled, 24, 4, Uint8Array.from([...labels, ...labels]));
    const weighted = fitLogistic(matrix, rows, 4, labels, { sampleWeights: new Float64Array(rows).fill(2) });
    for (const [j, weight] of twice.weights.entries()) expect(weighted.weights[j]).toBeCloseTo(weight, 6);
  });

  it("stands at a gradient of zero, whatever the shape", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 60 }),
        fc.integer({ min: 1, max: 30 }),
        fc.nat({ max: 1e6 }),
        fc.constantFrom(0.01, 1, 100),
        (n, width, seed, l2) => {
          const { x, y } = randomProblem(n, width, seed, 8);
          fc.pre(y.includes(0) && y.includes(1));
          const model = fitLogistic(x, n, width, y, { l2, maxIterations: 500 });
          expect(gradientNorm(x, width, y, model, l2) / n).toBeLessThan(1e-7);
        },
      ),
      { numRuns: budget(60) },
    );
  });

  it("finds the same answer by the diagonal that wide matrices get", () => {
    const { x, y } = randomProblem(150, 520, 3);
    const model = fitLogistic(x, 150, 520, y, { maxIterations: 1000 });
    expect(gradientNorm(x, 520, y, model, 1) / 150).toBeLessThan(1e-7);
  });

  it("finds the answer where the Hessian is sampled and taken anew", () => {
    const { x, y } = randomProblem(6000, 120, 5, 40);
    const model = fitLogistic(x, 6000, 120, y, { l2: 1e-4 });
    expect(gradientNorm(x, 120, y, model, 1e-4) / 6000).toBeLessThan(1e-7);
  });

  it("does not diverge on separable data", () => {
    const x = Float32Array.from({ length: 40 }, (_, i) => i - 19.5);
    const y = Uint8Array.from(x, (value) => (value > 0 ? 1 : 0));
    const model = fitLogistic(x, 40, 1, y);
    expect(model.weights[0]).toBeGreaterThan(1);
    expect(model.weights[0]).toBeLessThan(10);
    expect(gradientNorm(x, 1, y, model, 1)).toBeLessThan(1e-5);
    const free = fitLogistic(x, 40, 1, y, { l2: 0, maxIterations: 50 });
    expect(free.weights[0]).toSatisfy(Number.isFinite);
  });

  it("gives repeated columns equal weights and constant ones none", () => {
    const { x, y } = randomProblem(200, 1, 9, 6);
    const repeated = Float32Array.from({ length: 800 }, (_, i) =>
      i % 4 === 3 ? 0 : i % 4 === 2 ? 7 : (x[i >> 2] ?? 0),
    );
    const { weights } = fitLogistic(repeated, 200, 4, y);
    expect(weights[0]).toBeCloseTo(weights[1] ?? 0, 6);
    expect(weights[2]).toBeCloseTo(0, 5);
    expect(weights[3]).toBe(0);
  });

  it("copes with columns of very different sizes", () => {
    const { x, y } = randomProblem(300, 3, 13, 4);
    const sized = (size: number): Float32Array => x.map((value, i) => (i % 3 === 2 ? value * size : value));
    // The penalty on the large column is next to none in both.
    const [large, larger] = [fitLogistic(sized(1e3), 300, 3, y), fitLogistic(sized(1e6), 300, 3, y)];
    expect((larger.weights[2] ?? 0) * 1e6).toBeCloseTo((large.weights[2] ?? 0) * 1e3, 4);
    expect(larger.weights[0]).toBeCloseTo(large.weights[0] ?? 0, 4);
  });

  it("fits the share of positives when there are no columns", () => {
    const { weights, bias } = fitLogistic(new Float32Array(0), 4, 0, Uint8Array.of(1, 0, 0, 0));
    expect(weights).toEqual([]);
    expect(sigmoid(bias)).toBeCloseTo(0.25, 12);
  });

  it("is the same for the same input, and leaves it alone", () => {
    const { x, y } = randomProblem(500, 20, 17);
    const before = x.slice();
    const first = fitLogistic(x, 500, 20, y, { l2: "cross-validated", seed: 3 });
    expect(fitLogistic(x, 500, 20, y, { l2: "cross-validated", seed: 3 })).toEqual(first);
    expect(x).toEqual(before);
  });
});

describe("the cross-validated penalty", () => {
  const norm = ({ weights }: LinearModel): number => Math.hypot(...weights);

  it("is strong where there is nothing to learn", () => {
    const { x } = randomProblem(300, 20, 23);
    const random = uniform(1);
    const y = Uint8Array.from({ length: 300 }, () => (random() < 0.5 ? 1 : 0));
    const chosen = fitLogistic(x, 300, 20, y, { l2: "cross-validated" });
    expect(norm(chosen)).toBeLessThan(norm(fitLogistic(x, 300, 20, y, { l2: 50 })));
  });

  it("is weak where the signal is strong", () => {
    const { x, y } = randomProblem(1500, 5, 29, 30);
    const chosen = fitLogistic(x, 1500, 5, y, { l2: "cross-validated" });
    expect(norm(chosen)).toBeGreaterThan(norm(fitLogistic(x, 1500, 5, y, { l2: 2 })));
  });

  it("is found weak where it begins at the strongest, since rows are few", () => {
    const { x, y } = randomProblem(300, 80, 31, 30);
    const chosen = fitLogistic(x, 300, 80, y, { l2: "cross-validated" });
    expect(norm(chosen)).toBeGreaterThan(norm(fitLogistic(x, 300, 80, y, { l2: 20 })));
  });
});

describe("bad input", () => {
  const x = Float32Array.of(1, 2, 3, 4);
  const y = Uint8Array.of(0, 1);
  it.each([
    ["one class", () => fitLogistic(x, 2, 2, Uint8Array.of(1, 1)), "TARGET_INVALID"],
    [
      "one class among the rows that count",
      () => fitLogistic(x, 2, 2, y, { sampleWeights: Float64Array.of(0, 1) }),
      "TARGET_INVALID",
    ],
    ["too few positives for the folds", () => fitLogistic(x, 2, 2, y, { l2: "cross-validated" }), "TARGET_INVALID"],
    ["no rows", () => fitLogistic(new Float32Array(0), 0, 2, new Uint8Array(0)), "TOO_FEW_ROWS"],
    ["NaN", () => fitLogistic(Float32Array.of(1, 2, 3, NaN), 2, 2, y), "VALUE_INVALID"],
    ["a label of 3", () => fitLogistic(x, 2, 2, Uint8Array.of(0, 3)), "VALUE_INVALID"],
    ["a weight below 0", () => fitLogistic(x, 2, 2, y, { sampleWeights: Float64Array.of(1, -1) }), "VALUE_INVALID"],
    [
      "weights without a sum",
      () => fitLogistic(x, 2, 2, y, { sampleWeights: Float64Array.of(1e308, 1e308) }),
      "OPTION_INVALID",
    ],
    ["sizes that do not match", () => fitLogistic(x, 2, 3, y), "OPTION_INVALID"],
    ["a penalty below 0", () => fitLogistic(x, 2, 2, y, { l2: -1 }), "OPTION_INVALID"],
    ["no iterations", () => fitLogistic(x, 2, 2, y, { maxIterations: 0 }), "OPTION_INVALID"],
    ["a tolerance of NaN", () => fitLogistic(x, 2, 2, y, { tolerance: NaN }), "OPTION_INVALID"],
  ])("%s is refused", (_, run, code) => {
    expect(run).toThrowError(expect.objectContaining({ code }));
  });

  it("names row and column of a value that is not finite", () => {
    const run = (): unknown => fitLogistic(Float32Array.of(1, 2, Infinity, 4), 2, 2, y);
    expect(run).toThrowError(expect.objectContaining({ where: { row: 1, column: "0", value: Infinity } }));
  });
});

describe("the penalty on details", () => {
  // One number tells all; a hundred columns of noise refine it, or so they say.
  const { x } = randomProblem(400, 101, 31);
  const random = uniform(5);
  const y = Uint8Array.from({ length: 400 }, (_, row) => (random() < sigmoid(4 * (x[row * 101] ?? 0)) ? 1 : 0));
  const details = Uint8Array.from({ length: 101 }, (_, column) => (column === 0 ? 0 : 1));

  it("is stronger where details are noise, and leaves the number its weight", async () => {
    const { found, model } = await logistic().fit({ matrix: x, width: 101, labels: y, details }, undefined, {
      seed: 1,
    });
    expect(found?.["detailL2"]).toBeGreaterThan(found?.["l2"] as number);
    const { weights } = model as LinearModel;
    expect(weights[0]).toBeGreaterThan(2);
    expect(Math.hypot(...weights.slice(1))).toBeLessThan(1);
  });

  it("is the other columns' where nobody says which are details", async () => {
    const { found } = await logistic().fit({ matrix: x, width: 101, labels: y }, undefined, { seed: 1 });
    expect(found?.["detailL2"]).toBe(found?.["l2"]);
  });

  it("is refused where it is no strength", () => {
    expect(() => logistic({ l2: -1 })).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
  });
});
