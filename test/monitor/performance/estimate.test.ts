import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../src/base/errors.js";
import { uniform } from "../../../src/base/random.js";
import { performanceMetricNames, performanceMetrics } from "../../../src/monitor/performance/performance-metrics.js";
import {
  confidenceCounter,
  estimateFromCounts,
  estimatePerformance,
  mergeConfidence,
  parseConfidenceCounts,
  type ConfidenceCounts,
} from "../../../src/monitor/index.js";
import { budget } from "../../helpers/budget.js";

const costs = { falseNegative: 500, falsePositive: 50 };
const probabilities = fc.array(
  fc.oneof(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.integer({ min: 0, max: 4 }).map((k) => k / 4),
    fc.double({ min: 0, max: 1e-5, noNaN: true }),
  ),
  { minLength: 1, maxLength: 80 },
);

const counted = (values: Iterable<number>, threshold: number): ConfidenceCounts => {
  const counter = confidenceCounter(threshold);
  for (const value of values) counter.add(value);
  return counter.counts();
};

/** Expected share of ordered pairs, pair by pair. */
function pairwiseAuc(values: readonly number[]): number | null {
  let ordered = 0;
  let pairs = 0;
  values.forEach((p, i) =>
    values.forEach((q, j) => {
      if (i === j) return;
      pairs += p * (1 - q);
      ordered += p * (1 - q) * (p > q ? 1 : p === q ? 0.5 : 0);
    }),
  );
  return pairs > 1e-9 ? ordered / pairs : null;
}

/** CBPE's AUC as NannyML's page describes it: expected confusion matrices at every distinct score, trapezoids between. */
function nannyAuc(values: readonly number[]): number {
  const thresholds = [Infinity, ...[...new Set(values)].sort((a, b) => b - a)];
  const points = thresholds.map((t) => {
    let tp = 0;
    let fp = 0;
    let fn = 0;
    let tn = 0;
    for (const p of values) {
      if (p >= t) {
        tp += p;
        fp += 1 - p;
      } else {
        fn += p;
        tn += 1 - p;
      }
    }
    return { x: fp / (fp + tn), y: tp / (tp + fn) };
  });
  return points.reduce((area, { x, y }, i) => {
    const before = points[i - 1];
    return before === undefined ? 0 : area + ((x - before.x) * (y + before.y)) / 2;
  }, 0);
}

describe("estimatePerformance, by hand", () => {
  const { values, confusion, positives, rows } = estimatePerformance(Float64Array.of(0.9, 0.6, 0.4, 0.1), {
    threshold: 0.5,
    costs,
  });

  it("expected confusion matrix", () => {
    expect(rows).toBe(4);
    expect(positives.expected).toBeCloseTo(2, 12);
    expect(positives.standardError).toBeCloseTo(Math.sqrt(0.66), 12);
    expect(confusion).toMatchObject({
      truePositives: 1.5,
      falsePositives: 0.5,
      falseNegatives: 0.5,
      trueNegatives: 1.5,
    });
    expect(confusion.calledError).toBeCloseTo(Math.sqrt(0.33), 12);
  });

  it("metrics", () => {
    const expected = {
      accuracy: 0.75,
      precision: 0.75,
      recall: 0.75,
      f1: 0.75,
      brier: 0.165,
      logLoss:
        (2 * (-0.9 * Math.log(0.9) - 0.1 * Math.log(0.1)) + 2 * (-0.6 * Math.log(0.6) - 0.4 * Math.log(0.4))) / 4,
      profit: 1.5 * 500 - 0.5 * 50,
      // Ordered pairs: .9(.4+.6+.9) + .6(.6+.9) + .4(.9) over all pairs 4 - .66.
      auc: (0.9 * 1.9 + 0.6 * 1.5 + 0.4 * 0.9) / (4 - 0.66),
    };
    for (const name of performanceMetricNames) expect(values[name].value).toBeCloseTo(expected[name], 12);
  });

  it("standard errors", () => {
    expect(values.accuracy.standardError).toBeCloseTo(Math.sqrt(0.66) / 4, 12);
    expect(values.precision.standardError).toBeCloseTo(Math.sqrt(0.33) / 2, 12);
    expect(values.profit.standardError).toBeCloseTo(550 * Math.sqrt(0.33), 9);
    // d recall: fn / P^2 and -tp / P^2.
    expect(values.recall.standardError).toBeCloseTo(Math.sqrt(0.33 * (0.25 + 2.25)) / 4, 12);
    expect(values.accuracy.populationError).toBeCloseTo(Math.sqrt((2 * 0.81 + 2 * 0.36 - 9 / 4) / 16), 12);
  });
});

