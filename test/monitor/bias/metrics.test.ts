import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wilson } from "../../../src/monitor/bias/intervals.js";
import { biasMetricNames, biasMetrics, type BiasMetric } from "../../../src/monitor/bias/bias-metrics.js";
import { biasReport } from "../../../src/monitor/index.js";
import { measureBias, quantilesFor } from "../../../src/monitor/bias/bias-report.js";
import { oracleCases, oracleNumber } from "../../helpers/shared.js";
import { countsOf, drawCells, facetOf } from "./groups.js";
import { budget } from "../../helpers/budget.js";

const z95 = quantilesFor(0.05);
const valueOf = (metric: BiasMetric, d: readonly number[], a: readonly number[]): number | string => {
  const found = measureBias(facetOf(d, a), metric, z95);
  return typeof found === "string" ? found : found.value;
};

describe("metrics by hand", () => {
  // d: 50 rows, 20 positive, 15 called; a: 100 rows, 50 positive, 55 called.
  const d = [10, 5, 10, 25];
  const a = [40, 15, 10, 35];
  const [qa, qd] = [0.5, 0.4];
  const kl = (p: number, q: number): number => p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
  const expected: Record<BiasMetric, number> = {
    CI: 50 / 150,
    DPL: 0.1,
    KL: kl(qa, qd),
    JS: (kl(qa, 0.45) + kl(qd, 0.45)) / 2,
    LP: 0.1 * Math.SQRT2,
    TVD: 0.1,
    KS: 0.1,
    DPPL: 55 / 100 - 15 / 50,
    DI: 15 / 50 / (55 / 100),
    DCAcc: 50 / 55 - 20 / 15,
    DCR: 30 / 35 - 50 / 45,
    RD: 40 / 50 - 10 / 20,
    SD: 25 / 30 - 35 / 50,
    DAR: 40 / 55 - 10 / 15,
    DRR: 25 / 35 - 35 / 45,
    AD: 0.75 - 0.7,
    TE: 10 / 5 - 10 / 15,
    EO: Math.max(40 / 50 - 10 / 20, Math.abs(15 / 50 - 5 / 30)),
  };
  it.each(biasMetricNames)("%s", (metric) => expect(valueOf(metric, d, a)).toBeCloseTo(expected[metric], 12));
});

describe("divergences equal the oracle's", () => {
  const twoBins = (fn: string) =>
    oracleCases(fn)
      .filter((entry) => (entry.in["ref"] as unknown[]).length === 2)
      .map((entry) => [entry.id, entry.in["ref"] as number[], entry.in["cur"] as number[], entry.out] as const);
  const labeled = ([positives = 0, negatives = 0]: readonly number[]): number[] => [positives, 0, 0, negatives];
  const near = (value: number | string, expected: unknown): void => {
    expect(Math.abs(Number(value) - oracleNumber(expected))).toBeLessThanOrEqual(
      1e-12 + 1e-9 * Math.abs(oracleNumber(expected)),
    );
  };
  it.each(twoBins("jsCounts"))("%s", (_, ref, cur, out) =>
    near(valueOf("JS", labeled(cur), labeled(ref)), out["divergenceNats"]),
  );
  it.each(twoBins("klCounts").filter(([, ref, cur]) => ![...ref, ...cur].includes(0)))("%s", (_, ref, cur, out) =>
    near(valueOf("KL", labeled(cur), labeled(ref)), out["klRefCur"]),
  );
  it.each(twoBins("hellinger"))("tvd of %s", (_, ref, cur, out) =>
    near(valueOf("TVD", labeled(cur), labeled(ref)), out["tvd"]),
  );
  it.each(oracleCases("z2").map((entry) => [entry.id, entry] as const))("difference of %s", (_, { in: input, out }) => {
    const [x1 = 0, n1 = 0, x2 = 0, n2 = 0] = ["x1", "n1", "x2", "n2"].map((key) => oracleNumber(input[key]));
    if (n1 > 0 && n2 > 0) near(valueOf("DPL", labeled([x2, n2 - x2]), labeled([x1, n1 - x1])), out["diff"]);
  });
});

