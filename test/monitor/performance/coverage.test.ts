import { describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import {
  performanceMetricNames,
  type PerformanceMetric,
} from "../../../src/monitor/performance/performance-metrics.js";
import { realizedPerformance } from "../../../src/monitor/performance/realized.js";
import { estimatePerformance } from "../../../src/monitor/index.js";

const RUNS = 400;
const ROWS = 600;
const costs = { falseNegative: 500, falsePositive: 50 };

/** Calibrated probabilities, skewed as a churn model's are, and outcomes drawn from them. */
function draw(seed: number): { labels: Uint8Array; probabilities: Float64Array } {
  const random = uniform(seed);
  const probabilities = Float64Array.from({ length: ROWS }, () => 0.02 + 0.9 * random() ** 2);
  return { probabilities, labels: Uint8Array.from(probabilities, (p) => (random() < p ? 1 : 0)) };
}

describe("truly calibrated rows: the realized metric around the estimate", () => {
  const scores = new Map<PerformanceMetric, number[]>();
  const estimates = new Map<PerformanceMetric, { value: number; error: number }[]>();
  const inside = new Map<PerformanceMetric, number>();
  for (let run = 0; run < RUNS; run++) {
    const { labels, probabilities } = draw(run);
    const estimated = estimatePerformance(probabilities, { threshold: 0.4, costs }).values;
    const realized = realizedPerformance(labels, probabilities, { threshold: 0.4, costs, bootstrap: false }).values;
    for (const name of performanceMetricNames) {
      const { value, standardError, populationError, low = 0, high = 0 } = estimated[name];
      const actual = realized[name].value ?? Number.NaN;
      scores.set(name, [...(scores.get(name) ?? []), (actual - (value ?? 0)) / (standardError ?? 0)]);
      estimates.set(name, [...(estimates.get(name) ?? []), { value: value ?? 0, error: populationError ?? 0 }]);
      inside.set(name, (inside.get(name) ?? 0) + (actual >= low && actual <= high ? 1 : 0));
    }
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = (values: readonly number[]): number =>
    Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

  it.each(performanceMetricNames)("%s: within 3 standard errors in 99.7 % of the runs, and sampling error", (name) => {
    const beyond = (scores.get(name) ?? []).filter((z) => Math.abs(z) > 3).length;
    // 400 runs at 0.27 %: 1.1 expected, 5 or more once in two hundred.
    expect(beyond).toBeLessThanOrEqual(4);
  });

  it.each(performanceMetricNames)("%s: scores have mean 0 and deviation 1", (name) => {
    const z = scores.get(name) ?? [];
    expect(Math.abs(mean(z))).toBeLessThan(4 / Math.sqrt(RUNS));
    expect(Math.abs(deviation(z) - 1)).toBeLessThan(0.12);
  });

  it.each(performanceMetricNames)("%s: the 95 %% interval holds the realized metric 95 times of 100", (name) => {
    expect(Math.abs((inside.get(name) ?? 0) / RUNS - 0.95)).toBeLessThan(0.033);
  });

  it.each(performanceMetricNames)("%s: estimates of other rows scatter by the population error", (name) => {
    const drawn = estimates.get(name) ?? [];
    const ratio = deviation(drawn.map(({ value }) => value)) / mean(drawn.map(({ error }) => error));
    expect(Math.abs(ratio - 1)).toBeLessThan(0.12);
  });
});