describe("AUC", () => {
  it("equals the sum over pairs of rows", () => {
    fc.assert(
      fc.property(probabilities, (values) => {
        const expected = pairwiseAuc(values);
        const { value } = estimatePerformance(Float64Array.from(values), { threshold: 0.5 }).values.auc;
        if (expected !== null) expect(value).toBeCloseTo(expected, 9);
      }),
    );
  });

  it("equals NannyML's but for the pairs of a row with itself, which CBPE counts half", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 0.99, noNaN: true }), { minLength: 2, maxLength: 60 }),
        (values) => {
          const { auc } = estimatePerformance(Float64Array.from(values), { threshold: 0.5 }).values;
          const positives = values.reduce((sum, p) => sum + p, 0);
          const negatives = values.length - positives;
          const self = values.reduce((sum, p) => sum + p * (1 - p), 0);
          const withSelf = ((auc.value ?? 0) * (positives * negatives - self) + self / 2) / (positives * negatives);
          expect(nannyAuc(values)).toBeCloseTo(withSelf, 9);
        },
      ),
    );
  });
});

describe("counts of a stream", () => {
  it("come within the certified error of the exact estimate, for every metric", () => {
    let widest = 0;
    fc.assert(
      fc.property(probabilities, fc.double({ min: 0, max: 1, noNaN: true }), (values, threshold) => {
        const exact = estimatePerformance(Float64Array.from(values), { threshold, costs });
        const binned = estimateFromCounts(counted(values, threshold), { costs });
        expect(binned.rows).toBe(exact.rows);
        for (const name of performanceMetricNames) {
          const a = exact.values[name];
          const b = binned.values[name];
          if (a.value === null || b.value === null) continue;
          const error = Math.abs(a.value - b.value);
          expect(error, name).toBeLessThanOrEqual(b.certifiedError + 1e-9 * (1 + Math.abs(a.value)));
          if (error > 1e-9) widest = Math.max(widest, error / b.certifiedError);
        }
      }),
      { numRuns: budget(400) },
    );
    // The bound is used: it would fail if it were much smaller.
    expect(widest).toBeGreaterThan(0.01);
  });

  it("certify AUC to better than 1e-4 for a usual model, and the other metrics to 1e-5", () => {
    const random = uniform(5);
    const values = Float64Array.from({ length: 50_000 }, () => random() ** 2);
    const { values: binned } = estimateFromCounts(counted(values, 0.4));
    expect(binned.auc.certifiedError).toBeLessThan(1e-4);
    for (const name of ["accuracy", "precision", "recall", "f1", "brier", "logLoss"] as const) {
      expect(binned[name].certifiedError, name).toBeLessThan(1e-5);
    }
    const exact = estimatePerformance(values, { threshold: 0.4 }).values;
    expect(Math.abs((exact.auc.standardError ?? 0) / (binned.auc.standardError ?? 1) - 1)).toBeLessThan(1e-3);
  });

  it("merge to those of the whole, bit for bit, in any order, and survive JSON", () => {
    fc.assert(
      fc.property(probabilities, fc.nat(3), fc.double({ min: 0, max: 1, noNaN: true }), (values, at, threshold) => {
        const parts = [values.filter((_, i) => i % 4 === at), values.filter((_, i) => i % 4 !== at)] as const;
        const [a, b] = [counted(parts[0], threshold), counted(parts[1], threshold)];
        const whole = counted(values, threshold);
        expect(mergeConfidence(a, b)).toEqual(whole);
        expect(mergeConfidence(b, a)).toEqual(whole);
        expect(parseConfidenceCounts(JSON.parse(JSON.stringify(whole)))).toEqual(whole);
      }),
    );
  });

  it("keep a constant size and count what is no probability", () => {
    const random = uniform(1);
    const counter = confidenceCounter(0.5);
    for (let i = 0; i < 200_000; i++) counter.add(random());
    expect([Number.NaN, -0.1, 1.5, Infinity].map((p) => counter.add(p))).toEqual([false, false, false, false]);
    expect(counter.counts()).toMatchObject({ rows: 200_000, invalid: 4 });
    expect(counter.counts().cells.length).toBeLessThan(4868);
  });

  it("refuse other thresholds and malformed JSON", () => {
    const codes = (run: () => unknown): string | undefined => {
      try {
        run();
      } catch (error) {
        return ChurnkitError.isInstance(error) ? error.code : "untyped";
      }
      return undefined;
    };
    expect(codes(() => mergeConfidence(counted([0.1], 0.5), counted([0.1], 0.4)))).toBe("CONTRACT_MISMATCH");
    const good = counted([0.1, 0.9], 0.5);
    const bad: unknown[] = [null, [], {}, { ...good, format: 2 }, { ...good, rows: 3 }, { ...good, threshold: 2 }];
    bad.push(
      { ...good, cells: [...good.cells].reverse() },
      { ...good, cells: [[0, 2, 1e12]] },
      { ...good, cells: [[99_999, 2, 0]] },
    );
    bad.push({ ...good, cells: "x" }, { ...good, invalid: -1 }, { ...good, cells: [null] });
    for (const value of bad) expect(codes(() => parseConfidenceCounts(value))).toBe("INPUT_MALFORMED");
    expect(codes(() => confidenceCounter(Number.NaN))).toBe("OPTION_INVALID");
  });
});

