import fc from "fast-check";
import { expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { joinClasses } from "../../../src/model/kinds/classes/join-classes.js";
import { fitSoftmax, type Softmax } from "../../../src/model/training/classes/fit-softmax.js";
import { sigmoid } from "../../../src/stats/logistic.js";
import { budget } from "../../helpers/budget.js";

/** Rows whose classes are drawn by a softmax of lines through their log odds. */
function drawn({ slopes, biases }: Softmax, rows: number, seed: number) {
  const random = uniform(seed);
  const count = slopes.length;
  const logOdds = Float64Array.from({ length: rows * count }, () => 6 * random() - 3);
  const table = logOdds.map(sigmoid);
  joinClasses({ slopes, biases }, table);
  const codes = Uint8Array.from({ length: rows }, (_, row) => {
    let at = random();
    const own = table.subarray(row * count, (row + 1) * count);
    const code = own.findIndex((p) => (at -= p) < 0);
    return code < 0 ? count - 1 : code;
  });
  return { logOdds, codes, table };
}

it("finds the lines that the classes were drawn by", () => {
  const truth = { slopes: [0.7, 1.2, 1], biases: [0.4, -0.6, 0.2] };
  const { logOdds, codes } = drawn(truth, 40_000, 1);
  const { slopes, biases } = fitSoftmax(logOdds, codes, 3);
  truth.slopes.forEach((slope, k) => expect(Math.abs((slopes[k] ?? NaN) - slope)).toBeLessThan(0.05));
  truth.biases.forEach((bias, k) => expect(Math.abs((biases[k] ?? NaN) - bias)).toBeLessThan(0.05));
});

it("gives finite lines for any log odds, and a loss no larger than the unfitted one's", () => {
  const cases = fc.record({
    count: fc.integer({ min: 3, max: 6 }),
    rows: fc.integer({ min: 1, max: 30 }),
    scale: fc.constantFrom(0, 1, 36),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(cases, ({ count, rows, scale, seed }) => {
      const random = uniform(seed);
      const logOdds = Float64Array.from({ length: rows * count }, () => scale * (2 * random() - 1));
      const codes = Uint8Array.from({ length: rows }, () => Math.floor(count * random()));
      const fitted = fitSoftmax(logOdds, codes, count);
      expect([...fitted.slopes, ...fitted.biases].every(Number.isFinite)).toBe(true);
      const loss = (lines: Softmax): number => {
        const table = logOdds.map(sigmoid);
        joinClasses(lines, table);
        return codes.reduce((sum, code, row) => sum - Math.log(Math.max(1e-300, table[row * count + code] ?? NaN)), 0);
      };
      const unfitted = { slopes: fitted.slopes.map(() => 1), biases: fitted.biases.map(() => 0) };
      expect(loss(fitted)).toBeLessThanOrEqual(loss(unfitted) + 1e-9);
    }),
    { numRuns: budget(60) },
  );
});

it("counts a row of weight 2 as two rows", () => {
  const { logOdds, codes } = drawn({ slopes: [1, 1, 1], biases: [0, 0, 0] }, 60, 5);
  const twice = fitSoftmax(
    Float64Array.from([...logOdds, ...logOdds.slice(0, 30)]),
    Uint8Array.from([...codes, ...codes.slice(0, 10)]),
    3,
  );
  const weighted = fitSoftmax(
    logOdds,
    codes,
    3,
    Float64Array.from(codes, (_, row) => (row < 10 ? 2 : 1)),
  );
  weighted.slopes.forEach((slope, k) => expect(slope).toBeCloseTo(twice.slopes[k] ?? NaN, 6));
});
