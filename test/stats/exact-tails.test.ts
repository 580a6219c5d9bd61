import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import { fisherExact } from "../../src/stats/hypothesis/fisher.js";
import { gTest } from "../../src/stats/hypothesis/g-test.js";
import { newLevelTest } from "../../src/stats/hypothesis/new-levels.js";
import { twoProportions } from "../../src/stats/hypothesis/proportions.js";
import { chiSquareHomogeneity } from "../../src/stats/hypothesis/chi-square.js";
import { oracleCases, oracleNumber } from "../helpers/shared.js";

const counts = (value: unknown): number[] => (value as unknown[]).map(oracleNumber);
const relative = (actual: number | undefined, expected: number): number =>
  Math.abs((actual ?? Number.NaN) / expected - 1);

describe("Fisher's exact test", () => {
  it.each(oracleCases("fisher").map((entry) => [entry.id, entry] as const))(
    "%s equals scipy's",
    (_, { in: input, out }) => {
      const [[a = 0, b = 0] = [], [c = 0, d = 0] = []] = (input["table"] as unknown[]).map(counts);
      expect(relative(fisherExact(a, a + b, c, c + d).p, oracleNumber(out["pvalue"]))).toBeLessThan(1e-9);
    },
  );

  it("equals the sum over all tables, whichever way round", () => {
    const choose = (n: number, k: number): number =>
      k < 0 || k > n ? 0 : k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 0, max: 12 }),
        fc.nat(12),
        fc.nat(12),
        (n1, n2, s1, s2) => {
          const [x1, x2] = [Math.min(n1, s1), Math.min(n2, s2)];
          const chances = Array.from({ length: n1 + 1 }, (_, x) => choose(n1, x) * choose(n2, x1 + x2 - x));
          const all = chances.reduce((sum, chance) => sum + chance, 0);
          const here = chances[x1] ?? 0;
          const p =
            chances.filter((chance) => chance <= here * (1 + 1e-7)).reduce((sum, chance) => sum + chance, 0) / all;
          expect(fisherExact(x1, n1, x2, n2).p).toBeCloseTo(p, 10);
          expect(fisherExact(x2, n2, x1, n1).p).toBeCloseTo(p, 10);
        },
      ),
    );
  });

  it("keeps the tail: 10 against 0 of millions, and far below the smallest double", () => {
    // Ten successes, all in the first of two equal samples, or all in the second.
    expect(relative(fisherExact(10, 1e6, 0, 1e6).p, 2 * 2 ** -10)).toBeLessThan(1e-4);
    const far = fisherExact(2000, 2000, 0, 2000);
    expect(far.p).toBe(0);
    expect(far.log10p).toBeCloseTo(-1202.2, 0);
    // 17 of 200 where 400 of 20,000 were: the normal law is off by a factor of a thousand.
    expect(
      fisherExact(17, 200, 400, 20_000).p / (twoProportions(17, 200, 400, 20_000, { correction: true })?.p ?? 1),
    ).toBeGreaterThan(1000);
  });

  it("refuses what is no count", () => {
    for (const wrong of [1.5, -1, Number.NaN, 5])
      expect(() => fisherExact(wrong, 4, 1, 4)).toThrow(/not successes among trials/);
  });
});

describe("the likelihood-ratio test", () => {
  it.each(oracleCases("gtest").map((entry) => [entry.id, entry] as const))(
    "%s equals scipy's",
    (_, { in: input, out }) => {
      const result = gTest((input["table"] as unknown[]).map(counts));
      expect(Math.abs((result?.statistic ?? -1) - oracleNumber(out["statistic"]))).toBeLessThan(
        1e-9 * (1 + oracleNumber(out["statistic"])),
      );
      expect(result?.degreesOfFreedom).toBe(out["dof"]);
      expect(relative(result?.p, oracleNumber(out["pvalue"]))).toBeLessThan(1e-7);
    },
  );

  it("holds in the tail of a rare category, where Pearson's does not", () => {
    // 5 of 100 expected and 20 met, against a reference that is all but exact: P(at least 20) is about 3e-7 (Poisson).
    const table = [
      [950_000, 50_000],
      [80, 20],
    ];
    expect(chiSquareHomogeneity(table)?.log10p).toBeLessThan(-10);
    expect(gTest(table)?.log10p).toBeGreaterThan(-7.5);
  });

  it("has no value for an empty sample, and p 1 for one category", () => {
    expect([
      gTest([
        [0, 0],
        [1, 2],
      ]),
      gTest([[1, 2]]),
    ]).toEqual([undefined, undefined]);
    expect(
      gTest([
        [3, 0],
        [4, 0],
      ]),
    ).toEqual({ statistic: 0, degreesOfFreedom: 0, p: 1, log10p: 0 });
  });
});

