import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { metricOf } from "../../helpers/metric-of.js";
import { calibrate } from "../../../src/model/scoring/calibrate.js";
import { fitIsotonic, poolAdjacentViolators } from "../../../src/model/training/calibration/isotonic.js";
import { drawnRows } from "../../helpers/scored-rows.js";

describe("poolAdjacentViolators", () => {
  const groups = fc.array(fc.record({ rows: fc.integer({ min: 1, max: 9 }), rate: fc.integer({ min: 0, max: 8 }) }), {
    minLength: 1,
    maxLength: 12,
  });

  it("gives each group the largest of the smallest means that contain it (the max-min formula)", () => {
    fc.assert(
      fc.property(groups, (list) => {
        const pooled = poolAdjacentViolators(
          list.map(({ rows, rate }) => ({ rows, outcomes: (rows * rate) / 8, probabilities: 0 })),
        );
        const fitted = pooled.flatMap(({ rows, outcomes }) => Array.from({ length: rows }, () => outcomes / rows));
        const values = list.flatMap(({ rows, rate }) => Array.from({ length: rows }, () => rate / 8));
        const mean = (from: number, to: number): number =>
          values.slice(from, to + 1).reduce((sum, value) => sum + value, 0) / (to + 1 - from);
        let start = 0;
        for (const { rows } of list) {
          const from = Array.from({ length: start + 1 }, (_, s) => s);
          const to = Array.from({ length: values.length - start }, (_, t) => start + t);
          const expected = Math.max(...from.map((s) => Math.min(...to.map((t) => mean(s, t)))));
          expect(fitted[start]).toBeCloseTo(expected, 12);
          start += rows;
        }
      }),
    );
  });
});

describe("fitIsotonic", () => {
  it("finds a step that neither Platt scaling nor beta calibration can follow", () => {
    const { labels, scores } = drawnRows(20_000, 4, (p) => (p < 0.5 ? 0.2 : 0.7));
    const fitted = fitIsotonic({ labels, probabilities: scores });
    if (fitted === null) throw new Error("there are two levels to tell apart");
    expect(calibrate(fitted, 0.25)).toBeCloseTo(0.2, 1);
    expect(calibrate(fitted, 0.75)).toBeCloseTo(0.7, 1);
    expect(
      metricOf(
        "calibrationError",
        labels,
        scores.map((p) => calibrate(fitted, p)),
      ),
    ).toBeLessThan(0.02);
  });

  it("keeps every rate inside (0, 1), so that no row has an infinite loss", () => {
    const labels = Uint8Array.from({ length: 2000 }, (_, row) => (row < 1000 ? 0 : 1));
    const fitted = fitIsotonic({ labels, probabilities: Float64Array.from(labels, (_, row) => (row + 0.5) / 2000) });
    if (fitted === null) throw new Error("there are two levels to tell apart");
    expect(calibrate(fitted, 0)).toBeGreaterThanOrEqual(0);
    expect(calibrate(fitted, 0.01)).toBeGreaterThan(0);
    expect(calibrate(fitted, 0.99)).toBeLessThan(1);
  });

  it("keeps rows of equal probability together, and needs two groups", () => {
    const labels = Uint8Array.from({ length: 400 }, (_, row) => row % 2);
    expect(fitIsotonic({ labels, probabilities: new Float64Array(400).fill(0.3) })).toBeNull();
    const two = fitIsotonic({ labels, probabilities: Float64Array.from(labels, (label) => (label ? 0.6 : 0.4)) });
    expect(two?.kind === "isotonic" && two.from.length).toBe(2);
  });
});
