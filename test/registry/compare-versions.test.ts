import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import type { Contract } from "../../src/data/contract/contract.js";
import { profileOf } from "../../src/data/profile/numeric-profile.js";
import type { Profile } from "../../src/data/profile/profile.js";
import { profileAgainst, profileTable } from "../../src/data/profile/profile-table.js";
import { tableFromRecords } from "../../src/data/read/records.js";
import { compareProfiles } from "../../src/drift/index.js";
import type { ClassEvaluation } from "../../src/model/evaluate/evaluate-classes.js";
import { metricNames, type MetricSummary, type MetricValue } from "../../src/model/evaluate/metrics.js";
import { driftOfBaselines } from "../../src/registry/gates/baseline-drift.js";
import { compareMetrics, compareVersions, comparisonText } from "../../src/registry/versions/compare-versions.js";
import { diffContracts, diffRecipes } from "../../src/registry/versions/version-diff.js";
import { sampleArtifact, sampleContract, sampleRecords, sampleTable } from "../helpers/artifact.js";
import { planMetrics } from "../helpers/plans.js";

describe("compareVersions", async () => {
  const a = await sampleArtifact({ networks: 0 });

  it("finds nothing between a version and itself", () => {
    const same = compareVersions(a, a);
    expect(same).toMatchObject({
      signature: { compatible: true, changes: [] },
      contract: { added: [], removed: [], changed: [] },
      features: { derived: { added: [], removed: [], changed: [] }, blocks: { added: [], removed: [], changed: [] } },
      drift: { verdict: "stable", notCompared: [] },
      data: "same",
    });
    expect(same.metrics.every(({ better, difference }) => better === null && difference === 0)).toBe(true);
  });

  it("says what differs, as JSON and as text", () => {
    const contract: Contract = {
      ...a.contract,
      columns: a.contract.columns.map((column) =>
        column.name === "tenure" && column.kind === "number" ? { ...column, max: 99 } : column,
      ),
    };
    const [block] = a.recipe.blocks;
    const b = {
      ...a,
      contract,
      recipe: {
        ...a.recipe,
        blocks: a.recipe.blocks.slice(1),
        derived: [{ name: "per month", expression: { op: "column", name: "charges" } as const }],
      },
      baseline: profileTable(
        tableFromRecords(
          sampleContract,
          sampleRecords(400, 2).map((record) => ({ ...record, tenure: Number(record["tenure"]) + 40 })),
        ),
        { cutPoints: 16 },
      ),
      metrics: {
        ...a.metrics,
        values: {
          ...a.metrics.values,
          auc: { value: 0.9, low: 0.88, high: 0.92 },
          logLoss: { value: 0.9, low: 0.88, high: 0.92 },
        },
      },
      provenance: { ...a.provenance, dataHash: "other" },
    };
    const found = compareVersions(a, b);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    expect(found).toMatchObject({
      data: "other",
      signature: { compatible: false },
      contract: { changed: [{ path: "tenure.max", b: 99 }] },
      drift: { verdict: "drift" },
    });
    expect(found.features.blocks.removed).toEqual([`${block?.input} (${block?.kind})`]);
    expect(found.features.derived.added).toEqual(["per month"]);
    expect(found.metrics.filter(({ better }) => better !== null).map(({ metric, better }) => [metric, better])).toEqual(
      [
        ["auc", "b"],
        ["logLoss", "a"],
      ],
    );
    const lines = comparisonText(found, { a: "1.0.0", b: "2.0.0" }).split("\n");
    expect(lines).toContain(
      "  ROC AUC: 0.5000 (0.4000 to 0.7000) and 0.9000 (0.8800 to 0.9200), difference +0.4000, 2.0.0 is better",
    );
    expect(lines).toContain("signature: incompatible, 1 breaking");
    expect(lines).toContain("  breaking: tenure is to 99 now, and was without limits");
    expect(lines).toContain("  tenure.max: none -> 99");
    expect(lines.some((line) => line.startsWith("  tenure (critical): "))).toBe(true);
  });
});

