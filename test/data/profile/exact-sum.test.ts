import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EXACT_BLOCK, addExactly, formatExact, meanOf, parseExact } from "../../../src/data/profile/exact-sum.js";

/** A double as a whole number of 2^-1074, by its definition. */
function units(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & ((1n << 52n) - 1n);
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return bits >> 63n === 1n ? -magnitude : magnitude;
}

function sumOf(values: readonly number[]): bigint {
  let sum = 0n;
  for (let i = 0; i < values.length; i += EXACT_BLOCK) {
    const block = values.slice(i, i + EXACT_BLOCK);
    sum = addExactly(sum, Float64Array.from(block), block.length);
  }
  return sum;
}

const doubles = fc.double({ min: -1e300, max: 1e300, noNaN: true });

describe("exact sums", () => {
  it("equal the sum of whole numbers of the smallest double", () => {
    fc.assert(
      fc.property(fc.array(doubles, { maxLength: 60 }), (values) => {
        expect(sumOf(values)).toBe(values.reduce((sum, value) => sum + units(value), 0n));
      }),
    );
  });

  it("hold at the edges: full blocks of the largest, the smallest and all sizes mixed", () => {
    for (const value of [1e300, -1e300, 5e-324, 2.3e-308, 1 / 3, 2 ** 52 + 1]) {
      expect(sumOf(new Array<number>(1500).fill(value))).toBe(1500n * units(value));
    }
    const mixed = Array.from({ length: 1300 }, (_, i) => (i % 2 === 0 ? 1 : -1) * 1.7 ** ((i % 2400) - 1200) || 5e-324);
    expect(sumOf(mixed)).toBe(mixed.reduce((sum, value) => sum + units(value), 0n));
  });

  it("are written and read back", () => {
    expect(formatExact(units(-501 / 8))).toBe("-1f5p-3");
    expect(formatExact(0n)).toBe("0p0");
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 2140n), max: 2n ** 2140n }), (sum) => parseExact(formatExact(sum)) === sum),
    );
    for (const bad of ["", "1", "p3", "1p-1075", "1p9999", "-p1", "0x1p1", " 1p1", `${"f".repeat(600)}p0`]) {
      expect(parseExact(bad), bad).toBeUndefined();
    }
  });

  it("give means to double precision", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 1 }), (values) => {
        const mean = meanOf(sumOf(values), values.length);
        const expected = values.reduce((a, b) => a + b, 0) / values.length;
        expect(Math.abs(mean - expected)).toBeLessThanOrEqual(1e-15 * Math.abs(expected));
      }),
    );
    expect(meanOf(units(5e-324) * 4n, 2)).toBe(1e-323);
    expect(meanOf(units(1e300) * 3n, 3)).toBe(1e300);
  });
});
