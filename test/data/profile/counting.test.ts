import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { cellGuide, placeCells } from "../../../src/stats/ranks/cell-guide.js";
import { cellFinder, cutPointsOf } from "../../../src/data/profile/cuts.js";
import { EXACT_BLOCK, addExactly } from "../../../src/data/profile/exact-sum.js";
import { orderOf, orderOfSorted } from "../../../src/stats/ranks/order.js";
import { MomentSums } from "../../../src/data/profile/moment-sums.js";
import { profileOf } from "../../../src/data/profile/numeric-profile.js";
import { categoryProfileOf } from "../../../src/data/profile/category-profile.js";
import { budget } from "../../helpers/budget.js";

const wild = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer({ min: -3, max: 3 }),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(Infinity, -Infinity, -0, 5e-324, 1e-323, 1.5e-323, 2.2e-308, 1e308, -1e308, Number.MAX_VALUE),
);
const finite = wild.filter(Number.isFinite);

const countsBy = (cuts: Float64Array, values: Float64Array): number[] => {
  const cellOf = cellFinder(cuts);
  const counts = new Array<number>(2 * cuts.length + 1).fill(0);
  for (const value of values) counts[cellOf(value)] = (counts[cellOf(value)] ?? 0) + 1;
  return counts;
};
const guided = (cuts: Float64Array, values: Float64Array): number[] => {
  const cells = new Int32Array(values.length + 1);
  placeCells(cellGuide(cuts), Float64Array.of(7, Number.NaN, ...values), 1, values.length + 2, cells);
  expect(cells[0]).toBe(-1);
  const counts = new Array<number>(2 * cuts.length + 1).fill(0);
  for (const cell of cells.subarray(1)) counts[cell] = (counts[cell] ?? 0) + 1;
  return counts;
};

describe("counting by a guide", () => {
  it("finds the cells that halving finds, for any cut points and values", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          finite.map((value) => value + 0),
          { maxLength: 60 },
        ),
        fc.array(wild, { maxLength: 60 }),
        (points, values) => {
          const cuts = Float64Array.from(points).sort();
          const all = Float64Array.from([...values, ...cuts]);
          expect(guided(cuts, all)).toEqual(countsBy(cuts, all));
        },
      ),
      { numRuns: budget(400) },
    );
  });

  // Each shape crowds its cut points in another way: guides within guides, or none at all.
  const shapes: Record<string, (u: number, v: number) => number> = {
    even: (u) => u,
    skewed: (u) => u ** 12 * 1e9,
    "heavy tails on both sides": (u, v) => (v < 0.5 ? 1 : -1) / (u + 1e-12),
    "normal with outliers": (u, v) => (u + v - 1) * (u < 1e-3 ? 1e9 : 1),
    "next to each other": (u) => 1 + Math.floor(u * 3000) * Number.EPSILON,
    subnormal: (u) => Math.floor(u * 3000) * 5e-324,
    "the whole range": (u, v) => (v < 0.5 ? 1 : -1) * u * Number.MAX_VALUE,
    "few values": (u) => Math.floor(4 * u),
  };
  it.each(Object.entries(shapes))("finds them at 1,024 cut points: %s", (_, shape) => {
    const random = uniform(5);
    const draw = (n: number): Float64Array => Float64Array.from({ length: n }, () => shape(random(), random()));
    const { cuts } = cutPointsOf(draw(20_000).sort(), 1024);
    const values = draw(20_000);
    expect(guided(cuts, values)).toEqual(countsBy(cuts, values));
  });
});

