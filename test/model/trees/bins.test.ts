import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binMatrix, mostBins } from "../../../src/model/kinds/trees/bins.js";
import { uniform } from "../../../src/base/random.js";
import { matrixOf, transformed } from "./data.js";
import { budget } from "../../helpers/budget.js";

const column = (values: readonly number[]) => binMatrix(Float32Array.from(values), values.length, 1);

describe("bins", () => {
  it("gives every one of few values a bin, with thresholds half way", () => {
    const { cuts, codes, columns } = column([3, 1, 1, 8, 3, -2]);
    expect(Array.from(cuts[0] ?? [])).toEqual([-0.5, 2, 5.5]);
    expect(Array.from(codes)).toEqual([2, 1, 1, 3, 2, 0]);
    expect(Array.from(columns)).toEqual([0]);
  });

  it("parts neighboring float32 numbers, the largest ones, and 0 only once", () => {
    const next = Math.fround(1 + 2 ** -23);
    const most = 3.4028234663852886e38;
    for (const [low, high] of [
      [1, next],
      [-next, -1],
      [-most, most],
      [most / 2, most],
      [0, 2 ** -149],
    ] as const) {
      const { cuts, codes } = column([low, high]);
      expect(Array.from(codes)).toEqual([0, 1]);
      expect((cuts[0]?.[0] ?? NaN) >= low && (cuts[0]?.[0] ?? NaN) < high).toBe(true);
    }
    expect(column([0, -0, 0]).columns).toHaveLength(0);
  });

  it("parts many values evenly, and leaves a heavy value a bin of its own", () => {
    const random = uniform(3);
    const values = Array.from({ length: 20_000 }, (_, i) => (i % 4 === 0 ? 0.5 : random()));
    const { cuts, codes } = column(values);
    expect(cuts[0]?.length).toBeGreaterThan(240);
    expect(cuts[0]?.length).toBeLessThan(mostBins);
    const counts = new Map<number, number>();
    codes.forEach((code) => counts.set(code, (counts.get(code) ?? 0) + 1));
    const heavy = codes[0] ?? -1;
    expect(values.filter((_, i) => codes[i] === heavy).every((value) => value === 0.5)).toBe(true);
    for (const [code, count] of counts) if (code !== heavy) expect(count).toBeLessThan(150);
  });

  it("depends on the order of the values alone", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -300, max: 300 }), { minLength: 1, maxLength: 600 }), (values) => {
        const plain = column(values);
        expect(column(values.map((x) => x ** 3)).codes).toEqual(plain.codes);
        expect(plain.cuts[0]?.length ?? 0).toBeLessThan(mostBins);
        for (let i = 1; i < values.length; i++) {
          const [a, b] = [values[i - 1] ?? 0, values[i] ?? 0];
          if (plain.columns.length > 0 && values.length <= mostBins)
            expect(Math.sign((plain.codes[i - 1] ?? 0) - (plain.codes[i] ?? 0))).toBe(Math.sign(a - b));
        }
      }),
      { numRuns: budget(60) },
    );
  });
});

describe("columns that tell a tree nothing more", () => {
  const random = uniform(5);
  const numbers = Array.from({ length: 3000 }, () => random());
  const kept = (...columns: ((x: number, row: number) => number)[]): number[] =>
    Array.from(
      binMatrix(
        matrixOf(
          numbers.map((x, row) => columns.map((of) => of(x, row))),
          [],
        ).matrix,
        numbers.length,
        columns.length,
      ).columns,
    );

  it("leaves out the same order again, its reverse, coarser steps, and constants", () => {
    const bin = (from: number, to: number) => (x: number) => Math.min(Math.max((x - from) / (to - from), 0), 1);
    expect(
      kept(
        (x) => x,
        bin(0, 0.25),
        bin(0.25, 0.5),
        bin(0.5, 1),
        (x) => -x,
        () => 7,
        (x) => (x > 0.5 ? 1 : 0),
      ),
    ).toEqual([0, 6]);
    expect(
      kept(
        (x) => (x > 0.5 ? 1 : 0),
        (x) => (x > 0.5 ? 0 : 1),
      ),
    ).toEqual([0]);
  });

  it("keeps what another column does not tell", () => {
    const [few, flag] = [(x: number) => Math.floor(10 * x), (_: number, row: number) => row % 2];
    expect(
      kept(
        few,
        (x) => (Math.floor(10 * x) === 4 ? 1 : 0),
        flag,
        (x) => (few(x) >= 8 ? 1 : 0),
      ),
    ).toEqual([0, 1, 2]);
    // A flag that divides one bin of a fine column says more than it does.
    expect(
      kept(
        (x) => x,
        (x, row) => (x > 0.999 && row % 2 === 0 ? 1 : 0),
      ),
    ).toEqual([0, 1]);
  });

  it("looks at every row, not only at a few", () => {
    expect(
      kept(
        (x) => Math.floor(10 * x),
        (x, row) => (row === 1717 ? Math.floor(10 * x) + 5 : Math.floor(10 * x)),
      ),
    ).toHaveLength(2);
  });

  it("does not mind the width of the numbers", () => {
    const data = matrixOf(
      numbers.map((x, row) => [x, row % 3]),
      [],
    );
    const wide = transformed(data, [(x) => x * 1e30, (x) => x - 1e6]);
    expect(binMatrix(wide.matrix, 3000, 2).codes).toEqual(binMatrix(data.matrix, 3000, 2).codes);
  });
});
