import { beforeAll, describe, expect, it } from "vitest";
import type { SyntheticCustomer } from "../../src/data/synthetic.js";
import { driftPolicy } from "../../src/drift/policy.js";
import { constraintChecks } from "../../src/monitor/model-monitor/violations.js";
import type { Tally } from "../../src/monitor/counting/tally.js";
import {
  constraintsJson,
  constraintViolations,
  createMonitor,
  parseConstraints,
  policyOfConstraints,
  statisticsJson,
  type MonitorConstraints,
} from "../../src/monitor/index.js";
import { customers, feed, predictionsOf, start, watchedModel, type Watched } from "./watched.js";

let watched: Watched;
beforeAll(async () => {
  watched = await watchedModel();
});

function tallyOf(change: (record: SyntheticCustomer, i: number) => SyntheticCustomer = (record) => record): Tally {
  const monitor = createMonitor(watched.baseline, { period: "day" });
  feed(monitor, predictionsOf(watched, customers(1500).map(change), 1000, start));
  const [period] = monitor.snapshot().periods;
  if (period === undefined) throw new Error("nothing was counted");
  return period.tally;
}

describe("statistics.json", () => {
  it("has Model Monitor's members, and figures that are right", () => {
    const records = customers(1500);
    const { version, dataset, features } = statisticsJson(watched.baseline, tallyOf());
    expect([version, dataset]).toEqual([0, { item_count: 1500 }]);
    expect(features.map(({ name }) => name)).not.toContain("churn");
    const age = features.find(({ name }) => name === "age")?.numerical_statistics;
    const ages = records.map((record) => Number(record["age"]));
    const mean = ages.reduce((sum, value) => sum + value, 0) / ages.length;
    expect(age).toMatchObject({
      common: { num_present: 1500, num_missing: 0 },
      min: Math.min(...ages),
      max: Math.max(...ages),
    });
    expect(age?.mean).toBeCloseTo(mean, 9);
    expect(age?.sum).toBeCloseTo(1500 * mean, 6);
    expect(age?.std_dev).toBeCloseTo(
      Math.sqrt(ages.reduce((sum, value) => sum + (value - mean) ** 2, 0) / ages.length),
      9,
    );
    const satisfaction = features.find(({ name }) => name === "satisfaction")?.numerical_statistics?.common;
    expect(satisfaction?.num_missing).toBe(records.filter((record) => record["satisfaction"] === null).length);
    const plan = features.find(({ name }) => name === "plan");
    expect(plan).toMatchObject({
      inferred_type: "String",
      string_statistics: { distinct_count: 3, common: { num_present: 1500 } },
    });
    expect(plan?.string_statistics?.distribution.categorical.buckets).toContainEqual({
      value: "Premium",
      count: records.filter((record) => record["plan"] === "Premium").length,
    });
    expect(features.find(({ name }) => name === "age")?.inferred_type).toBe("Integral");
    expect(features.find(({ name }) => name === "mobileGb")?.inferred_type).toBe("Fractional");
  });

  it("distributes values over ten buckets and a sketch that add up, close to the truth", () => {
    const records = customers(1500);
    for (const { name, numerical_statistics: found } of statisticsJson(watched.baseline, tallyOf()).features) {
      if (found === undefined) continue;
      const { buckets, sketch } = found.distribution.kll;
      const n = found.common.num_present;
      expect(buckets).toHaveLength(10);
      expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(n);
      expect(sketch.data.reduce((sum, items, level) => sum + items.length * 2 ** level, 0)).toBe(n);
      if (!["monthlyCharges", "tenureMonths"].includes(name)) continue;
      const values = records.map((record) => Number(record[name]));
      let below = 0;
      for (const { upper_bound, count } of buckets) {
        below += count;
        expect(Math.abs(below - values.filter((value) => value <= upper_bound).length) / n).toBeLessThan(0.02);
      }
      const items = sketch.data[sketch.data.length - 1] ?? [];
      expect(items.every((value, i) => i === 0 || value >= (items[i - 1] ?? 0))).toBe(true);
    }
  });

  it("of the baseline itself, and of a column without values, hold no NaN", () => {
    const empty = tallyOf((record) => ({ ...record, satisfaction: null }));
    for (const statistics of [statisticsJson(watched.baseline), statisticsJson(watched.baseline, empty)]) {
      expect(JSON.parse(JSON.stringify(statistics))).toEqual(statistics);
    }
  });
});

