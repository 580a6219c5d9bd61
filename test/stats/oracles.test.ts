import { describe, expect, it } from "vitest";
import { sortedValues } from "../../src/stats/ranks/sort.js";
import { benjaminiHochberg } from "../../src/stats/hypothesis/adjust.js";
import { chiSquareHomogeneity } from "../../src/stats/hypothesis/chi-square.js";
import {
  countBetween,
  hellinger,
  jensenShannon,
  psi,
  psiOfSamples,
  quantileEdges,
  totalVariation,
  type ZeroRule,
} from "../../src/stats/distances/divergence.js";
import { ksExactTail, ksLimitTail, ksStatistic } from "../../src/stats/hypothesis/kolmogorov-smirnov.js";
import { twoProportions } from "../../src/stats/hypothesis/proportions.js";
import { chiSquareTail, kolmogorovTail, normalTwoSidedTail, type Tail } from "../../src/stats/special.js";
import { wassersteinDistance } from "../../src/stats/distances/wasserstein.js";
import { oracleSample } from "../helpers/oracle-inputs.js";
import { oracleCases, oracleNumber } from "../helpers/shared.js";

/** The oracle's tolerance for statistics: relative 1e-9, absolute 1e-12. */
function near(actual: number | undefined, expected: unknown): void {
  const value = oracleNumber(expected);
  if (!Number.isFinite(value)) return expect(actual).toBe(value);
  expect(Math.abs((actual ?? Number.NaN) - value)).toBeLessThanOrEqual(1e-12 + 1e-9 * Math.abs(value));
}

/** For p-values: relative 1e-7 above 1e-290, else log10 p within relative 1e-6. */
function nearTail(actual: Tail | undefined, p: unknown, log10p: unknown): void {
  const value = oracleNumber(p);
  const log = oracleNumber(log10p);
  if (value > 1e-290) expect(Math.abs((actual?.p ?? Number.NaN) / value - 1)).toBeLessThanOrEqual(1e-7);
  expect(Math.abs((actual?.log10p ?? Number.NaN) - log)).toBeLessThanOrEqual(1e-6 * Math.abs(log) + 1e-15);
}

const sample = (spec: unknown): Float64Array => sortedValues(oracleSample(spec));
const counts = (value: unknown): number[] => (value as unknown[]).map(oracleNumber);
const cases = (fn: string): [string, { in: Record<string, unknown>; out: Record<string, unknown> }][] =>
  oracleCases(fn).map((entry) => [entry.id, entry]);

describe("statistics equal scipy's", () => {
  it.each(cases("ks2"))("%s", (_, { in: input, out }) => {
    const a = sample(input["a"]);
    const b = sample(input["b"]);
    const result = ksStatistic(a, b);
    if (out["undefined"] === true) return expect(result).toBeUndefined();
    if (result === undefined) throw new Error("no statistic");
    near(result.statistic, out["statistic"]);
    nearTail(ksLimitTail(result), out["pLimit"], out["log10pLimit"]);
    if (out["pExact"] !== undefined) {
      const exact = oracleNumber(out["pExact"]);
      nearTail(ksExactTail(result), exact, Math.log10(exact));
    }
  });

  it.each(cases("chi2c"))("%s", (_, { in: input, out }) => {
    const table = (input["table"] as unknown[]).map(counts);
    const result = chiSquareHomogeneity(table, { correction: input["correction"] === true });
    if (out["undefined"] === true) return expect(result).toBeUndefined();
    near(result?.statistic, out["statistic"]);
    expect(result?.degreesOfFreedom).toBe(out["dof"]);
    if (out["degenerate"] === true) return expect(result?.p).toBe(1);
    near(result?.cramersV, out["cramersV"]);
    near(result?.minExpected, out["minExpected"]);
    nearTail(result, out["pvalue"], out["log10p"]);
  });

  it.each(cases("psiCounts"))("%s", (_, { in: input, out }) =>
    near(psi(counts(input["ref"]), counts(input["cur"]), input["smoothing"] as ZeroRule), out["psi"]),
  );

  it.each(cases("psiSamples").filter(([, entry]) => entry.in["method"] === "quantile"))(
    "%s",
    (_, { in: input, out }) => {
      const a = sample(input["a"]);
      const b = sample(input["b"]);
      const bins = oracleNumber(input["bins"]);
      const edges = quantileEdges(a, bins);
      edges.forEach((edge, i) => near(edge, (out["edges"] as unknown[])[i]));
      expect(countBetween(b, edges)).toEqual(out["curCounts"]);
      near(psiOfSamples(a, b, { bins, zeros: input["smoothing"] as ZeroRule }), out["psi"]);
    },
  );

  it.each(cases("jsCounts"))("%s", (_, { in: input, out }) => {
    const divergence = jensenShannon(counts(input["ref"]), counts(input["cur"])) ?? Number.NaN;
    near(divergence, out["divergenceNats"]);
    if (divergence > 1e-12) near(Math.sqrt(divergence / Math.LN2), out["distanceBits"]);
  });

  it.each(cases("hellinger"))("%s", (_, { in: input, out }) => {
    near(hellinger(counts(input["ref"]), counts(input["cur"])), out["hellinger"]);
    near(totalVariation(counts(input["ref"]), counts(input["cur"])), out["tvd"]);
  });

  it.each(cases("wasserstein"))("%s", (_, { in: input, out }) =>
    near(wassersteinDistance(sample(input["a"]), sample(input["b"])), out["distance"]),
  );

  it.each(cases("z2"))("%s", (_, { in: input, out }) => {
    const [x1, n1, x2, n2] = ["x1", "n1", "x2", "n2"].map((key) => oracleNumber(input[key]));
    const result = twoProportions(x1 ?? 0, n1 ?? 0, x2 ?? 0, n2 ?? 0);
    near(result?.z, out["z"]);
    near(result?.difference, out["diff"]);
    nearTail(result, out["pvalue"], out["log10p"] ?? 0);
  });

  it.each(cases("sf"))("%s", (_, { in: input, out }) => {
    const x = oracleNumber(input["x"]);
    const tails: Record<string, () => Tail> = {
      chi2: () => chiSquareTail(x, oracleNumber(input["df"])),
      norm2: () => normalTwoSidedTail(x),
      kolmogorov: () => kolmogorovTail(x),
    };
    nearTail(tails[input["dist"] as string]?.(), out["sf"], out["log10sf"]);
  });

  it.each(cases("adjust"))("%s", (_, { in: input, out }) =>
    benjaminiHochberg(counts(input["p"])).forEach((p, i) => near(p, (out["bh"] as unknown[])[i])),
  );
});
