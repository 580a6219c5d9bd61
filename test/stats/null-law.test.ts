import { describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import { chiSquareTail } from "../../src/stats/special.js";
import { countBetween, quantileEdges } from "../../src/stats/distances/divergence.js";
import { quantileBinTest, chiSquareHomogeneity } from "../../src/stats/hypothesis/chi-square.js";
import { stratifiedRates } from "../../src/stats/hypothesis/stratified.js";

const RUNS = 3000;
/** 5.5 %, and two standard errors. */
const MOST = 0.055 + 2 * Math.sqrt((0.05 * 0.95) / RUNS);

/** How often bins of the reference's own quantiles differ at 5 % where nothing changed. */
function alarms(n: number, m: number, of: (u: number) => number, bins: number): number {
  const random = uniform(1);
  const draw = (rows: number) => Float64Array.from({ length: rows }, () => of(random())).sort();
  let found = 0;
  for (let run = 0; run < RUNS; run++) {
    const [a, b] = [draw(n), draw(m)];
    const edges = quantileEdges(a, bins);
    const [reference, current] = [countBetween(a, edges), countBetween(b, edges)];
    // Below the least value there is nothing of either sample.
    const filled = reference.map((count, bin) => count + (current[bin] ?? 0) > 0);
    if (
      (quantileBinTest(
        reference.filter((_, bin) => filled[bin]),
        current.filter((_, bin) => filled[bin]),
      )?.p ?? 1) <= 0.05
    )
      found++;
  }
  return found / RUNS;
}

describe("the test of quantile bins", () => {
  it("keeps its level where all values differ, and the reference is the smaller sample", () => {
    expect(alarms(50, 400, (u) => u, 5)).toBeLessThanOrEqual(MOST);
  });

  it("keeps its level where values come in heaps", () => {
    const few = alarms(100, 100, (u) => Math.floor(4 * u), 10);
    expect(few).toBeLessThanOrEqual(MOST);
    expect(few).toBeGreaterThan(0.03);
  });

  it("is the less significant of its two forms", () => {
    for (const [reference, current] of [
      [
        [10, 10, 10],
        [4, 10, 16],
      ],
      [
        [4, 10, 16],
        [10, 10, 10],
      ],
    ] as const) {
      const against = reference.reduce((sum, count, i) => sum + ((current[i] ?? 0) - count) ** 2 / (2 * count), 0);
      const forms = [chiSquareHomogeneity([reference, current])?.p ?? 0, chiSquareTail(against, 2).p];
      expect(quantileBinTest(reference, current)?.p).toBeCloseTo(Math.max(...forms), 14);
    }
  });

  it("has no value without rows, or with an empty bin of the reference", () => {
    expect([quantileBinTest([0, 0], [1, 1]), quantileBinTest([1, 1], [0, 0]), quantileBinTest([2, 0], [1, 1])]).toEqual(
      [undefined, undefined, undefined],
    );
  });
});

describe("rates by stratum", () => {
  it("have a statistic whose mean is exactly the degrees of freedom, given the margins", () => {
    const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
    const [rows, later, positives] = [7, 5, 4];
    let mean = 0;
    for (let x = 0; x <= positives; x++) {
      const chance = (choose(rows, x) * choose(later, positives - x)) / choose(rows + later, positives);
      const test = stratifiedRates([
        { reference: { rows, positives: x }, current: { rows: later, positives: positives - x } },
      ]);
      mean += chance * (test?.statistic ?? Number.NaN);
    }
    expect(mean).toBeCloseTo(1, 12);
  });
});
