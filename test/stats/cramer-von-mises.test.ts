import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cramerVonMises } from "../../src/stats/hypothesis/cramer-von-mises.js";
import { cramerVonMisesTail } from "../../src/stats/hypothesis/cramer-von-mises-limit.js";
import { oracleSample } from "../helpers/oracle-inputs.js";
import { oracleCases, oracleNumber } from "../helpers/shared.js";
import { budget } from "../helpers/budget.js";

const relative = (actual: number, expected: number): number => Math.abs(actual / expected - 1);

/** Share of all ways to pick which of the pooled values are the first sample, whose T is at least that of the data. */
function byEnumeration(a: readonly number[], b: readonly number[]): number {
  const pooled = [...a, ...b];
  const statistic = (first: readonly number[], second: readonly number[]): number =>
    cramerVonMises(Float64Array.from(first), Float64Array.from(second), 0)?.statistic ?? Number.NaN;
  const observed = statistic(a, b);
  let all = 0;
  let asLarge = 0;
  for (let mask = 0; mask < 1 << pooled.length; mask++) {
    const first = pooled.filter((_, i) => (mask >> i) % 2 === 1);
    if (first.length !== a.length) continue;
    all++;
    const second = pooled.filter((_, i) => (mask >> i) % 2 === 0);
    if (statistic(first, second) >= observed - 1e-9) asLarge++;
  }
  return asLarge / all;
}

describe("the Cramer-von Mises test", () => {
  it.each(oracleCases("cvm2").map((entry) => [entry.id, entry] as const))(
    "%s equals scipy's",
    (_, { in: input, out }) => {
      const a = oracleSample(input["a"]);
      const b = oracleSample(input["b"]);
      const limit = cramerVonMises(a, b, 0);
      if (limit === undefined) throw new Error("no statistic");
      expect(relative(limit.statistic, oracleNumber(out["statistic"]))).toBeLessThan(1e-9);
      // scipy sums its series only until a term is below 1e-7.
      expect(Math.abs(limit.p - oracleNumber(out["pAsymp"]))).toBeLessThan(1e-11 + 1e-7 * limit.p);
      expect(limit.method).toBe("limit");
      if (out["pExact"] === undefined) return;
      const exact = cramerVonMises(a, b);
      expect(exact?.method).toBe("exact");
      expect(relative(exact?.p ?? 0, oracleNumber(out["pExact"]))).toBeLessThan(1e-7);
    },
  );

  // From the Bessel series of Anderson and Darling (1952), with 60 digits of mpmath.
  it.each([
    [0.0031, 1.0],
    [0.01, 0.9999941355671901],
    [0.05, 0.876280931041349],
    [0.3, 0.1351712688051058],
    [1, 0.002460452180133964],
    [2.9, 1.2600399168762194e-7],
    [3.1, 4.5475200099113965e-8],
    [4.2, 1.723164391624743e-10],
    [10, 4.178941092885288e-23],
  ])("has the limit's tail at %d: %d", (x, p) => {
    const tail = cramerVonMisesTail(x);
    expect(relative(tail.p, p)).toBeLessThan(1e-12);
    expect(Math.abs(tail.log10p - Math.log10(p))).toBeLessThan(1e-12);
  });

  it("keeps the tail where the probability is no double any more", () => {
    expect(cramerVonMisesTail(140).p).toBeGreaterThan(0);
    const far = cramerVonMisesTail(1e5);
    expect(far.p).toBe(0);
    // exp(-x pi^2 / 2) leads.
    expect(far.log10p).toBeCloseTo((-1e5 * Math.PI * Math.PI) / 2 / Math.LN10, -1);
    expect(cramerVonMisesTail(Infinity)).toEqual({ p: 0, log10p: -Number.MAX_VALUE });
    expect([cramerVonMisesTail(0), cramerVonMisesTail(Number.NaN)]).toEqual([
      { p: 1, log10p: 0 },
      { p: 1, log10p: 0 },
    ]);
  });

  const few = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 });

  it("is exact given the ties: equal to the count over all arrangements", () => {
    fc.assert(
      fc.property(few, few, (a, b) => {
        const exact = cramerVonMises(Float64Array.from(a), Float64Array.from(b));
        expect(exact?.method).toBe("exact");
        expect(exact?.p).toBeCloseTo(byEnumeration(a, b), 10);
      }),
      { numRuns: budget(60) },
    );
  });

  it("falls with the distance and never is NaN, whatever the values", () => {
    const wild = fc.array(fc.oneof(fc.double(), fc.constantFrom(Infinity, -Infinity, Number.NaN, 0, -0)), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(wild, wild, (a, b) => {
        const test = cramerVonMises(Float64Array.from(a), Float64Array.from(b));
        const empty = [a, b].some((values) => values.every(Number.isNaN));
        expect(test === undefined).toBe(empty);
        if (test === undefined) return;
        expect(test.p >= 0 && test.p <= 1 && test.log10p <= 0 && Number.isFinite(test.statistic)).toBe(true);
      }),
    );
  });

  it("takes samples too large for the exact table by the limit, also where both are below its size", () => {
    const primes = (n: number, step: number): Float64Array => Float64Array.from({ length: n }, (_, i) => i * step);
    expect(cramerVonMises(primes(97, 2), primes(101, 2), 200)?.method).toBe("limit");
    expect(cramerVonMises(Float64Array.of(1), Float64Array.of(2), 0)?.p).toBe(1);
  });
});