describe("what cannot be estimated", () => {
  it("is null with a reason, never NaN", () => {
    const none = estimateFromCounts(counted([], 0.5), { costs });
    for (const name of performanceMetricNames)
      expect(none.values[name]).toMatchObject({ value: null, reason: "There are no rows." });
    const zeros = estimatePerformance(Float64Array.of(0, 0), { threshold: 0.5 });
    expect(zeros.values.precision).toMatchObject({ value: null, reason: "No row is called positive." });
    expect(zeros.values.recall).toMatchObject({ value: null, reason: "No positive is expected." });
    expect(zeros.values.auc.value).toBeNull();
    expect(zeros.values.profit.reason).toBe("No costs were given.");
    expect(zeros.values.accuracy).toMatchObject({ value: 1, standardError: 0 });
    expect(estimatePerformance(Float64Array.of(0.3), { threshold: 0.5 }).values.auc.value).toBeNull();
  });

  it("JSON holds no null where a number was", () => {
    fc.assert(
      fc.property(probabilities, fc.double({ min: 0, max: 1, noNaN: true }), (values, threshold) => {
        for (const estimate of [
          estimatePerformance(Float64Array.from(values), { threshold, costs }),
          estimateFromCounts(counted(values, threshold), { costs }),
        ]) {
          expect(JSON.parse(JSON.stringify(estimate))).toEqual(estimate);
          for (const name of performanceMetricNames) {
            const { value, low, high } = estimate.values[name];
            if (value === null) continue;
            expect(low).toBeLessThanOrEqual(value + 1e-12);
            expect(high).toBeGreaterThanOrEqual(value - 1e-12);
            if (performanceMetrics[name].high === 1) expect(value).toBeLessThanOrEqual(1 + 1e-12);
          }
        }
      }),
    );
  });

  it.each([
    ["TOO_FEW_ROWS", [], 0.5, undefined],
    ["VALUE_INVALID", [0.1, Number.NaN], 0.5, undefined],
    ["VALUE_INVALID", [1.1], 0.5, undefined],
    ["OPTION_INVALID", [0.1], Number.NaN, undefined],
    ["OPTION_INVALID", [0.1], 0.5, { falseNegative: -1, falsePositive: 1 }],
  ] as const)("%s for %j at %d", (code, values, threshold, given) => {
    expect(() => estimatePerformance(Float64Array.from(values), { threshold, costs: given })).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });
});
