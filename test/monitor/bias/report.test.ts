import { describe, expect, it } from "vitest";
import { biasPolicy } from "../../../src/monitor/bias/bias-policy.js";
import type { Facet } from "../../../src/monitor/bias/facets.js";
import { biasReport, countBias, mergeBias, parseBiasCounts } from "../../../src/monitor/index.js";
import { tableOf } from "../../drift/tables.js";
import type { Table } from "../../../src/data/index.js";
import { countsOf, facetOf } from "./groups.js";

/** A table with a target "y" of the classes yes and no; null is no label. */
function labeled(columns: Parameters<typeof tableOf>[0], y: readonly (string | null)[]): Table {
  const table = tableOf({ ...columns, y }, { y: "target" });
  return {
    ...table,
    contract: { ...table.contract, target: { column: "y", positive: "yes", classes: ["no", "yes"] } },
  };
}

const table = labeled({ plan: ["a", "a", "b", "b", "b", null, "c", "a"], age: [20, 30, 40, 50, 60, 70, null, 65] }, [
  "yes",
  "no",
  "yes",
  "no",
  null,
  "yes",
  "no",
  "yes",
]);
const probabilities = Float64Array.of(0.9, 0.6, 0.2, 0.1, 0.8, 0.7, 0.3, 0.4);
const count = (facets: readonly Facet[], more: object = {}) =>
  countBias(table, { facets, probabilities, threshold: 0.5, ...more });
const group = (facets: readonly Facet[], more: object = {}) => count(facets, more).facets[0];

describe("countBias", () => {
  it("counts each level against all others who have a value", () => {
    const { facets, missing, rows } = count([{ column: "plan" }]);
    expect(rows).toBe(8);
    expect(missing).toEqual([{ column: "plan", rows: 1 }]);
    expect(facets.map((facet) => facet.group)).toEqual(["a", "b", "c"]);
    expect(facets[1]).toMatchObject({
      against: "others",
      disadvantaged: {
        truePositives: 0,
        falsePositives: 0,
        falseNegatives: 1,
        trueNegatives: 1,
        calledPositive: 1,
        calledNegative: 0,
      },
      advantaged: { truePositives: 1, falsePositives: 1, falseNegatives: 1, trueNegatives: 1, calledPositive: 0 },
    });
  });

  it("takes named levels, a reference group and ranges", () => {
    expect(group([{ column: "plan", groups: ["b"], reference: "a" }])).toMatchObject({
      against: "a",
      advantaged: { trueNegatives: 0, falsePositives: 1 },
    });
    const range = group([{ column: "age", groups: [{ from: 60 }], reference: { from: 18, to: 40 } }]);
    expect(range).toMatchObject({
      group: "[60, )",
      against: "[18, 40)",
      disadvantaged: { truePositives: 1, falseNegatives: 1, calledPositive: 1 },
      advantaged: { truePositives: 1, falsePositives: 1 },
    });
    expect(count([{ column: "age", groups: [{ to: 30 }] }]).missing).toEqual([{ column: "age", rows: 1 }]);
    expect(group([{ column: "plan", groups: ["never met"] }])?.disadvantaged.truePositives).toBe(0);
  });

  it("without labels or probabilities counts what is known", () => {
    const unscored = countBias(table, { facets: [{ column: "plan", groups: ["a"] }] });
    expect(unscored.threshold).toBeNull();
    expect(unscored.facets[0]?.disadvantaged).toMatchObject({ positives: 2, negatives: 1, truePositives: 0 });
    const values = biasReport(unscored).groups[0]?.metrics ?? [];
    expect(values.find(({ metric }) => metric === "DPL")?.value).toBeCloseTo(1 / 3 - 2 / 3, 12);
    expect(values.find(({ metric }) => metric === "DPPL")).toMatchObject({
      value: null,
      reason: "The advantaged group has no such rows.",
    });
    const bare = { ...table, contract: tableOf({ plan: ["a"] }).contract };
    expect(
      countBias(bare, { facets: [{ column: "plan", groups: ["a"] }], probabilities, threshold: 0.5 }).facets[0]
        ?.disadvantaged,
    ).toMatchObject({ calledPositive: 2, calledNegative: 1 });
  });

  it("turns outcomes round where the negative one is the good one", () => {
    const plain = group([{ column: "plan", groups: ["a"] }])?.disadvantaged;
    const turned = group([{ column: "plan", groups: ["a"] }], { favorable: "negative" })?.disadvantaged;
    expect(turned).toMatchObject({
      truePositives: plain?.trueNegatives,
      falsePositives: plain?.falseNegatives,
      trueNegatives: plain?.truePositives,
    });
  });

  it("compares booleans by the names true and false", () => {
    const flags = tableOf({ senior: Float64Array.of(1, 0, 0, Number.NaN) });
    const columns = flags.contract.columns.map((column) => ({
      ...column,
      kind: "boolean",
      trueValues: [],
      falseValues: [],
    })) as unknown as typeof flags.contract.columns;
    const counts = countBias(
      { ...flags, contract: { ...flags.contract, columns } },
      { facets: [{ column: "senior" }] },
    );
    expect(counts.facets.map(({ group }) => group)).toEqual(["false", "true"]);
    expect(counts.missing[0]?.rows).toBe(1);
  });

  it("merges to the whole and survives JSON", () => {
    const facets = [
      { column: "plan", groups: ["a", "b"] },
      { column: "age", groups: [{ from: 40 }] },
    ];
    const half = (from: number): Table => {
      const keep = [0, 1, 2, 3].map((i) => from + i);
      const columns = new Map(
        [...table.columns].map(([name, data]) => [
          name,
          data.storage === "coded"
            ? { ...data, codes: Int32Array.from(keep, (i) => data.codes[i] as number) }
            : { ...data, values: Float64Array.from(keep, (i) => data.values[i] as number) },
        ]),
      );
      return { ...table, rows: 4, columns };
    };
    const part = (from: number) =>
      countBias(half(from), { facets, probabilities: probabilities.slice(from, from + 4), threshold: 0.5 });
    const whole = count(facets);
    expect(mergeBias(part(0), part(4))).toEqual(whole);
    expect(mergeBias(part(4), part(0))).toEqual(whole);
    expect(parseBiasCounts(JSON.parse(JSON.stringify(whole)))).toEqual(whole);
    expect(() => mergeBias(whole, count([{ column: "plan", groups: ["a"] }]))).toThrow(
      expect.objectContaining({ code: "CONTRACT_MISMATCH" }) as Error,
    );
  });

  it.each<[string, readonly Facet[], object]>([
    ["OPTION_INVALID", [], {}],
    ["OPTION_INVALID", [{ column: "none" }], {}],
    ["OPTION_INVALID", [{ column: "__proto__" }], {}],
    ["OPTION_INVALID", [{ column: "age" }], {}],
    ["OPTION_INVALID", [{ column: "age", groups: ["old"] }], {}],
    ["OPTION_INVALID", [{ column: "age", groups: [{ from: 5, to: 5 }] }], {}],
    ["OPTION_INVALID", [{ column: "age", groups: [{}] }], {}],
    ["OPTION_INVALID", [{ column: "age", groups: [{ from: Number.NaN }] }], {}],
    ["OPTION_INVALID", [{ column: "plan", groups: [{ from: 5 }] }], {}],
    ["OPTION_INVALID", [{ column: "plan", groups: [] }], {}],
    ["OPTION_INVALID", [{ column: "plan", groups: ["a", "a"] }], {}],
    ["OPTION_INVALID", [{ column: "plan" }], { threshold: undefined }],
    ["OPTION_INVALID", [{ column: "plan" }], { threshold: 3 }],
    ["OPTION_INVALID", [{ column: "plan" }], { probabilities: new Float64Array(3) }],
    ["OPTION_INVALID", [{ column: "plan" }], { favorable: "good" }],
    ["VALUE_INVALID", [{ column: "plan" }], { probabilities: new Float64Array(8).fill(2) }],
  ])("%s for %j", (code, facets, more) => {
    expect(() => count(facets, more)).toThrow(expect.objectContaining({ code }) as Error);
  });

  it("refuses malformed JSON", () => {
    const good = countsOf(facetOf([1, 2, 3, 4], [1, 2, 3, 4]));
    const facet = good.facets[0];
    const bad: unknown[] = [
      null,
      [],
      "x",
      { ...good, format: 2 },
      { ...good, favorable: "x" },
      { ...good, threshold: 2 },
      { ...good, facets: {} },
    ];
    bad.push(
      { ...good, facets: [null] },
      { ...good, facets: [{ ...facet, advantaged: { ...facet?.advantaged, truePositives: -1 } }] },
    );
    bad.push({ ...good, facets: [{ ...facet, column: 3 }] }, { ...good, missing: [{}] }, { ...good, rows: 0.5 });
    for (const value of bad)
      expect(() => parseBiasCounts(value)).toThrow(expect.objectContaining({ code: "INPUT_MALFORMED" }) as Error);
  });
});

