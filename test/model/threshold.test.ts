import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decision } from "../../src/model/artifact.js";
import { metricOf } from "../helpers/metric-of.js";
import {
  chooseThreshold,
  costThreshold,
  givenThreshold,
  thresholdByCapacity,
  thresholdByCost,
  thresholdByF1,
  thresholdByRecall,
} from "../../src/model/training/threshold.js";
import { drawnRows, scoredRows, type ScoredRows } from "../helpers/scored-rows.js";

const costs = { falseNegative: 500, falsePositive: 50 };

/** Every threshold that calls a different set of rows, highest first. */
const cuts = ({ scores }: ScoredRows): number[] => [...new Set([1, ...scores, 0])].sort((a, b) => b - a);

function lossAt({ labels, scores }: ScoredRows, threshold: number): number {
  let loss = 0;
  for (const [row, label] of labels.entries()) {
    const called = (scores[row] ?? 0) >= threshold;
    if (label === 1 && !called) loss += costs.falseNegative;
    if (label === 0 && called) loss += costs.falsePositive;
  }
  return loss;
}

const called = ({ scores }: ScoredRows, threshold: number): number => scores.filter((p) => p >= threshold).length;

describe("thresholds are the best there are", () => {
  it("by recall: the highest that finds as many", () => {
    fc.assert(
      fc.property(scoredRows, fc.double({ min: 0, max: 1, noNaN: true }), (rows, wanted) => {
        fc.pre(rows.labels.includes(1));
        const recall = (threshold: number): number => metricOf("recall", rows.labels, rows.scores, { threshold });
        const threshold = thresholdByRecall(rows.labels, rows.scores, wanted);
        expect(recall(threshold)).toBeGreaterThanOrEqual(wanted - 1e-9);
        const higher = cuts(rows).filter((cut) => called(rows, cut) < called(rows, threshold));
        expect(higher.filter((cut) => recall(cut) >= wanted)).toEqual([]);
      }),
    );
  });

  it("by F1", () => {
    fc.assert(
      fc.property(scoredRows, (rows) => {
        fc.pre(rows.labels.includes(1));
        const f1 = (threshold: number): number => metricOf("f1", rows.labels, rows.scores, { threshold });
        const { threshold, rule } = thresholdByF1(rows.labels, rows.scores);
        const best = Math.max(...cuts(rows).map(f1));
        expect(f1(threshold)).toBe(best);
        expect(rule).toBe("f1");
        const highest = cuts(rows).find((cut) => f1(cut) === best) ?? 0;
        expect(called(rows, threshold)).toBe(called(rows, highest));
      }),
    );
  });

  it("by cost", () => {
    fc.assert(
      fc.property(scoredRows, (rows) => {
        const { threshold, rule, costs: kept } = thresholdByCost(rows.labels, rows.scores, costs);
        const best = Math.min(...cuts(rows).map((cut) => lossAt(rows, cut)));
        expect(lossAt(rows, threshold)).toBe(best);
        expect([rule, kept]).toEqual(["cost", costs]);
        const highest = cuts(rows).find((cut) => lossAt(rows, cut) === best) ?? 0;
        expect(called(rows, threshold)).toBe(called(rows, highest));
      }),
    );
  });

  it("by capacity", () => {
    fc.assert(
      fc.property(scoredRows, fc.integer({ min: 0, max: 70 }), (rows, customers) => {
        const { threshold, rule } = thresholdByCapacity(rows.scores, { customers });
        const fitting = cuts(rows)
          .map((cut) => called(rows, cut))
          .filter((count) => count <= customers);
        const sure = called(rows, 1);
        expect(called(rows, threshold)).toBe(Math.max(sure, ...fitting));
        expect(rule).toBe("capacity");
      }),
    );
  });

  it("always within [0, 1]", () => {
    fc.assert(
      fc.property(scoredRows, ({ labels, scores }) => {
        const decisions: Decision[] = [
          thresholdByCost(labels, scores, costs),
          thresholdByCapacity(scores, { share: 0.3 }),
          ...(labels.includes(1) ? [thresholdByF1(labels, scores)] : []),
        ];
        for (const { threshold } of decisions) {
          expect(threshold).toBeGreaterThanOrEqual(0);
          expect(threshold).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe("where a threshold lies", () => {
  const labels = Uint8Array.of(1, 1, 0, 0);
  const scores = Float64Array.of(0.9, 0.5, 0.25, 0.125);

  it("is half way to the next lower score", () => {
    expect(thresholdByF1(labels, scores).threshold).toBe(0.375);
    expect(thresholdByCapacity(scores, { customers: 3 }).threshold).toBe(0.1875);
  });

  it("is 0 for everybody and 1 for nobody", () => {
    expect(thresholdByCapacity(scores, { share: 1 }).threshold).toBe(0);
    expect(thresholdByCapacity(scores, { customers: 0 }).threshold).toBe(1);
    expect(thresholdByCost(labels, scores, { falseNegative: 0, falsePositive: 1 }).threshold).toBe(1);
    expect(thresholdByCost(labels, scores, { falseNegative: 1, falsePositive: 0 }).threshold).toBe(0.375);
  });

  it("is between neighbors that only just differ", () => {
    const close = Float64Array.of(0.5 + 2 ** -53, 0.5);
    const { threshold } = thresholdByF1(Uint8Array.of(1, 0), close);
    expect([...close].map((p) => p >= threshold)).toEqual([true, false]);
  });

  it("calls rows of one score together or not at all", () => {
    expect(thresholdByCapacity(Float64Array.of(0.4, 0.4, 0.4, 0.1), { share: 0.5 }).threshold).toBe(1);
    expect(thresholdByCapacity(Float64Array.of(0.4, 0.4, 0.4, 0.1), { share: 0.75 }).threshold).toBe(0.25);
  });

  it("does not lose a customer of an exact share to rounding", () => {
    const many = Float64Array.from({ length: 100 }, (_, i) => i / 100);
    const { threshold } = thresholdByCapacity(many, { share: 0.29 });
    expect(many.filter((p) => p >= threshold)).toHaveLength(29);
  });
});

describe("costThreshold", () => {
  it("is where both mistakes cost the same in expectation", () => {
    expect(costThreshold({ falseNegative: 1, falsePositive: 1 })).toBe(0.5);
    expect(costThreshold({ falseNegative: 3, falsePositive: 1 })).toBe(0.25);
    expect(costThreshold({ falseNegative: 0, falsePositive: 1 })).toBe(1);
  });

  it("is near what the rows themselves say when probabilities are calibrated", () => {
    const { labels, scores } = drawnRows(20_000, 31);
    expect(thresholdByCost(labels, scores, costs).threshold).toBeCloseTo(costThreshold(costs), 1);
  });
});

describe("chooseThreshold", () => {
  const { labels, scores } = drawnRows(200, 1);

  it("follows the rule that it is given", () => {
    expect(chooseThreshold(labels, scores, { rule: "f1" })).toEqual(thresholdByF1(labels, scores));
    expect(chooseThreshold(labels, scores, { rule: "cost", costs })).toEqual(thresholdByCost(labels, scores, costs));
    const capacity = { share: 0.1 };
    expect(chooseThreshold(labels, scores, { rule: "capacity", capacity })).toEqual(
      thresholdByCapacity(scores, capacity),
    );
    expect(chooseThreshold(labels, scores, { rule: "given", threshold: 0.3, costs })).toEqual({
      threshold: 0.3,
      rule: "given",
      costs,
    });
    expect(givenThreshold(0.3)).toEqual({ threshold: 0.3, rule: "given" });
  });
});

describe("bad input", () => {
  const y = Uint8Array.of(0, 1);
  const p = Float64Array.of(0.2, 0.7);
  it.each([
    ["F1 without positives", () => thresholdByF1(Uint8Array.of(0, 0), p), "METRIC_UNDEFINED"],
    ["no costs at all", () => thresholdByCost(y, p, { falseNegative: 0, falsePositive: 0 }), "OPTION_INVALID"],
    ["a cost of NaN", () => costThreshold({ falseNegative: NaN, falsePositive: 0 }), "OPTION_INVALID"],
    ["a share above 1", () => thresholdByCapacity(p, { share: 1.5 }), "OPTION_INVALID"],
    ["a share of NaN", () => thresholdByCapacity(p, { share: NaN }), "OPTION_INVALID"],
    ["customers below 0", () => thresholdByCapacity(p, { customers: -1 }), "OPTION_INVALID"],
    ["no rows", () => thresholdByCapacity(new Float64Array(0), { share: 0.5 }), "TOO_FEW_ROWS"],
    ["a threshold above 1", () => givenThreshold(1.01), "OPTION_INVALID"],
    ["a NaN probability", () => thresholdByF1(y, Float64Array.of(NaN, 1)), "VALUE_INVALID"],
  ])("%s is refused", (_, run, code) => {
    expect(run).toThrowError(expect.objectContaining({ code }));
  });
});