describe("intervals", () => {
  it("Wilson's: the published example, 81 of 263", () => {
    const { low, high } = wilson({ successes: 81, trials: 263 }, z95.one);
    expect(low).toBeCloseTo(0.2553, 4);
    expect(high).toBeCloseTo(0.3662, 4);
  });

  it("Newcombe's: his example 56/70 - 48/80 gives 0.0524 to 0.3339", () => {
    const found = measureBias(facetOf([48, 0, 32, 0], [56, 0, 14, 0]), "RD", z95);
    expect(found).toMatchObject({
      value: expect.closeTo(0.2, 10) as number,
      low: expect.closeTo(0.0524, 4) as number,
      high: expect.closeTo(0.3339, 4) as number,
    });
  });

  it("of small groups stay wide: groups of one, none called, all called", () => {
    const found = measureBias(facetOf([1, 0, 0, 0], [0, 0, 0, 1]), "DPPL", z95);
    expect(found).toMatchObject({ value: -1, low: -1 });
    expect(typeof found === "string" ? 0 : found.high).toBeGreaterThan(-0.2);
    const none = measureBias(facetOf([0, 0, 10, 10], [5, 5, 5, 5]), "DI", z95);
    expect(none).toMatchObject({ value: 0, low: 0 });
    expect(typeof none === "string" ? 0 : none.high).toBeGreaterThan(0.2);
  });

  const d = [0.12, 0.18, 0.13, 0.57];
  const a = [0.2, 0.15, 0.1, 0.55];
  const truth = (metric: BiasMetric): number =>
    Number(
      valueOf(
        metric,
        d.map((x) => x * 1e6),
        a.map((x) => x * 1e6),
      ),
    );
  const RUNS = 500;
  it.each(biasMetricNames.filter((metric) => metric !== "CI"))("%s: holds the truth in 95 %% of the runs", (metric) => {
    let held = 0;
    for (let run = 0; run < RUNS; run++) {
      const found = measureBias(facetOf(drawCells(150, d, 2 * run), drawCells(250, a, 2 * run + 1)), metric, z95);
      const actual = truth(metric);
      if (typeof found !== "string" && found.low <= actual && actual <= found.high) held++;
    }
    // 500 runs: one standard error is 1 %; the rectangle's and Bonferroni's are conservative by design.
    expect(held / RUNS).toBeGreaterThan(0.925);
    const conservative = /rectangle|Bonferroni/.test(biasMetrics[metric].interval);
    if (!conservative) expect(held / RUNS).toBeLessThan(0.985);
  });

  it("of any counts: value between its ends, within the metric's range, JSON without NaN", () => {
    const cell = fc.oneof(fc.constant(0), fc.nat(3), fc.nat(2000));
    const group = fc.tuple(cell, cell, cell, cell);
    fc.assert(
      fc.property(group, group, fc.tuple(cell, cell, cell, cell, cell), (x, y, more) => {
        const report = biasReport(countsOf(facetOf([...x, ...more], y), facetOf(y, x, "e")));
        expect(JSON.parse(JSON.stringify(report))).toEqual(report);
        for (const { metrics } of report.groups) {
          for (const { metric, value, low, high, reason } of metrics) {
            expect(value === null).toBe(reason !== null);
            if (value === null) continue;
            const [least, most] = biasMetrics[metric].range;
            expect(low ?? -Infinity, metric).toBeLessThanOrEqual(value + 1e-9);
            expect(high ?? Infinity, metric).toBeGreaterThanOrEqual(value - 1e-9);
            expect(value).toBeGreaterThanOrEqual((least ?? -Infinity) - 1e-12);
            expect(value).toBeLessThanOrEqual((most ?? Infinity) + 1e-12);
          }
        }
      }),
      { numRuns: budget(500) },
    );
  });

  it("grow narrower with the rows, and are neutral for equal groups", () => {
    for (const metric of biasMetricNames) {
      if (metric === "CI") continue;
      const widths = [1, 100].map((times) => {
        const cells = [20, 30, 25, 125].map((count) => count * times);
        const found = measureBias(facetOf(cells, cells), metric, z95);
        if (typeof found === "string") throw new Error(found);
        expect(found.value).toBeCloseTo(biasMetrics[metric].neutral, 12);
        return found.high - found.low;
      });
      expect(widths[1]).toBeLessThan((widths[0] ?? 0) / 5);
    }
  });
});

describe("what has no value", () => {
  it.each<[BiasMetric, readonly number[], readonly number[], string]>([
    ["CI", [], [], "There are no rows in either group."],
    ["DPL", [], [1, 1, 1, 1], "The disadvantaged group has no such rows."],
    ["DPPL", [1, 1, 1, 1], [], "The advantaged group has no such rows."],
    ["DI", [1, 1, 1, 1], [0, 0, 3, 4], "Nobody in the advantaged group is predicted positive."],
    ["RD", [0, 1, 0, 5], [1, 1, 1, 1], "The disadvantaged group has no such rows."],
    ["TE", [1, 0, 2, 1], [1, 1, 1, 1], "The disadvantaged group has no false positives."],
    ["DCAcc", [0, 0, 2, 1], [1, 1, 1, 1], "Nobody in the disadvantaged group gets this prediction."],
    ["KL", [0, 0, 0, 5], [1, 1, 1, 1], "An outcome of the advantaged group never occurs in the disadvantaged one."],
    ["EO", [1, 0, 1, 0], [1, 1, 1, 1], "The disadvantaged group has no such rows."],
  ])("%s: null with the reason", (metric, d, a, reason) => expect(valueOf(metric, d, a)).toBe(reason));
});
