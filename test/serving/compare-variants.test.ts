import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import { compareVariants } from "../../src/serving/models/compare-variants.js";
import { logGamma } from "../../src/stats/special.js";
import { alwaysValidDifference, type Trials } from "../../src/stats/always-valid.js";
import { budget } from "../helpers/budget.js";

/** Looks at a running experiment now and then; whether the interval ever leaves out the true difference. */
function everMisses(seed: number, rates: readonly [number, number], share: number): boolean {
  const random = uniform(seed);
  const arm = (): { successes: number; trials: number } => ({ successes: 0, trials: 0 });
  const counts = [arm(), arm()] as const;
  for (let customer = 1; customer <= 3_000; customer++) {
    const side = random() < share ? 0 : 1;
    counts[side].trials++;
    if (random() < rates[side]) counts[side].successes++;
    if (customer % (customer < 100 ? 5 : 50) !== 0) continue;
    const { low, high } = alwaysValidDifference(counts[0], counts[1], 0.1);
    if (rates[0] - rates[1] < low || rates[0] - rates[1] > high) return true;
  }
  return false;
}

describe("an always-valid interval", () => {
  it.each([
    [[0.1, 0.1], 0.5],
    [[0.5, 0.5], 0.5],
    [[0.02, 0.02], 0.9],
    [[0.3, 0.2], 0.2],
  ] as const)("of rates %j misses the truth at any of many looks no more often than its level", (rates, share) => {
    const runs = budget(60);
    const misses = Array.from({ length: runs }, (_, seed) => everMisses(seed + 1, rates, share)).filter(Boolean).length;
    // Three standard errors above the level of 0.1.
    expect(misses / runs).toBeLessThanOrEqual(0.1 + 3 * Math.sqrt(0.09 / runs));
  });

  it("is the set of differences that the product of the mixtures does not refuse, found by brute force", () => {
    const counts = fc
      .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }))
      .map(([a, b]): Trials => ({ successes: Math.min(a, b), trials: Math.max(a, b) }));
    const logMixture = ({ successes: s, trials: n }: Trials): number =>
      logGamma(s + 0.5) + logGamma(n - s + 0.5) - logGamma(n + 1) - Math.log(Math.PI);
    const log = (count: number, p: number): number => (count === 0 ? 0 : count * Math.log(p));
    const likelihood = ({ successes: s, trials: n }: Trials, p: number): number => log(s, p) + log(n - s, 1 - p);
    const grid = Array.from({ length: 201 }, (_, i) => i / 200);
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        const { low, high } = alwaysValidDifference(a, b, 0.05);
        const limit = logMixture(a) + logMixture(b) + Math.log(0.05);
        for (const p of grid)
          for (const q of grid)
            if (likelihood(a, p) + likelihood(b, q) > limit) {
              expect(p - q).toBeGreaterThanOrEqual(low - 1e-9);
              expect(p - q).toBeLessThanOrEqual(high + 1e-9);
            }
        // Its ends are no further than the grid is coarse.
        const inside = grid.flatMap((p) =>
          grid.filter((q) => likelihood(a, p) + likelihood(b, q) > limit).map((q) => p - q),
        );
        expect(Math.min(...inside) - low).toBeLessThan(0.02);
        expect(high - Math.max(...inside)).toBeLessThan(0.02);
      }),
      { numRuns: budget(10) },
    );
  });

  it("says nothing without trials, turns with its arms, and narrows with them", () => {
    const none = { successes: 0, trials: 0 };
    expect(alwaysValidDifference(none, none, 0.05)).toEqual({ value: 0, low: -1, high: 1 });
    const [a, b] = [
      { successes: 30, trials: 200 },
      { successes: 50, trials: 210 },
    ];
    const [there, back] = [alwaysValidDifference(a, b, 0.05), alwaysValidDifference(b, a, 0.05)];
    expect(there.low).toBeCloseTo(-back.high, 12);
    expect(there.high).toBeCloseTo(-back.low, 12);
    const times = (n: number) =>
      alwaysValidDifference({ successes: 30 * n, trials: 200 * n }, { successes: 50 * n, trials: 210 * n }, 0.05);
    expect(times(10).high - times(10).low).toBeLessThan((there.high - there.low) / 2);
    expect(times(1e6).high - times(1e6).low).toBeLessThan(0.001);
  });
});

describe("compareVariants", () => {
  const of = (successes: number, trials: number) => ({ successes, trials });

  it("names the variant that beats every other, by the rate that is better", () => {
    const outcomes = { a: of(600, 4000), b: of(440, 4000), c: of(900, 4000) };
    expect(compareVariants(outcomes)).toMatchObject({ winner: "c", rates: { a: 0.15, b: 0.11, c: 0.225 } });
    expect(compareVariants(outcomes, { better: "lower" }).winner).toBe("b");
    expect(compareVariants(outcomes).differences.map(({ pair }) => pair.join())).toEqual(["a,b", "a,c", "b,c"]);
  });

  it("names none while one is not beaten", () => {
    expect(compareVariants({ a: of(10, 100), b: of(14, 100) }).winner).toBeNull();
    expect(compareVariants({ a: of(900, 4000), b: of(905, 4000), c: of(100, 4000) }).winner).toBeNull();
    expect(compareVariants({ a: of(0, 0), b: of(9, 9) })).toMatchObject({ winner: null, rates: { a: null, b: 1 } });
  });

  it("asks for more where it promises more, and where there are more pairs", () => {
    const outcomes = { a: of(100, 1000), b: of(170, 1000) };
    expect(compareVariants(outcomes, { confidence: 0.9 }).winner).toBe("b");
    expect(compareVariants(outcomes, { confidence: 0.999 }).winner).toBeNull();
    const width = (counts: Parameters<typeof compareVariants>[0]): number => {
      const [{ low, high } = { low: 0, high: 0 }] = compareVariants(counts).differences;
      return high - low;
    };
    expect(width({ ...outcomes, c: of(1, 10) })).toBeGreaterThan(width(outcomes));
  });

  it.each([
    [{ a: of(1, 2) }, {}],
    [{ a: of(3, 2), b: of(1, 2) }, {}],
    [{ a: of(-1, 2), b: of(1, 2) }, {}],
    [{ a: of(0.5, 2), b: of(1, 2) }, {}],
    [{ a: of(1, NaN), b: of(1, 2) }, {}],
    [{ a: of(1, 2), b: of(1, 2) }, { confidence: 1 }],
  ])("refuses %j %j", (outcomes, options) => {
    expect(() => compareVariants(outcomes as Parameters<typeof compareVariants>[0], options)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  });
});
