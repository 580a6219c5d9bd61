import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import { ksByBuckets } from "../../src/stats/hypothesis/bucket-ks.js";
import {
  ksExactTail,
  ksLimitTail,
  ksStatistic,
  ksTest,
  tieEndsOf,
} from "../../src/stats/hypothesis/kolmogorov-smirnov.js";
import { budget } from "../helpers/budget.js";

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

describe("D of large samples, sorted only where it matters", () => {
  const value = fc.oneof(
    fc.double(),
    fc.integer({ min: 0, max: 5 }),
    fc.constantFrom(Infinity, -Infinity, Number.NaN, -0),
  );
  const wild = fc.array(value, { maxLength: 80 });
  const sorted = (values: Float64Array) => values.filter((value) => !Number.isNaN(value)).sort();

  it("is that of sorted samples, for any values", () => {
    fc.assert(
      fc.property(wild, wild, (a, b) => {
        const [x, y] = [Float64Array.from(a), Float64Array.from(b)];
        expect(ksByBuckets(x, y)).toEqual(ksStatistic(sorted(x), sorted(y)));
      }),
      { numRuns: budget(300) },
    );
  });

  it("and where buckets hold buckets, around any values", () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 12 }),
        fc.nat(),
        fc.constantFrom(0, 1e-9, 1e-3, 1),
        (centers, seed, width) => {
          const random = uniform(seed);
          const draw = (rows: number) =>
            Float64Array.from(
              { length: rows },
              () =>
                (centers[Math.floor(random() * centers.length)] as number) *
                (random() < 0.5 ? 1 : 1 + width * random()),
            );
          const [x, y] = [draw(3000), draw(2000)];
          expect(ksByBuckets(x, y)).toEqual(ksStatistic(sorted(x), sorted(y)));
        },
      ),
      { numRuns: budget(150) },
    );
  });

  it("and of outliers of outliers", () => {
    const x = Float64Array.from({ length: 3000 }, (_, i) => 10 ** (i / 10 - 150));
    const y = x.map((v) => v * 1.01);
    expect(ksByBuckets(x, y)).toEqual(ksStatistic(sorted(x), sorted(y)));
  });

  it.each<[string, (u: number, v: number) => number, (u: number, v: number) => number]>([
    ["unchanged", (u) => u, (u) => u],
    ["shifted", (u, v) => u + v, (u, v) => u + v + 0.01],
    ["apart", (u) => u, (u) => u + 2],
    ["ties and a heap", (u, v) => (u < 0.3 ? 0 : Math.floor(500 * v)), (u, v) => (u < 0.31 ? 0 : Math.floor(500 * v))],
    [
      "of missing values and outliers",
      (u, v) => (u < 0.1 ? Number.NaN : u < 0.1001 ? 1e300 : v ** 9),
      (u, v) => (u < 0.001 ? -Infinity : v ** 9),
    ],
    // A sample evenly spaced over a periodic column sees one of its values only.
    ["of a column the sample misjudges", (u, v) => (u < 1 ? Math.round(v * 1e6) : 0), (u) => Math.round(u * 1e6) + 0.5],
  ])("and of 60,000 values: %s", (_, first, second) => {
    const random = uniform(12);
    const draw = (of: (u: number, v: number) => number) =>
      Float64Array.from({ length: 60_000 }, () => of(random(), random()));
    const [x, y] = [draw(first), draw(second)];
    expect(ksByBuckets(x, y)).toEqual(ksStatistic(sorted(x), sorted(y)));
    expect(ksTest(x, y)).toMatchObject({ method: "limit", steps: ksStatistic(sorted(x), sorted(y))?.steps });
  });

  it("takes the exact law where one of the samples is tiny", () => {
    const large = Float64Array.from({ length: 120_000 }, (_, i) => i);
    expect(ksTest(large, Float64Array.of(1, 2))).toMatchObject({ method: "exact", m: 2 });
    expect(ksTest(large, new Float64Array(5).fill(Number.NaN))).toBeUndefined();
  });
});

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
      { numRuns: budget(40) },
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
