import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { permutation } from "../../../src/base/random.js";
import { rankAuc } from "../../../src/stats/ranks/auc.js";
import { compareScores } from "../../../src/model/evaluate/compare-scores.js";
import { metricOf } from "../../helpers/metric-of.js";
import { evaluateScores, summarize } from "../../../src/model/evaluate/evaluate-scores.js";
import { metricNames, metrics, type MetricValue } from "../../../src/model/evaluate/metrics.js";
import { drawnRows, scoredRows } from "../../helpers/scored-rows.js";

const plain = { threshold: 0.5, bootstrap: false } as const;

describe("evaluateScores on any rows", () => {
  it("gives finite values within their ranges, or null, and never NaN", () => {
    fc.assert(
      fc.property(scoredRows, fc.double({ min: 0, max: 1, noNaN: true }), ({ labels, scores }, threshold) => {
        const evaluation = evaluateScores(labels, scores, {
          threshold,
          costs: { falseNegative: 500, falsePositive: 50 },
          bootstrap: { resamples: 20 },
        });
        const oneClass = evaluation.positives === 0 || evaluation.positives === labels.length;
        for (const name of metricNames) {
          const { value, low, high } = evaluation.values[name];
          if (value === null) {
            expect(oneClass).toBe(true);
            continue;
          }
          const most = name === "profitPerCustomer" ? 500 : name === "logLoss" ? 37 : 1 + 1e-12;
          for (const each of [value, low ?? value, high ?? value]) {
            expect(each).toBeGreaterThanOrEqual(name === "profitPerCustomer" ? -50 : 0);
            expect(each).toBeLessThanOrEqual(most);
          }
          if (low !== undefined) expect(low).toBeLessThanOrEqual(high as number);
        }
        expect(evaluation.values.auc.value === null).toBe(oneClass);
        expect(evaluation.roc === null).toBe(oneClass);
        const { truePositives, falsePositives, falseNegatives, trueNegatives } = evaluation.confusion;
        expect(truePositives + falsePositives + falseNegatives + trueNegatives).toBe(labels.length);
        for (const curve of [evaluation.roc, evaluation.precisionRecall, evaluation.profit])
          for (const axis of [curve?.x ?? [], curve?.y ?? []])
            for (const v of axis) expect(v).toSatisfy(Number.isFinite);
      }),
    );
  });

  it("does not depend on the order of rows", () => {
    fc.assert(
      fc.property(scoredRows, fc.nat(), ({ labels, scores }, seed) => {
        const order = permutation(labels.length, seed);
        const mixedLabels = Uint8Array.from(order, (row) => labels[row] ?? 0);
        const mixedScores = Float64Array.from(order, (row) => scores[row] ?? 0);
        const before = evaluateScores(labels, scores, plain).values;
        const after = evaluateScores(mixedLabels, mixedScores, plain).values;
        for (const name of metricNames) expect(after[name].value ?? -1).toBeCloseTo(before[name].value ?? -1, 10);
      }),
    );
  });

  it("keeps AUC and average precision under transforms that keep the order", () => {
    fc.assert(
      fc.property(scoredRows, ({ labels, scores }) => {
        const places = [...new Set(scores)].sort((a, b) => a - b);
        const moved = scores.map((score) => ((places.indexOf(score) + 1) / (places.length + 1)) ** 3);
        const before = evaluateScores(labels, scores, plain).values;
        const after = evaluateScores(labels, moved, plain).values;
        expect(after.auc).toEqual(before.auc);
        expect(after.averagePrecision).toEqual(before.averagePrecision);
        expect(rankAuc(labels, moved)).toBe(rankAuc(labels, scores));
      }),
    );
  });

  it("turns AUC around with the scores", () => {
    fc.assert(
      fc.property(scoredRows, ({ labels, scores }) => {
        const auc = rankAuc(labels, scores);
        const reversed = rankAuc(
          labels,
          scores.map((score) => 1 - score / 2),
        );
        // 1 - score / 2 may make two near scores equal; then AUC moves toward a half.
        fc.pre(new Set(scores.map((score) => 1 - score / 2)).size === new Set(scores).size);
        if (auc === null) expect(reversed).toBeNull();
        else expect(reversed).toBeCloseTo(1 - auc, 12);
      }),
    );
  });
});