describe("the test of new levels", () => {
  const plain = (n: number, m: number, unseen: number) =>
    newLevelTest({ n, m, reference: [n], current: [m - unseen], unseen });

  it("gives k unseen rows the chance that k rows of all are the current sample's", () => {
    for (const k of [1, 2, 5]) {
      let chance = 1;
      for (let i = 0; i < k; i++) chance *= 200 / 20_200;
      expect(relative(plain(20_000, 200, k)?.p, chance)).toBeLessThan(0.01);
    }
    expect(plain(20_000, 200, 0)).toMatchObject({ p: 1, excess: 0 });
    expect(plain(100, 0, 0)).toBeUndefined();
  });

  it("takes unseen levels of a column of very many rare ones as chance, at most 5.5 % alarms", () => {
    const random = uniform(21);
    for (const [n, m, levels, power] of [
      [400, 400, 3000, 1],
      [2000, 300, 3000, 3],
      [300, 3000, 200, 2],
      [5000, 5000, 20_000, 2],
    ] as const) {
      let alarms = 0;
      const runs = 300;
      for (let run = 0; run < runs; run++) {
        const [before, after] = [new Map<number, number>(), new Map<number, number>()];
        const draw = (into: Map<number, number>): void => {
          const level = Math.floor(levels * random() ** power);
          into.set(level, (into.get(level) ?? 0) + 1);
        };
        for (let i = 0; i < n; i++) draw(before);
        for (let i = 0; i < m; i++) draw(after);
        const met = [...before.keys()];
        const unseen = [...after].reduce((sum, [level, count]) => sum + (before.has(level) ? 0 : count), 0);
        const test = newLevelTest({
          n,
          m,
          reference: met.map((level) => before.get(level) ?? 0),
          current: met.map((level) => after.get(level) ?? 0),
          unseen,
        });
        if ((test?.p ?? 1) <= 0.05) alarms++;
      }
      expect(alarms / runs).toBeLessThanOrEqual(0.05 + 2 * Math.sqrt(0.0475 / runs));
    }
  });

  it("goes over to the bound beyond 500 rows without a jump the wrong way, and finds what is new", () => {
    const [exact, bounded] = [500, 501].map((unseen) => plain(100_000, 100_000, unseen));
    expect(bounded?.log10p ?? 0).toBeGreaterThanOrEqual((exact?.log10p ?? 0) - 1);
    expect(bounded?.log10p).toBeLessThan(-100);
    expect(plain(1000, 5000, 4000)?.log10p).toBeLessThan(-100);
    const rare = newLevelTest({
      n: 2000,
      m: 2000,
      reference: new Array<number>(2000).fill(1),
      current: new Array<number>(2000).fill(0),
      unseen: 2000,
    });
    expect(rare?.p).toBeGreaterThan(0.05);
  });

  it("refuses counts that don't fit", () => {
    expect(() => newLevelTest({ n: 1, m: 1, reference: [2], current: [0], unseen: 0 })).toThrow(/do not fit/);
    expect(() => newLevelTest({ n: 5, m: 1, reference: [2], current: [1], unseen: 1 })).toThrow(/do not fit/);
    expect(() => newLevelTest({ n: 5, m: 5, reference: [2], current: [], unseen: 1 })).toThrow(/do not fit/);
    expect(() => newLevelTest({ n: 5, m: 5, reference: [2.5], current: [1], unseen: 1 })).toThrow(/do not fit/);
  });
});