describe("exact moments", () => {
  /** The same by one exact sum each, of deviations cut off at 1e150. */
  function plainly(values: readonly number[], origin: number): { sum: bigint; squares: bigint } {
    const deviations = values.map((value) => Math.max(-1e150, Math.min(1e150, value - origin)));
    const total = (of: readonly number[]): bigint =>
      of.reduce((sum, value) => addExactly(sum, Float64Array.of(value), 1), 0n);
    return { sum: total(deviations), squares: total(deviations.map((deviation) => deviation * deviation)) };
  }

  const spread = fc
    .tuple(fc.integer({ min: -400, max: 400 }), fc.double({ min: -1, max: 1, noNaN: true }))
    .map(([power, share]) => share * 2 ** power);

  it("equal those of one value at a time, whatever the sizes", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(wild, spread), { maxLength: 50 }), fc.oneof(finite, spread), (values, origin) => {
        const moments = new MomentSums(origin);
        moments.add(Float64Array.of(Number.NaN, ...values), 1, values.length + 1);
        const { sum, squares } = plainly(values, origin);
        expect([moments.sum, moments.squares]).toEqual([sum, squares]);
        expect([moments.min, moments.max]).toEqual(
          values.length === 0
            ? [Infinity, -Infinity]
            : [Math.min(...values), Math.max(...values)].map((value) => expect.closeTo(value, 12) as unknown),
        );
      }),
      { numRuns: budget(300) },
    );
  });

  it("hold for full blocks of the largest that is not cut off, and of what falls between the layers", () => {
    for (const value of [9.99e149, 1 / 3, 1e-99, 1e-101, 2 ** 40 + 2 ** -12]) {
      const values = Float64Array.from({ length: EXACT_BLOCK }, (_, i) =>
        i === 0 ? value : value * (1 + i * 2 ** -44),
      );
      const moments = new MomentSums(0);
      moments.add(values, 0, EXACT_BLOCK);
      expect([moments.sum, moments.squares]).toEqual(Object.values(plainly([...values], 0)));
    }
    const mixed = Array.from({ length: EXACT_BLOCK }, (_, i) => 1.9 ** -(i % 300));
    const moments = new MomentSums(0);
    moments.add(Float64Array.from(mixed), 0, EXACT_BLOCK);
    expect([moments.sum, moments.squares]).toEqual(Object.values(plainly(mixed, 0)));
  });

  it("make the same profile however long the blocks' remainders and missing values are", () => {
    const random = uniform(8);
    const values = Float64Array.from({ length: 3 * EXACT_BLOCK + 17 }, (_, i) =>
      i % 5 === 0 ? Number.NaN : random() ** 9 * 1e6,
    );
    const present = [...values].filter((value) => !Number.isNaN(value));
    const { moments, missing, counts } = profileOf(values, "x");
    expect(missing).toBe(values.length - present.length);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(present.length);
    const { moments: again } = profileOf(Float64Array.from(present), "x");
    expect(moments).toEqual(again);
  });
});

describe("counting codes", () => {
  it("counts each level, the missing ones and an odd one out", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1, max: 3 }), { maxLength: 40 }), (codes) => {
        const levels = ["a", "b", "c", "d"];
        const profile = categoryProfileOf("x", { storage: "coded", codes: Int32Array.from(codes), levels }, levels);
        expect(profile.missing).toBe(codes.filter((code) => code < 0).length);
        expect(profile.counts).toEqual(levels.map((_, level) => codes.filter((code) => code === level).length));
      }),
    );
  });
});

describe("values by rank", () => {
  const shapes: Record<string, (u: number, v: number) => number> = {
    even: (u) => u,
    "few values": (u) => Math.floor(9 * u),
    "1,500 values": (u) => Math.floor(1500 * u),
    "a heap and a tail": (u, v) => (u < 0.4 ? 0 : v ** 20),
    infinite: (u, v) => (u < 0.001 ? Infinity : u < 0.002 ? -Infinity : v),
    missing: (u, v) => (u < 0.5 ? Number.NaN : v),
  };
  it.each(Object.entries(shapes))("of a large sample are those of the sorted one: %s", (_, shape) => {
    const random = uniform(6);
    const values = Float64Array.from({ length: 60_000 }, () => shape(random(), random()));
    const sorted = values.filter((value) => !Number.isNaN(value)).sort();
    const [order, plain] = [orderOf(values), orderOfSorted(sorted)];
    expect(order.length).toBe(sorted.length);
    for (const rank of [0, 1, 777, sorted.length >> 1, sorted.length - 2, sorted.length - 1])
      expect(order.at(rank)).toBe(sorted[rank]);
    for (const limit of [5, 9, 1024, 2000]) expect(order.distinctUpTo(limit)).toEqual(plain.distinctUpTo(limit));
    expect(cutPointsOf(order, 100)).toEqual(cutPointsOf(sorted, 100));
    expect(values.filter((value) => !Number.isNaN(value)).sort()).toEqual(sorted);
  });

  it("holds where an evenly spaced sample sees one value only", () => {
    const values = Float64Array.from({ length: 16_384 * 4 }, (_, i) => (i % 8 === 0 ? 1 : i));
    expect([...cutPointsOf(orderOf(values), 64).cuts]).toEqual([...cutPointsOf(values.slice().sort(), 64).cuts]);
    expect(orderOf(new Float64Array(60_000).fill(Number.NaN)).length).toBe(0);
  });
});
