import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { cellFinder, cutPointsOf } from "../../../src/data/profile/cuts.js";
import { quantileOfSorted } from "../../../src/stats/ranks/quantiles.js";
import { sortNumbers, sortedValues } from "../../../src/stats/ranks/sort.js";
import { oracleSample } from "../../helpers/oracle-inputs.js";
import { oracleCases, oracleNumber } from "../../helpers/shared.js";

const numbers = fc.array(fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: -3, max: 3 })), { maxLength: 80 });

describe("sorting", () => {
  const large = (make: (random: () => number, i: number) => number): Float64Array => {
    const random = uniform(5);
    return Float64Array.from({ length: 20_000 }, (_, i) => make(random, i));
  };
  const shapes: Record<string, Float64Array> = {
    "both signs": large((random) => (random() - 0.4) * 1000),
    "every size": large((random) => (random() - 0.5) * 10 ** (600 * random() - 300)),
    "many ties": large((random) => Math.floor(random() * 7) - 3),
    "the same upper bits": large((random) => 1e9 + random() * 1e-4),
    "infinities and zeros": large((random, i) => [Infinity, -Infinity, 0, -0, random()][i % 5] ?? 0),
  };
  it.each(Object.entries(shapes))("orders %s as the built-in sort does", (_, values) => {
    expect([...sortNumbers(values.slice())]).toEqual([...values.slice().sort()]);
  });

  it("leaves out what is missing and the input alone", () => {
    const values = Float64Array.of(3, Number.NaN, 1);
    expect([...sortedValues(values)]).toEqual([1, 3]);
    expect(values[0]).toBe(3);
  });
});

describe("cut points", () => {
  it("find the cell that counting finds", () => {
    fc.assert(
      fc.property(numbers, numbers, fc.integer({ min: 2, max: 20 }), (reference, values, cutPoints) => {
        const { cuts } = cutPointsOf(Float64Array.from(reference).sort(), cutPoints);
        const cellOf = cellFinder(cuts);
        for (const value of [...values, ...cuts]) {
          const below = cuts.filter((cut) => cut < value).length;
          expect(cellOf(value)).toBe(2 * below + (cuts.includes(value) ? 1 : 0));
        }
      }),
    );
  });

  it("are every distinct value where there are few, and the deciles", () => {
    const { cuts, deciles } = cutPointsOf(Float64Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4), 8);
    expect([...cuts]).toEqual([0, 4]);
    expect([...deciles]).toEqual([0]);
  });

  it("leave no open cell with more than 1 / (cutPoints - 1) of the reference, ties or not", () => {
    const random = uniform(9);
    const values = Float64Array.from({ length: 30_000 }, () => (random() < 0.3 ? 0 : random() ** 8 * 1e6)).sort();
    const { cuts } = cutPointsOf(values, 100);
    const cellOf = cellFinder(cuts);
    const counts = new Array<number>(2 * cuts.length + 1).fill(0);
    for (const value of values) counts[cellOf(value)] = (counts[cellOf(value)] ?? 0) + 1;
    expect(counts[1]).toBeGreaterThan(8_500);
    expect(Math.max(...counts.filter((_, cell) => cell % 2 === 0))).toBeLessThanOrEqual(30_000 / 99 + 1);
  });

  it.each(
    oracleCases("quantile")
      .filter((entry) => entry.in["method"] === "linear")
      .map((entry) => [entry.id, entry] as const),
  )("take the quantiles of numpy: %s", (_, { in: input, out }) => {
    const sorted = sortedValues(oracleSample(input["a"]));
    const expected = out["values"];
    [input["q"]].flat().forEach((q, i) => {
      const value = oracleNumber(Array.isArray(expected) ? expected[i] : expected);
      expect(quantileOfSorted(sorted, oracleNumber(q))).toBeCloseTo(value, 9);
    });
  });
});
