import { describe, expect, it } from "vitest";
import { rankAuc } from "../../../src/stats/ranks/auc.js";
import { thresholdMetrics } from "../../../src/model/evaluate/confusion.js";
import { evaluateScores, type Evaluation } from "../../../src/model/evaluate/evaluate-scores.js";
import { liftTable } from "../../../src/model/evaluate/lift.js";
import { metricOf } from "../../helpers/metric-of.js";
import { sortScores } from "../../../src/model/evaluate/sorted-scores.js";
import { oracleLabels, oracleSample } from "../../helpers/oracle-inputs.js";
import { hasShared, oracleCases, oracleNumber, type OracleCase } from "../../helpers/shared.js";

const near = (value: unknown, golden: unknown): void => {
  const expected = oracleNumber(golden);
  expect(value).toBeTypeOf("number");
  expect(Math.abs((value as number) - expected)).toBeLessThanOrEqual(Math.max(1e-12, 1e-9 * Math.abs(expected)));
};

const nearAll = (values: Iterable<number>, golden: unknown): void => {
  const actual = [...values];
  expect(actual).toHaveLength((golden as unknown[]).length);
  for (const [i, value] of (golden as unknown[]).entries()) {
    if (oracleNumber(value) === Infinity) expect(actual[i]).toBe(Infinity);
    else near(actual[i], value);
  }
};

const inputs = ({ in: given }: OracleCase) => ({ labels: oracleLabels(given.y), scores: oracleSample(given.s) });

function evaluated(entry: OracleCase): Evaluation {
  const { labels, scores } = inputs(entry);
  return evaluateScores(labels, scores, {
    threshold: (entry.in.threshold as number | undefined) ?? 0.5,
    bootstrap: false,
  });
}

describe.skipIf(!hasShared)("evaluation equals scikit-learn's values", () => {
  it.each(oracleCases("rank"))("$id", (entry) => {
    const { out } = entry;
    const { values, roc, precisionRecall } = evaluated(entry);
    const { labels, scores } = inputs(entry);
    if (out.undefined === true) {
      expect([values.auc.value, values.averagePrecision.value, roc, precisionRecall]).toEqual([null, null, null, null]);
      expect(rankAuc(labels, scores)).toBeNull();
      return;
    }
    near(values.auc.value, out.rocAuc);
    near(rankAuc(labels, scores), out.rocAuc);
    near(values.averagePrecision.value, out.averagePrecision);
    if (roc === null || precisionRecall === null) throw new Error("there are both classes, so there are curves");
    near(Math.max(...roc.y.map((y, i) => y - (roc.x[i] as number))), out.ksStatistic);
    const { roc: goldenRoc, pr } = out as Record<string, Record<string, unknown[]> | undefined>;
    if (goldenRoc === undefined || pr === undefined) return;
    nearAll(roc.x, goldenRoc.fpr);
    nearAll(roc.y, goldenRoc.tpr);
    nearAll(roc.threshold, goldenRoc.thresholds);
    // scikit-learn lists the points from the lowest threshold.
    nearAll(precisionRecall.x.toReversed(), pr.recall);
    nearAll(precisionRecall.y.toReversed(), pr.precision);
    nearAll(precisionRecall.threshold.toReversed().subarray(0, -1), pr.thresholds);
  });

  it.each(oracleCases("prob"))("$id", (entry) => {
    const { out } = entry;
    const { values, reliability } = evaluated(entry);
    near(values.logLoss.value, out.logLoss);
    near(values.brier.value, out.brier);
    near(values.calibrationError.value, out.ece);
    const gaps = reliability.map((bin) => Math.abs(bin.meanPrediction - bin.observedRate));
    near(Math.max(...gaps), out.mce);
    const rows = reliability.reduce((sum, bin) => sum + bin.rows, 0);
    near(reliability.reduce((sum, bin) => sum + bin.rows * bin.observedRate, 0) / rows, out.baseRate);
    near(reliability.reduce((sum, bin) => sum + bin.rows * bin.meanPrediction, 0) / rows, out.meanPrediction);
  });

  it.each(oracleCases("confusion"))("$id", (entry) => {
    const { out } = entry;
    const { confusion, values } = evaluated(entry);
    expect(confusion).toEqual({
      truePositives: out.tp,
      falsePositives: out.fp,
      falseNegatives: out.fn,
      trueNegatives: out.tn,
    });
    near(values.accuracy.value, out.accuracy);
    near(values.precision.value, out.precision);
    if (confusion.truePositives + confusion.falseNegatives === 0) {
      // scikit-learn's `zero_division=0` gives 0, which no model of such rows could better.
      expect([values.recall.value, values.f1.value]).toEqual([null, null]);
      return;
    }
    near(values.recall.value, out.recall);
    near(values.f1.value, out.f1);
  });

  it.each(oracleCases("lift"))("$id", (entry) => {
    const { labels, scores } = inputs(entry);
    const table = liftTable(sortScores(labels, scores), entry.in.bins as number) ?? [];
    const golden = entry.out.rows as Record<string, number>[];
    expect(table.map((bin) => [bin.rows, bin.positives])).toEqual(golden.map((row) => [row.n, row.positives]));
    for (const [i, row] of golden.entries()) {
      near(table[i]?.rate, row.rate);
      near(table[i]?.lift, row.lift);
      near(table[i]?.cumulativeGain, row.cumGain);
      near(table[i]?.cumulativeLift, row.cumLift);
    }
  });
});

describe("F1 weighted by class", () => {
  // scikit-learn 1.9.1: f1_score(y, s >= t, average="weighted", zero_division=0)
  const labels = Uint8Array.of(0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0);
  const scores = Float64Array.of(0.1, 0.8, 0.3, 0.6, 0.9, 0.2, 0.4, 0.55, 0.45, 0.7, 0.05, 0.35);

  it.each([
    [0.5, 0.6666666666666666],
    [0.3, 0.6476190476190476],
    [0.95, 0.4298245614035088],
  ])("at threshold %d", (threshold, golden) => near(metricOf("weightedF1", labels, scores, { threshold }), golden));

  it("is 1 for a perfect matrix and 0 for a matrix that is all wrong", () => {
    const wrong = { truePositives: 0, falsePositives: 3, falseNegatives: 2, trueNegatives: 0 };
    expect(thresholdMetrics(wrong).weightedF1).toBe(0);
    const right = { truePositives: 3, falsePositives: 0, falseNegatives: 0, trueNegatives: 2 };
    expect(thresholdMetrics(right).weightedF1).toBe(1);
  });
});