describe("constraints.json", () => {
  it("is read back as it was written", () => {
    const constraints = constraintsJson(watched.baseline);
    expect(parseConstraints(JSON.parse(JSON.stringify(constraints)))).toEqual(constraints);
    expect(constraints.features.find(({ name }) => name === "plan")).toMatchObject({
      inferred_type: "String",
      completeness: 1,
      string_constraints: { domains: ["Basic", "Standard", "Premium"] },
    });
    expect(constraints.features.find(({ name }) => name === "age")).toMatchObject({
      num_constraints: { is_non_negative: true },
    });
  });

  it("holds texts to no numbers: their profile is of lengths", () => {
    const { baseline } = watched;
    const columns = baseline.contract.columns.map((column) =>
      column.name === "age"
        ? ({ name: "age", role: "feature", nullable: false, optional: false, missing: [], kind: "text" } as const)
        : column,
    );
    const { features } = constraintsJson({ ...baseline, contract: { ...baseline.contract, columns } });
    expect(features.find(({ name }) => name === "age")).toEqual({
      name: "age",
      inferred_type: "String",
      completeness: 1,
    });
  });

  it("as Model Monitor writes it becomes a policy", () => {
    const written = {
      version: 0.0,
      features: [
        { name: "age", inferred_type: "Integral", completeness: 1.0, num_constraints: { is_non_negative: true } },
      ],
      monitoring_config: {
        evaluate_constraints: "Enabled",
        emit_metrics: "Enabled",
        datatype_check_threshold: 1.0,
        domain_content_threshold: 0.98,
        distribution_constraints: {
          perform_comparison: "Enabled",
          comparison_threshold: 0.1,
          comparison_method: "Robust",
        },
      },
    };
    const constraints = parseConstraints(written);
    const policy = driftPolicy(policyOfConstraints(constraints));
    expect(policy).toMatchObject({
      distribution: { warning: 0.1, critical: 0.2 },
      psi: false,
      rejected: { warning: 0 },
    });
    expect(policy.newLevels).toMatchObject({ warning: expect.closeTo(0.02, 9) as number });
    expect(parseConstraints({ features: [{ name: "a", monitoringConfigOverrides: {} }] }).features).toEqual([
      { name: "a", inferred_type: "Unknown" },
    ]);
    expect(parseConstraints({ features: [] }).monitoring_config.distribution_constraints).toMatchObject({
      comparison_threshold: 0.1,
    });
    const off = { ...written, monitoring_config: { distribution_constraints: { perform_comparison: "Disabled" } } };
    expect(driftPolicy(policyOfConstraints(parseConstraints(off))).distribution).toBe(false);
  });

  it.each([
    [null],
    [{}],
    [{ features: [{}] }],
    [{ features: [{ name: "a", completeness: 2 }] }],
    [{ features: [], monitoring_config: { evaluate_constraints: "Yes" } }],
    [{ features: [{ name: "a", monitoringConfigOverrides: { datatype_check_threshold: 0.5 } }] }],
  ])("that is broken is refused: %j", (broken) =>
    expect(() => parseConstraints(broken)).toThrow(expect.objectContaining({ code: "INPUT_MALFORMED" })),
  );
});

describe("constraint_violations.json", () => {
  const violationsOf = (
    change: Parameters<typeof tallyOf>[0],
    constraints = constraintsJson(watched.baseline),
  ): string[] =>
    constraintViolations(constraints, watched.baseline, tallyOf(change)).violations.map(
      ({ feature_name, constraint_check_type }) => `${constraint_check_type} ${feature_name}`,
    );

  it("is empty for unchanged data", () => expect(violationsOf(undefined)).toEqual([]));

  it("finds each kind of violation", () => {
    const set =
      (values: Record<string, unknown>, share = 3) =>
      (record: SyntheticCustomer, i: number) =>
        ({ ...record, ...(i % share === 0 ? values : {}) }) as SyntheticCustomer;
    expect(violationsOf(set({ age: "many" }))).toContain("data_type_check age");
    expect(violationsOf(set({ age: null }))).toContain("completeness_check age");
    expect(violationsOf(set({ satisfaction: null }, 2))).toContain("completeness_check satisfaction");
    expect(violationsOf(set({ satisfaction: null }, 1))).toContain("missing_column_check satisfaction");
    expect(violationsOf(set({ plan: "Gold" }))).toContain("categorical_values_check plan");
    expect(violationsOf(set({ monthlyCharges: 300 }))).toContain("baseline_drift_check monthlyCharges");
    expect(violationsOf(set({ plan: "Basic" }))).toContain("baseline_drift_check plan");
    expect(violationsOf(set({ color: "blue" }))).toContain("extra_column_check color");
    expect(constraintChecks).toHaveLength(6);
  });

  it("is empty where the constraints are switched off", () => {
    const constraints = constraintsJson(watched.baseline);
    const off: MonitorConstraints = {
      ...constraints,
      monitoring_config: { ...constraints.monitoring_config, evaluate_constraints: "Disabled" },
    };
    expect(violationsOf((record) => ({ ...record, age: 100 }), off)).toEqual([]);
  });
});
