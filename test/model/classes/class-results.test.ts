import fc from "fast-check";
import { expect, it } from "vitest";
import { calibrateClasses } from "../../../src/model/scoring/class-results.js";

const places = { count: 3, positive: 2 };
const odds = fc.double({ min: -22, max: 3, noNaN: true }).map((power) => 10 ** power);

it("calibrated probabilities have the sum 1, and the other classes keep their proportions, however certain the model is", () => {
  fc.assert(
    fc.property(odds, odds, (basic, plus) => {
      const sum = 1 + basic + plus;
      const table = Float64Array.of(basic / sum, plus / sum, 1 / sum);
      calibrateClasses({ kind: "platt", slope: 0.3, intercept: -1 }, table, places);
      expect(table.reduce((total, p) => total + p, 0)).toBeCloseTo(1, 12);
      expect((table[0] as number) / ((table[0] as number) + (table[1] as number))).toBeCloseTo(
        basic / (basic + plus),
        9,
      );
    }),
    {
      numRuns: 200,
      examples: [
        [1e-16, 3e-16],
        [1e-18, 3e-18],
      ],
    },
  );
  const certain = Float64Array.of(0, 0, 1);
  calibrateClasses({ kind: "platt", slope: 0.3, intercept: -1 }, certain, places);
  expect(certain[0]).toBe(certain[1]);
  expect(certain.reduce((total, p) => total + p, 0)).toBeCloseTo(1, 12);
});
