import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binRange, scoreBin, scoreBins, stepOf, stepsPerBin } from "../../../src/monitor/performance/score-bins.js";
import { budget } from "../../helpers/budget.js";

const probability = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.integer({ min: 0, max: 60 }).map((e) => 2 ** -e),
  fc.integer({ min: 0, max: 60 }).map((e) => 1 - 2 ** -e),
  fc.constantFrom(0, 0.5, 1, 0.5 - 2 ** -54, 0.5 + 2 ** -53, Number.MIN_VALUE),
);

describe("bins of probabilities", () => {
  it("tile [0, 1] without gaps", () => {
    expect(binRange(0).low).toBe(0);
    expect(binRange(scoreBins - 1).high).toBe(1);
    for (let bin = 1; bin < scoreBins; bin++) {
      expect(binRange(bin).low).toBe(binRange(bin - 1).high);
      expect(binRange(bin).high).toBeGreaterThan(binRange(bin).low);
    }
  });

  it("hold their probabilities, are narrow, and never go down", () => {
    fc.assert(
      fc.property(probability, probability, (p, q) => {
        const bin = scoreBin(p);
        const { low, high } = binRange(bin);
        expect(p).toBeGreaterThanOrEqual(low);
        expect(p).toBeLessThanOrEqual(high);
        expect(high - low).toBeLessThanOrEqual(Math.max(2 ** -20, 2 ** -7 * Math.min(p, 1 - p)) * (1 + 2 ** -6));
        const step = stepOf(p, { low, high });
        expect(Number.isInteger(step) && step >= 0 && step <= stepsPerBin).toBe(true);
        if (p < q) expect(bin).toBeLessThanOrEqual(scoreBin(q));
      }),
      { numRuns: budget(2000) },
    );
  });
});