describe("biasReport", () => {
  const verdictOf = (d: readonly number[], a: readonly number[]) => biasReport(countsOf(facetOf(d, a)));
  const metric = (report: ReturnType<typeof biasReport>, name: string) =>
    report.groups[0]?.metrics.find((each) => each.metric === name);

  it("is violated where the interval lies outside the range: the four-fifths rule", () => {
    const report = verdictOf([200, 100, 100, 600], [400, 200, 100, 300]);
    expect(metric(report, "DI")).toMatchObject({
      value: 0.5,
      allowed: [0.8, 1.25],
      verdict: "violated",
      severity: "critical",
    });
    expect(report).toMatchObject({ verdict: "violated", severity: "critical" });
    expect(report.message).toContain("DI 0.5");
    expect(metric(report, "KL")).toMatchObject({ allowed: null, verdict: null, severity: "none" });
  });

  it("warns where the value is outside but few rows leave it open", () => {
    const report = verdictOf([4, 2, 2, 12], [8, 4, 2, 6]);
    expect(metric(report, "DI")).toMatchObject({ verdict: "insufficient", severity: "warning" });
    expect(report).toMatchObject({ verdict: "insufficient", severity: "warning" });
  });

  it("is met where all intervals lie inside, with enough rows", () => {
    const cells = [2000, 1000, 1000, 6000];
    expect(verdictOf(cells, cells)).toMatchObject({ verdict: "met", severity: "none" });
    expect(verdictOf([], cells)).toMatchObject({ verdict: "insufficient", severity: "none" });
    expect(biasReport(countsOf())).toMatchObject({ verdict: "insufficient", groups: [] });
  });

  it("has wider intervals at more confidence", () => {
    const counts = countsOf(facetOf([20, 10, 10, 60], [40, 20, 10, 30]));
    const width = (confidence: number): number => {
      const value = biasReport(counts, { policy: { confidence } }).groups[0]?.metrics.find(
        (each) => each.metric === "DPPL",
      );
      return (value?.high ?? 0) - (value?.low ?? 0);
    };
    expect(width(0.99)).toBeGreaterThan(width(0.9) * 1.4);
  });

  it.each([
    { confidence: 1 },
    { alpha: 0 },
    { allowed: { XX: [0, 1] } as never },
    { allowed: { DI: [2, 1] as const } },
    { change: { warning: 2, critical: 1 } },
  ])("OPTION_INVALID for %j", (policy) => {
    expect(() => biasPolicy(policy)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
  });
});