describe("compareVersions of several classes", async () => {
  const a = await sampleArtifact({ networks: 0 });
  const withClasses = (classes: ClassEvaluation) => ({ ...a, metrics: { ...a.metrics, classes } });
  const better = {
    ...planMetrics,
    accuracy: { value: 1, low: 0.9, high: 1 },
    logLoss: { value: 0.1, low: 0, high: 0.2 },
    classes: planMetrics.classes.map((one) => (one.label === "basic" ? { ...one, recall: 1 } : one)),
  };

  it("compares every class that both have, and all together", () => {
    const { classes } = compareVersions(
      withClasses({ ...planMetrics, logLoss: { value: 0.5, low: 0.4, high: 0.6 } }),
      withClasses(better),
    );
    const found = new Map(classes.map((one) => [`${one.class} ${one.metric}`, one]));
    expect(found.size).toBe(16);
    expect(found.get("null logLoss")).toMatchObject({ a: 0.5, b: 0.1, better: "b" });
    expect(found.get("null accuracy")?.better).toBeNull(); // the intervals overlap
    expect(found.get("basic recall")).toMatchObject({ a: 0.5, b: 1, difference: 0.5, better: "b" });
    expect(found.get("pro recall")).toMatchObject({ a: null, b: null, difference: null, better: null });
    const text = comparisonText(compareVersions(withClasses(planMetrics), withClasses(better)));
    expect(text).toContain("  basic, recall: 0.5000 and 1.0000, difference +0.5000, b is better\n");
    expect(compareVersions(a, withClasses(better)).classes).toEqual([]);
  });
});

describe("compareMetrics", () => {
  const summary = (auc: MetricValue, logLoss: MetricValue = { value: 0.5 }): MetricSummary => ({
    rows: 10,
    positives: 5,
    threshold: 0.5,
    values: {
      ...Object.fromEntries(metricNames.map((name) => [name, { value: null }])),
      auc,
      logLoss,
    } as MetricSummary["values"],
  });
  const auc = (a: MetricValue, b: MetricValue) => compareMetrics(summary(a), summary(b))[0];

  it("calls one better only where the intervals are apart", () => {
    expect(auc({ value: 0.7, low: 0.6, high: 0.8 }, { value: 0.9, low: 0.81, high: 0.95 })).toMatchObject({
      better: "b",
      intervals: { a: [0.6, 0.8], b: [0.81, 0.95] },
    });
    expect(auc({ value: 0.7, low: 0.6, high: 0.8 }, { value: 0.85, low: 0.8, high: 0.95 })?.better).toBeNull();
    expect(auc({ value: 0.7 }, { value: 0.6 })).toMatchObject({ better: "a", intervals: { a: null, b: null } });
    expect(auc({ value: 0.7 }, { value: 0.7 })?.better).toBeNull();
    expect(auc({ value: null }, { value: 0.7 })).toMatchObject({ difference: null, better: null });
  });

  it("knows that less loss is better", () => {
    expect(
      compareMetrics(summary({ value: 0.5 }, { value: 0.6 }), summary({ value: 0.5 }, { value: 0.4 })).find(
        ({ metric }) => metric === "logLoss",
      ),
    ).toMatchObject({ better: "b" });
  });
});

describe("diffContracts and diffRecipes", () => {
  it("name columns and members", () => {
    const other: Contract = {
      ...sampleContract,
      origin: "declared",
      columns: sampleContract.columns.flatMap((column): Contract["columns"][number][] => {
        if (column.name === "tenure") return [];
        if (column.name === "plan" && column.kind === "category")
          return [{ ...column, levels: ["basic", "gold"], open: false }];
        return column.name === "since"
          ? [
              { ...column, unit: "days" },
              { ...column, name: "until" },
            ]
          : [column];
      }),
      target: { column: "churned", classes: ["No", "Yes"], positive: "No" },
    };
    expect(diffContracts(sampleContract, other)).toEqual({
      added: ["until"],
      removed: ["tenure"],
      changed: [
        { path: "since.unit", b: "days" },
        { path: "plan.levels", added: ["gold"], removed: ["plus", "toString"] },
        { path: "plan.open", a: true, b: false },
        { path: "target.positive", a: "Yes", b: "No" },
        { path: "origin", a: "inferred", b: "declared" },
      ],
    });
    const reversed = { ...sampleContract, columns: [...sampleContract.columns].reverse() };
    expect(diffContracts(sampleContract, reversed)).toEqual({ added: [], removed: [], changed: [] });
  });

  it("count blocks of the same input and kind", async () => {
    const { recipe } = await sampleArtifact({ networks: 0 });
    const [first] = recipe.blocks;
    if (first?.kind !== "numeric") throw new Error("the first block is not numeric");
    const twice = { ...recipe, blocks: [...recipe.blocks, { ...first, scale: first.scale * 2, center: 7 }] };
    expect(diffRecipes(recipe, twice).blocks.added).toEqual([`${first.input} (numeric) #2`]);
    const other = { ...recipe, blocks: [{ ...first, scale: first.scale * 2, center: 7 }, ...recipe.blocks.slice(1)] };
    expect(diffRecipes(recipe, other).blocks.changed).toEqual([
      { name: `${first.input} (numeric)`, members: ["center", "scale"] },
    ]);
  });
});

