import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ksExactTail,
  ksLimitTail,
  ksStatistic,
  ksTest,
  tieEndsOf,
} from "../../../src/drift/tests/kolmogorov-smirnov.js";

/** Share of all ways to pick which of the pooled values are the first sample, whose D is at least that of the data. */
function byEnumeration(a: readonly number[], b: readonly number[]): number {
  const pooled = [...a, ...b];
  const steps = (first: readonly number[], second: readonly number[]): number =>
    ksStatistic(Float64Array.from(first).sort(), Float64Array.from(second).sort())?.steps ?? 0;
  const observed = steps(a, b);
  let all = 0;
  let asLarge = 0;
  for (let mask = 0; mask < 1 << pooled.length; mask++) {
    const first = pooled.filter((_, i) => (mask >> i) % 2 === 1);
    if (first.length !== a.length) continue;
    all++;
    if (
      steps(
        first,
        pooled.filter((_, i) => (mask >> i) % 2 === 0),
      ) >= observed
    )
      asLarge++;
  }
  return asLarge / all;
}

describe("the exact Kolmogorov-Smirnov test", () => {
  const few = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 });

  it("equals the count over all arrangements, ties included", () => {
    fc.assert(
      fc.property(few, few, (a, b) => {
        const sortedA = Float64Array.from(a).sort();
        const sortedB = Float64Array.from(b).sort();
        const result = ksStatistic(sortedA, sortedB);
        if (result === undefined) throw new Error("no statistic");
        const given = ksExactTail(result, tieEndsOf(sortedA, sortedB)).p;
        expect(given).toBeCloseTo(byEnumeration(a, b), 12);
        expect(given).toBeLessThanOrEqual(ksExactTail(result).p + 1e-12);
      }),
      { numRuns: 40 },
    );
  });

  it("keeps its digits far out in the tail, where 1 - inside would be 0", () => {
    // All of one sample below all of the other: 2 of the C(400, 200) arrangements.
    const n = 200;
    let log10 = Math.log10(2);
    for (let i = 1; i <= n; i++) log10 -= Math.log10((n + i) / i);
    const { p, log10p } = ksExactTail({ statistic: 1, steps: n * n, n, m: n });
    expect(log10p).toBeCloseTo(log10, 6);
    expect(p).toBeGreaterThan(0);
  });

  it("approaches the limit from below", () => {
    const result = { statistic: 0.1, steps: 0.1 * 300 * 300, n: 300, m: 300 };
    const exact = ksExactTail(result).p;
    expect(exact).toBeLessThanOrEqual(ksLimitTail(result).p * 1.02);
    expect(exact).toBeGreaterThan(ksLimitTail(result).p * 0.8);
  });

  it("picks the exact law for small samples and the limit for large ones, missing values left out", () => {
    const a = Float64Array.of(3, Number.NaN, 1, 2);
    const b = Float64Array.of(6, 5, 4);
    expect(ksTest(a, b)).toMatchObject({ statistic: 1, n: 3, m: 3, method: "exact" });
    expect(ksTest(a, b)?.p).toBeCloseTo(0.1, 12);
    expect(ksTest(a, b, 8)?.method).toBe("limit");
    expect(ksTest(a, Float64Array.of(Number.NaN))).toBeUndefined();
  });

  it("has no value for an empty sample", () => {
    expect(ksStatistic(new Float64Array(), Float64Array.of(1))).toBeUndefined();
  });
});
