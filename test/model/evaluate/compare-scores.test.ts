import { describe, expect, it } from "vitest";
import { compareScores } from "../../../src/model/evaluate/compare-scores.js";
import { resamplesFor } from "../../../src/model/evaluate/bootstrap.js";
import { evaluateScores } from "../../../src/model/evaluate/evaluate-scores.js";
import { metricNames, type MetricName } from "../../../src/model/evaluate/metrics.js";
import { uniform } from "../../../src/base/random.js";
import { drawnRows } from "../../helpers/scored-rows.js";

const { labels, scores } = drawnRows(2000, 21);
const random = uniform(5);
const noisy = scores.map((score) => Math.min(1, Math.max(0, score + (random() - 0.5) * 0.6)));
const costs = { falseNegative: 500, falsePositive: 50 };
const options = { resamples: 200, seed: 1, costs };

describe("compareScores", () => {
  it("finds the better model, in the metric's own direction", () => {
    const auc = compareScores(labels, scores, noisy, "auc", options);
    expect(auc.difference.low).toBeGreaterThan(0);
    expect(auc.shareBetter).toBe(1);
    const loss = compareScores(labels, scores, noisy, "logLoss", options);
    expect(loss.difference.high).toBeLessThan(0);
    expect(loss.shareBetter).toBe(1);
  });

  it("gives both models' own values and their difference", () => {
    for (const metric of metricNames) {
      const { a, b, difference, rows, resamples } = compareScores(labels, scores, noisy, metric, options);
      expect(a).toBe(evaluateScores(labels, scores, { threshold: 0.5, costs, bootstrap: false }).values[metric].value);
      expect(b).toBe(evaluateScores(labels, noisy, { threshold: 0.5, costs, bootstrap: false }).values[metric].value);
      expect(difference.value).toBe((a as number) - (b as number));
      expect([rows, resamples]).toEqual([2000, 200]);
    }
  });

  it("is paired: far narrower than the intervals of the models alone", () => {
    const slightly = scores.map((score, i) => Math.min(1, Math.max(0, score + (i % 2 === 0 ? 0.01 : -0.01))));
    const { difference } = compareScores(labels, scores, slightly, "auc", options);
    const { low, high } = evaluateScores(labels, scores, { threshold: 0.5, bootstrap: options }).values.auc;
    const width = (difference.high as number) - (difference.low as number);
    expect(width).toBeLessThan(((high as number) - (low as number)) / 5);
  });

  it("is zero, and undecided, for a model against itself", () => {
    const { difference, shareBetter } = compareScores(labels, scores, scores, "averagePrecision", options);
    expect(difference).toEqual({ value: 0, low: 0, high: 0 });
    expect(shareBetter).toBe(0.5);
  });

  it("turns around with the models", () => {
    const ab = compareScores(labels, scores, noisy, "brier", options).difference;
    const ba = compareScores(labels, noisy, scores, "brier", options).difference;
    expect(ba.value).toBe(-(ab.value as number));
    expect(ba.low).toBeCloseTo(-(ab.high as number), 12);
  });

  it("reads each model's threshold", () => {
    const same = compareScores(labels, scores, noisy, "recall", { ...options, thresholdA: 0, thresholdB: 0 });
    expect([same.a, same.b, same.difference.value]).toEqual([1, 1, 0]);
    const none = compareScores(labels, scores, noisy, "recall", { ...options, thresholdA: 1, thresholdB: 0 });
    expect(none.a).toBeLessThan(0.01);
  });

  it("has no value over one class", () => {
    const { a, difference, shareBetter } = compareScores(
      Uint8Array.of(0, 0),
      Float64Array.of(0, 1),
      Float64Array.of(1, 0),
      "auc",
    );
    expect([a, difference, shareBetter]).toEqual([null, { value: null }, null]);
  });

  it("refuses an unknown metric, a bad threshold and rows that do not pair", () => {
    const code = "OPTION_INVALID";
    const unknown = "constructor" as MetricName;
    expect(() => compareScores(labels, scores, noisy, unknown)).toThrowError(expect.objectContaining({ code }));
    const short = noisy.subarray(1);
    expect(() => compareScores(labels, scores, short, "auc")).toThrowError(expect.objectContaining({ code }));
    const run = (): unknown => compareScores(labels, scores, noisy, "f1", { thresholdB: 2 });
    expect(run).toThrowError(expect.objectContaining({ code }));
  });
});

describe("resamplesFor", () => {
  it("lowers the number for many rows, not below 100", () => {
    expect([1000, 50_000, 100_000, 1_000_000].map((rows) => resamplesFor(rows))).toEqual([1000, 1000, 500, 100]);
    expect(resamplesFor(1_000_000, 50)).toBe(50);
  });
});