describe("evaluateScores at the extremes", () => {
  it("is perfect for the truth itself, with intervals of no width", () => {
    const labels = Uint8Array.from({ length: 100 }, (_, i) => i % 2);
    const { values } = evaluateScores(labels, Float64Array.from(labels), { threshold: 0.5 });
    for (const name of metricNames.filter((name) => metrics[name].needs !== "costs")) {
      const best = metrics[name].better === "higher" ? 1 : 0;
      for (const each of [values[name].value, values[name].low, values[name].high]) expect(each).toBeCloseTo(best, 12);
    }
  });

  it("has an AUC of a half, and of zero lift, for constant scores", () => {
    const labels = Uint8Array.from({ length: 100 }, (_, i) => (i % 4 === 0 ? 1 : 0));
    const { values, roc, reliability } = evaluateScores(labels, new Float64Array(100).fill(0.25), { threshold: 0.5 });
    expect(values.auc).toEqual({ value: 0.5, low: 0.5, high: 0.5 });
    expect(values.averagePrecision.value).toBe(0.25);
    expect(values.calibrationError.value).toBe(0);
    expect([...(roc?.x ?? [])]).toEqual([0, 1]);
    expect(reliability).toEqual([{ low: 0.2, high: 0.3, rows: 100, meanPrediction: 0.25, observedRate: 0.25 }]);
  });

  it("clips probabilities of 0 and 1 in the log loss", () => {
    const { values } = evaluateScores(Uint8Array.of(0, 1), Float64Array.of(1, 0), plain);
    expect(values.logLoss.value).toBeCloseTo(52 * Math.LN2, 12);
  });

  it("leaves out the curves and the AUC of one class, and the lift without positives", () => {
    const { values, roc, precisionRecall, lift } = evaluateScores(Uint8Array.of(0, 0), Float64Array.of(0.1, 0.9), {
      threshold: 0.5,
    });
    expect([values.auc, values.averagePrecision]).toEqual([{ value: null }, { value: null }]);
    expect([roc, precisionRecall, lift]).toEqual([null, null, null]);
    expect(values.precision.value).toBe(0);
  });
});

describe("the profit per customer", () => {
  const labels = Uint8Array.of(1, 1, 0, 0, 0);
  const scores = Float64Array.of(0.9, 0.2, 0.8, 0.3, 0.1);
  const costs = { falseNegative: 500, falsePositive: 50 };

  it("is what the calls save against calling nobody, over all rows", () => {
    const { values } = evaluateScores(labels, scores, { ...plain, costs });
    expect(values.profitPerCustomer.value).toBe((500 - 50) / 5);
    expect(metricOf("profitPerCustomer", labels, scores, { costs, threshold: 0.15 })).toBe((1000 - 100) / 5);
  });

  it("has no value without costs", () => {
    expect(evaluateScores(labels, scores, plain).values.profitPerCustomer).toEqual({ value: null });
  });

  it("compares two models with the same costs", () => {
    const other = Float64Array.of(0.9, 0.7, 0.1, 0.3, 0.1);
    expect(compareScores(labels, other, scores, "profitPerCustomer", { costs }).difference.value).toBe(
      (1000 - 450) / 5,
    );
  });
});

