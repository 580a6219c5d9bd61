import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logit, sigmoid } from "../../../src/stats/logistic.js";
import { fitCalibration } from "../../../src/model/training/calibration/fit-calibration.js";
import type { Calibration } from "../../../src/model/artifact.js";
import { calibrate, calibrateLogOdds } from "../../../src/model/scoring/calibrate.js";
import { metricOf } from "../../helpers/metric-of.js";
import { drawnRows, scoredRows } from "../../helpers/scored-rows.js";

describe("fitCalibration", () => {
  it("finds the line that was put in", () => {
    const { labels, scores } = drawnRows(20_000, 3, (p) => sigmoid(0.5 * logit(p) - 1));
    const fitted = fitCalibration(labels, scores);
    if (fitted.kind !== "platt") throw new Error("scaling helps here");
    expect(fitted.slope).toBeCloseTo(0.5, 1);
    expect(fitted.intercept).toBeCloseTo(-1, 1);
    const after = scores.map((p) => calibrate(fitted, p));
    expect(metricOf("calibrationError", labels, after)).toBeLessThan(0.02);
    expect(metricOf("logLoss", labels, after)).toBeLessThan(metricOf("logLoss", labels, scores) - 0.1);
    expect(metricOf("auc", labels, after)).toBe(metricOf("auc", labels, scores));
  });

  it("stands at the least loss on Platt's targets", () => {
    const { labels, scores } = drawnRows(500, 8, (p) => 0.5 * p);
    const fitted = fitCalibration(labels, scores);
    if (fitted.kind !== "platt") throw new Error("scaling helps here");
    const positives = labels.reduce((sum, label) => sum + label, 0);
    const high = (positives + 1) / (positives + 2);
    const low = 1 / (500 - positives + 2);
    let [bySlope, byIntercept] = [0, 0];
    for (const [row, label] of labels.entries()) {
      const error = calibrate(fitted, scores[row] ?? 0) - (label === 1 ? high : low);
      bySlope += error * logit(scores[row] ?? 0);
      byIntercept += error;
    }
    expect(bySlope).toBeCloseTo(0, 5);
    expect(byIntercept).toBeCloseTo(0, 5);
  });

  it("leaves calibrated probabilities nearly alone", () => {
    const { labels, scores } = drawnRows(5000, 12);
    const fitted = fitCalibration(labels, scores);
    for (const p of [0.05, 0.3, 0.7, 0.95]) expect(Math.abs(calibrate(fitted, p) - p)).toBeLessThan(0.02);
  });

  it("is the identity for few rows, one class, and a model that ranks the wrong way round", () => {
    const identity = { kind: "identity" };
    const few = drawnRows(199, 5, (p) => p / 3);
    expect(fitCalibration(few.labels, few.scores)).toEqual(identity);
    const enough = drawnRows(200, 5, (p) => p / 3);
    expect(fitCalibration(enough.labels, enough.scores).kind).toBe("platt");
    expect(fitCalibration(new Uint8Array(200), enough.scores)).toEqual(identity);
    const wrong = drawnRows(2000, 6, (p) => 1 - p);
    expect(fitCalibration(wrong.labels, wrong.scores)).toEqual(identity);
  });

  it("is the identity where the probabilities are as good as they get", () => {
    const labels = Uint8Array.from({ length: 1000 }, (_, i) => (i % 10 < (i < 500 ? 2 : 8) ? 1 : 0));
    const scores = Float64Array.from(labels, (_, i) => (i < 500 ? 0.2 : 0.8));
    expect(fitCalibration(labels, scores)).toEqual({ kind: "identity" });
  });

  it("moves constant probabilities to the base rate", () => {
    const labels = Uint8Array.from({ length: 1000 }, (_, i) => (i % 4 === 0 ? 1 : 0));
    const fitted = fitCalibration(labels, new Float64Array(1000).fill(0.9));
    expect(calibrate(fitted, 0.9)).toBeCloseTo(0.25, 2);
  });

  it("bears probabilities of exactly 0 and 1, wrong ones among them", () => {
    const labels = Uint8Array.from({ length: 400 }, (_, i) => i % 2);
    const scores = Float64Array.from(labels, (label, i) => (i % 10 < 2 ? 1 - label : label));
    const fitted = fitCalibration(labels, scores);
    expect(fitted.kind).toBe("platt");
    expect(calibrate(fitted, 1)).toBeCloseTo(0.8, 1);
    expect(calibrate(fitted, 0)).toBeCloseTo(0.2, 1);
  });

  it("takes beta calibration where the two ends bend differently", () => {
    const truth = { kind: "beta", a: 2.5, b: 0.4, c: 0.3 } as const;
    const { labels, scores } = drawnRows(15_000, 9, (p) => calibrate(truth, p));
    const fitted = fitCalibration(labels, scores);
    if (fitted.kind !== "beta") throw new Error(`${fitted.kind} was chosen`);
    expect(fitted.a).toBeCloseTo(truth.a, 0);
    expect(fitted.b).toBeCloseTo(truth.b, 1);
    for (const p of [0.02, 0.2, 0.5, 0.9]) expect(calibrate(fitted, p)).toBeCloseTo(calibrate(truth, p), 1);
  });

  it("takes isotonic regression for steps, with enough rows", () => {
    const stairs = (p: number): number => (p < 0.3 ? 0.05 : p < 0.6 ? 0.5 : 0.55);
    const many = drawnRows(6000, 10, stairs);
    expect(fitCalibration(many.labels, many.scores).kind).toBe("isotonic");
    const few = drawnRows(1900, 10, stairs);
    expect(fitCalibration(few.labels, few.scores).kind).not.toBe("isotonic");
  });

  it("is not judged by copies of the rows it was fitted on", () => {
    const chosen = Array.from({ length: 4 }, (_, seed) => {
      const { labels, scores } = drawnRows(300, seed);
      const copies = Uint32Array.from({ length: 3000 }, (_, i) => Math.floor(i / 10));
      const kind = (numbers?: Uint32Array): string =>
        fitCalibration(
          Uint8Array.from(copies, (row) => labels[row] ?? NaN),
          Float64Array.from(copies, (row) => scores[row] ?? NaN),
          numbers,
        ).kind;
      return [kind(), kind(copies)];
    });
    expect(chosen).toEqual(Array.from({ length: 4 }, () => ["beta", "identity"]));
  });

  it("keeps the simplest on calibrated rows", () => {
    const chosen = Array.from({ length: 8 }, (_, seed) => {
      const { labels, scores } = drawnRows(4000, seed);
      return fitCalibration(labels, scores).kind;
    });
    expect(chosen.filter((kind) => kind === "beta" || kind === "isotonic").length).toBeLessThanOrEqual(2);
  });

  it("never gives NaN, on any rows", () => {
    fc.assert(
      fc.property(scoredRows, ({ labels, scores }) => {
        const repeat = Math.ceil(200 / labels.length);
        const manyLabels = Uint8Array.from(
          { length: labels.length * repeat },
          (_, i) => labels[i % labels.length] ?? 0,
        );
        const manyScores = Float64Array.from(manyLabels, (_, i) => scores[i % scores.length] ?? 0);
        const fitted = fitCalibration(manyLabels, manyScores);
        const numbers = Object.values(fitted)
          .flat()
          .filter((value) => typeof value === "number");
        expect(numbers.every(Number.isFinite)).toBe(true);
        for (const p of [0, 0.2, 1]) {
          expect(calibrate(fitted, p)).toBeGreaterThanOrEqual(0);
          expect(calibrate(fitted, p)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it("refuses bad rows", () => {
    const run = (): unknown => fitCalibration(Uint8Array.of(0, 1), Float64Array.of(0.1, Number.NaN));
    expect(run).toThrowError(expect.objectContaining({ code: "VALUE_INVALID" }));
  });
});

describe("calibrate", () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  const real = (min: number, max: number) => fc.double({ min, max, noNaN: true });
  const rising = fc
    .uniqueArray(real(-8, 8), { minLength: 1, maxLength: 8 })
    .map((values) => values.sort((a, b) => a - b));
  const calibration: fc.Arbitrary<Calibration> = fc.oneof(
    fc.constant({ kind: "identity" } as const),
    fc.record({ kind: fc.constant("platt" as const), slope: real(0.01, 20), intercept: real(-20, 20) }),
    fc.record({ kind: fc.constant("beta" as const), a: real(0, 20), b: real(0, 20), c: real(-20, 20) }),
    fc.tuple(rising, rising).map(([from, to]) => {
      const length = Math.min(from.length, to.length);
      return { kind: "isotonic" as const, from: from.slice(0, length), to: to.slice(0, length) };
    }),
  );

  it("gives a probability that never falls where the raw one rises", () => {
    fc.assert(
      fc.property(unit, unit, calibration, (a, b, one) => {
        fc.pre(Math.abs(a - b) > 1e-9);
        const [low, high] = [calibrate(one, Math.min(a, b)), calibrate(one, Math.max(a, b))];
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        // Steep lines lose the last bits.
        expect(high).toBeGreaterThanOrEqual(low - 1e-12);
      }),
    );
  });

  it("is nothing for the identity, and next to nothing for what amounts to it", () => {
    fc.assert(
      fc.property(unit, (p) => {
        expect(calibrate({ kind: "identity" }, p)).toBe(p);
        expect(calibrate({ kind: "platt", slope: 1, intercept: 0 }, p)).toBeCloseTo(p, 12);
        expect(calibrate({ kind: "beta", a: 1, b: 1, c: 0 }, p)).toBeCloseTo(p, 12);
        expect(calibrate({ kind: "isotonic", from: [-2, 0, 3], to: [-2, 0, 3] }, p)).toBeCloseTo(p, 12);
      }),
    );
  });

  it("goes through the points of an isotonic curve, and on at slope 1", () => {
    const curve = { kind: "isotonic", from: [-1, 0, 2], to: [-3, 1, 1.5] } as const;
    curve.from.forEach((z, i) => expect(calibrateLogOdds(curve, z)).toBe(curve.to[i]));
    expect(calibrateLogOdds(curve, -0.5)).toBe(-1);
    expect(calibrateLogOdds(curve, -4)).toBe(-6);
    expect(calibrateLogOdds(curve, 5)).toBe(4.5);
  });
});