describe("driftOfBaselines", () => {
  const numbers = (values: Float64Array, cutPoints = 64): Profile => ({
    format: 1,
    rows: values.length,
    columns: [profileOf(values, "x", { cutPoints })],
  });

  it("is the comparison of the rows themselves where every value has a cut point", () => {
    const [a, b] = [
      sampleTable(500, 1),
      tableFromRecords(
        sampleContract,
        sampleRecords(500, 2).map((record) => ({
          ...record,
          plan: record["plan"] === "plus" ? "gold" : record["plan"],
        })),
      ),
    ];
    const [mine, its] = [profileTable(a, { cutPoints: 2048 }), profileTable(b, { cutPoints: 2048 })];
    const exact = compareProfiles(mine, profileAgainst(mine, b));
    const found = driftOfBaselines(mine, its);
    expect(found.columns).toEqual(
      exact.columns.map(({ name, verdict, severity, psi, message }) => ({ name, verdict, severity, psi, message })),
    );
    expect(found).toMatchObject({ verdict: exact.verdict, severity: exact.severity, message: exact.message });
    expect(found.columns.find(({ name }) => name === "plan")?.verdict).toBe("drift");
  });

  it("works for any values and cut points, and finds none in a baseline itself", () => {
    const values = fc
      .array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true, noDefaultInfinity: true })), {
        minLength: 1,
        maxLength: 200,
      })
      .map((list) => Float64Array.from(list));
    fc.assert(
      fc.property(values, values, fc.integer({ min: 2, max: 20 }), (a, b, cutPoints) => {
        const before = numbers(a, cutPoints);
        const found = driftOfBaselines(before, numbers(b, cutPoints));
        expect(found.notCompared).toEqual([]);
        expect(found.columns).toHaveLength(1);
        expect(driftOfBaselines(before, before).columns[0]?.psi ?? 0).toBe(0);
        expect(JSON.parse(JSON.stringify(found))).toEqual(found);
      }),
    );
  });

  it("is near the exact comparison for values between the cut points", () => {
    const random = uniform(1);
    const draw = (rows: number, shift: number): Float64Array =>
      Float64Array.from({ length: rows }, () => random() + random() + random() + shift);
    for (const shift of [0, 0.05, 0.2]) {
      const [a, b] = [draw(4000, 0), draw(4000, shift)];
      const reference = profileOf(a, "x", { cutPoints: 256 });
      const found = driftOfBaselines(numbers(a, 256), numbers(b, 256)).columns[0];
      const truth = compareProfiles(
        { format: 1, rows: 4000, columns: [reference] },
        profileAgainst({ format: 1, rows: 4000, columns: [reference] }, tableOf(b)),
      ).columns[0];
      expect(found?.verdict).toBe(truth?.verdict);
      expect(Math.abs((found?.psi ?? 0) - (truth?.psi ?? 0))).toBeLessThan(0.005);
    }
  });

  it("leaves out what only one of them has, or has as another kind", () => {
    const a = numbers(Float64Array.of(1, 2, 3));
    const b: Profile = {
      format: 1,
      rows: 3,
      columns: [
        { name: "x", kind: "category", missing: 0, levels: ["1"], counts: [3], other: 0, newLevels: [] },
        ...numbers(Float64Array.of(1)).columns.map((column) => ({ ...column, name: "y" })),
      ],
    };
    expect(driftOfBaselines(a, b)).toMatchObject({ columns: [], notCompared: ["x", "y"] });
  });
});

/** A table of one number column. */
function tableOf(values: Float64Array) {
  const contract: Contract = {
    format: 1,
    name: "x",
    origin: "inferred",
    columns: [
      { name: "x", kind: "number", role: "feature", integer: false, nullable: true, optional: true, missing: [] },
    ],
  };
  return tableFromRecords(
    contract,
    Array.from(values, (x) => ({ x })),
  );
}
