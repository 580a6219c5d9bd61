import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { benjaminiHochberg } from "../../src/stats/hypothesis/adjust.js";
import { jensenShannon, psi, psiNullMean, psiOfSamples } from "../../src/stats/distances/divergence.js";
import { twoProportions } from "../../src/stats/hypothesis/proportions.js";
import { chiSquareTail, criticalValue, kolmogorovTail, logGamma, normalTwoSidedTail } from "../../src/stats/special.js";
import { wassersteinDistance } from "../../src/stats/distances/wasserstein.js";

describe("tails", () => {
  it("agree with closed forms", () => {
    // Two degrees of freedom: exp(-x/2).
    for (const x of [0.01, 1, 7, 50, 3000]) expect(chiSquareTail(x, 2).log10p).toBeCloseTo(-x / 2 / Math.LN10, 8);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 13);
    expect(logGamma(101)).toBeCloseTo(
      Array.from({ length: 100 }, (_, i) => Math.log(i + 1)).reduce((a, b) => a + b),
      10,
    );
  });

  it.each([[0], [-1], [Number.NaN], [Infinity]])("of chi-square need degrees of freedom, not %d", (df) => {
    expect(() => chiSquareTail(1, df)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });

  it("join without a step where one formula hands over to the other", () => {
    const step = (at: number, tail: (x: number) => number): number =>
      Math.abs(tail(at * (1 + 1e-12)) / tail(at * (1 - 1e-12)) - 1);
    expect(step(1, (x) => kolmogorovTail(x).p)).toBeLessThan(1e-9);
    for (const df of [1, 3, 40, 999]) expect(step(df + 2, (x) => chiSquareTail(x, df).p)).toBeLessThan(1e-9);
  });

  it("fall with x, stay within [0, 1] and never are NaN", () => {
    const x = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(x, x, fc.integer({ min: 1, max: 3000 }), (a, b, df) => {
        for (const tail of [kolmogorovTail, normalTwoSidedTail, (at: number) => chiSquareTail(at, df)]) {
          const [near, far] = [tail(Math.min(a, b)), tail(Math.max(a, b))];
          expect(far.log10p).toBeLessThanOrEqual(near.log10p + 1e-9);
          for (const { p, log10p } of [near, far]) {
            expect(p >= 0 && p <= 1 && log10p <= 0 && Number.isFinite(log10p)).toBe(true);
          }
        }
      }),
    );
    expect(chiSquareTail(Infinity, 3).p).toBe(0);
  });

  it("are inverted", () => expect(criticalValue(normalTwoSidedTail, 0.05)).toBeCloseTo(1.959963984540054, 9));
});

describe("distances", () => {
  it("have no value for an empty sample, and are 0 between equal shares", () => {
    expect([
      psi([0, 0], [1, 2]),
      jensenShannon([1], [0]),
      psiOfSamples(new Float64Array(), Float64Array.of(1)),
    ]).toEqual([undefined, undefined, undefined]);
    expect(psi([1, 2], [10, 20])).toBeCloseTo(0, 15);
    expect(wassersteinDistance(Float64Array.of(1, 2), Float64Array.of(1, 2))).toBe(0);
    expect(twoProportions(0, 0, 1, 2)).toBeUndefined();
  });

  it("give PSI's mean without drift: 0.18 for ten bins of 100 rows", () =>
    expect(psiNullMean(10, 100, 100)).toBeCloseTo(0.18, 12));

  it("adjust no p-values to none", () => expect(benjaminiHochberg([])).toEqual([]));
});
