import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { fitSum, type LogOdds } from "../../../src/model/training/auto/fit-weights.js";

const rows = 300;
const all = Uint32Array.from({ length: rows }, (_, row) => row);

/** Labels, and several noisy log odds of them. */
function sample(seed: number, models: number): { logOdds: LogOdds; labels: Uint8Array } {
  const random = uniform(seed);
  const truth = Array.from({ length: rows }, () => 4 * random() - 2);
  const labels = Uint8Array.from(truth, (z) => Number(random() < 1 / (1 + Math.exp(-z))));
  const logOdds = Array.from({ length: models }, (_, k) =>
    Float64Array.from(truth, (z) => (k % 2 === 0 ? z : -z / 4) + 3 * (random() - 0.5)),
  );
  return { logOdds, labels };
}

/** The penalized loss by its definition. */
function lossOf(
  { logOdds, labels }: ReturnType<typeof sample>,
  coefficients: ArrayLike<number>,
  b: number,
  prior: number,
) {
  const penalty = logOdds.reduce((sum, _, k) => sum + ((coefficients[k] ?? NaN) - 1 / logOdds.length) ** 2, 0);
  return labels.reduce(
    (sum, label, row) => {
      const z = logOdds.reduce((total, one, k) => total + (coefficients[k] ?? NaN) * (one[row] ?? NaN), b);
      return sum + Math.log(1 + Math.exp(z)) - label * z;
    },
    (prior / 2) * penalty,
  );
}

describe("fitted weights", () => {
  it("are 0 or more, and no allowed step from them lowers the loss", () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 16), (seed, models, prior) => {
        const data = sample(seed, models);
        const { coefficients, intercept, loss } = fitSum(data.logOdds, data, all, prior);
        expect(loss).toBeCloseTo(lossOf(data, coefficients, intercept, prior), 8);
        coefficients.forEach((value, k) => {
          expect(value).toBeGreaterThanOrEqual(0);
          for (const step of [1e-3, -1e-3]) {
            const moved = coefficients.slice();
            moved[k] = Math.max(0, value + step);
            expect(lossOf(data, moved, intercept, prior)).toBeGreaterThan(loss - 1e-5);
          }
        });
        for (const step of [1e-3, -1e-3])
          expect(lossOf(data, coefficients, intercept + step, prior)).toBeGreaterThan(loss - 1e-5);
      }),
      { numRuns: 25 },
    );
  });

  it("leave out a model that is wrong, and are equal where one row tells nothing", () => {
    const data = sample(1, 2);
    expect(fitSum(data.logOdds, data, all, 0).coefficients[1]).toBe(0);
    const { coefficients } = fitSum(sample(1, 3).logOdds, data, Uint32Array.of(0), 1e6);
    for (const value of coefficients) expect(value).toBeCloseTo(1 / 3, 4);
  });

  it("count a row as often as its weight says", () => {
    const data = sample(1, 3);
    const rowWeights = Float64Array.from(all, (row) => 1 + (row % 3));
    const repeated = Uint32Array.from([...all].flatMap((row) => Array.from({ length: 1 + (row % 3) }, () => row)));
    const weighted = fitSum(data.logOdds, { ...data, rowWeights }, all, 16);
    const plain = fitSum(data.logOdds, data, repeated, 16);
    expect(weighted.loss).toBeCloseTo(plain.loss, 6);
    weighted.coefficients.forEach((value, k) => expect(value).toBeCloseTo(plain.coefficients[k] ?? NaN, 6));
  });

  it("stay finite where the labels can be told apart", () => {
    const labels = Uint8Array.from(all, (row) => row % 2);
    const apart = Float64Array.from(labels, (label) => (label === 1 ? 36 : -36));
    const { coefficients, intercept } = fitSum([apart], { labels }, all, 0);
    expect([...coefficients, intercept].every(Number.isFinite)).toBe(true);
  });
});