describe("bootstrap intervals", () => {
  const { labels, scores } = drawnRows(5000, 11, (p) => 0.1 + 0.6 * p);
  const { values, resamples } = evaluateScores(labels, scores, {
    threshold: 0.4,
    costs: { falseNegative: 1, falsePositive: 0.2 },
    bootstrap: { resamples: 300, seed: 4 },
  });

  it.each(metricNames)("hold the value of %s, tightly, over many rows", (name) => {
    const { value, low, high } = values[name];
    expect(resamples).toBe(300);
    expect(low).toBeLessThan(value as number);
    expect(high).toBeGreaterThan(value as number);
    expect((high as number) - (low as number)).toBeLessThan(0.08);
  });

  it("are as wide as theory says for accuracy", () => {
    const { value, low, high } = values.accuracy;
    const accuracy = value as number;
    const width = 2 * 1.96 * Math.sqrt((accuracy * (1 - accuracy)) / 5000);
    expect(((high as number) - (low as number)) / width).toBeGreaterThan(0.85);
    expect(((high as number) - (low as number)) / width).toBeLessThan(1.15);
  });

  it("are as wide for copies of rows that are drawn together as for the rows alone", () => {
    const copies = Array.from({ length: 4 * labels.length }, (_, i) => i % labels.length);
    const costs = { falseNegative: 1, falsePositive: 0.2 };
    const options = { threshold: 0.4, costs, bootstrap: { resamples: 300, seed: 4 } };
    const together = evaluateScores(
      Uint8Array.from(copies, (row) => labels[row] ?? 0),
      Float64Array.from(copies, (row) => scores[row] ?? 0),
      { ...options, groups: copies },
    );
    const width = ({ low = NaN, high = NaN }: MetricValue): number => high - low;
    for (const name of ["auc", "logLoss", "accuracy"] as const) {
      expect(together.values[name].value).toBeCloseTo(values[name].value as number, 12);
      expect(width(together.values[name]) / width(values[name])).toBeGreaterThan(0.8);
      expect(width(together.values[name]) / width(values[name])).toBeLessThan(1.25);
    }
    expect(evaluateScores(labels, scores, { ...options, groups: Uint32Array.from(labels.keys()) }).values).toEqual(
      values,
    );
    const refused = expect.objectContaining({ code: "OPTION_INVALID" }) as Error;
    expect(() => evaluateScores(labels, scores, { ...options, groups: [1, 2] })).toThrow(refused);
  });

  it("follow from the seed alone", () => {
    const costs = { falseNegative: 1, falsePositive: 0.2 };
    const again = evaluateScores(labels, scores, { threshold: 0.4, costs, bootstrap: { resamples: 300, seed: 4 } });
    expect(again.values).toEqual(values);
    const other = evaluateScores(labels, scores, { threshold: 0.4, bootstrap: { resamples: 300, seed: 5 } });
    expect(other.values.auc.value).toBe(values.auc.value);
    expect(other.values.auc.low).not.toBe(values.auc.low);
  });

  it("are left out when bootstrap is off", () => {
    const off = evaluateScores(labels, scores, plain);
    expect(off.resamples).toBe(0);
    expect(off.values.auc).toEqual({ value: values.auc.value });
  });

  it("leave resamples of one class out, and have no interval where most are", () => {
    const rare = evaluateScores(Uint8Array.of(1, 0, 0, 0), Float64Array.of(0.9, 0.2, 0.3, 0.95), { threshold: 0.5 });
    expect(rare.values.auc.low).toBeGreaterThanOrEqual(0);
    const pair = evaluateScores(Uint8Array.of(1, 0), Float64Array.of(0.9, 0.2), { threshold: 0.5 });
    expect(Object.keys(pair.values.auc)).toEqual(["value"]);
    expect(pair.values.logLoss.low).toBeDefined();
  });
});

describe("summarize", () => {
  it("keeps what JSON can hold", () => {
    const { labels, scores } = drawnRows(300, 2);
    const summary = summarize(evaluateScores(labels, scores, { threshold: 0.5, bootstrap: { resamples: 50 } }));
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
    expect(Object.keys(summary)).toEqual(["rows", "positives", "threshold", "values"]);
  });
});

describe("bad input", () => {
  const two = Uint8Array.of(0, 1);
  it.each([
    ["no rows", new Uint8Array(0), new Float64Array(0), {}, "TOO_FEW_ROWS", /at least one/],
    ["unequal lengths", two, Float64Array.of(0.5), {}, "OPTION_INVALID", /2 labels but 1 prob/],
    ["a label of 2", Uint8Array.of(0, 2), Float64Array.of(0.5, 0.5), {}, "VALUE_INVALID", /label of row 1 is 2/],
    ["a NaN probability", two, Float64Array.of(0.5, NaN), {}, "VALUE_INVALID", /row 1 is NaN/],
    ["a probability of 2", two, Float64Array.of(2, 0.5), {}, "VALUE_INVALID", /row 0 is 2/],
    ["a NaN threshold", two, Float64Array.of(0.1, 0.5), { threshold: NaN }, "OPTION_INVALID", /threshold is NaN/],
    [
      "one resample",
      two,
      Float64Array.of(0.1, 0.5),
      { bootstrap: { resamples: 1 } },
      "OPTION_INVALID",
      /resamples is 1/,
    ],
    [
      "negative costs",
      two,
      Float64Array.of(0.1, 0.5),
      { costs: { falseNegative: -1, falsePositive: 1 } },
      "OPTION_INVALID",
      /-1 for a false negative/,
    ],
  ] as const)("%s is refused", (_, labels, scores, options, code, message) => {
    const run = (): unknown => evaluateScores(labels, scores, { threshold: 0.5, ...options });
    expect(run).toThrowError(expect.objectContaining({ code, message: expect.stringMatching(message) as string }));
  });
});
