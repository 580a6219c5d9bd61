import { posix } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../src/base/errors.js";
import { aliasMoved } from "../../../src/registry/versions/aliases.js";
import { trackedLabels } from "../../../src/model/evaluate/flat-metrics.js";
import { checkMlflowLabels } from "../../../src/registry/backends/mlflow/labels.js";
import { fittingName, logBatches } from "../../../src/io/mlflow/index.js";
import { runMetrics, runParameters } from "../../../src/registry/backends/mlflow/run-values.js";
import { checkName } from "../../../src/tracking/runs/checks.js";
import { readAlias, writeTrail } from "../../../src/registry/backends/mlflow/trail.js";
import type { AliasEntry, VersionDraft } from "../../../src/registry/registry-state.js";
import { budget } from "../../helpers/budget.js";
import { planMetrics } from "../../helpers/plans.js";

const fail = (file: string, what: string): ChurnkitError => new ChurnkitError("REGISTRY_CORRUPT", `${file} ${what}`);

describe("the trail of an alias", () => {
  it("is that of the last move that was finished, whenever a move is killed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ to: fc.integer({ min: 1, max: 5 }), killed: fc.boolean() }), { maxLength: 40 }),
        (moves) => {
          let alias: number | undefined;
          let tag: string | undefined;
          let expected: AliasEntry | undefined;
          for (const { to, killed } of moves) {
            const present = alias === undefined ? undefined : readAlias("champion", alias, tag, fail);
            const next = aliasMoved(present, "champion", to);
            tag = writeTrail(next, present);
            if (killed && to !== alias) continue;
            alias = to;
            expected = aliasMoved(expected, "champion", to);
          }
          expect(alias === undefined ? undefined : readAlias("champion", alias, tag, fail)).toEqual(expected);
        },
      ),
    );
  });

  it("goes on from where somebody moved it in MLflow", () => {
    const tag = writeTrail(
      { alias: "champion", version: 2, former: [1] },
      { alias: "champion", version: 1, former: [] },
    );
    expect(readAlias("champion", 7, tag, fail)).toEqual({ alias: "champion", version: 7, former: [2, 1] });
    expect(readAlias("champion", 7, undefined, fail)).toEqual({ alias: "champion", version: 7, former: [] });
  });

  it.each(["", "{}", "[1]", '[["1"]]', "[[0]]", "[[1.5]]", "[[1],[1],[1]]"])("is refused when it is %j", (tag) => {
    expect(() => readAlias("champion", 1, tag, fail)).toThrow(
      expect.objectContaining({ code: "REGISTRY_CORRUPT" }) as Error,
    );
  });
});

describe("a name in MLflow", () => {
  it.each([
    ["a:b", "a_b"],
    ["a//b", "a/_b"],
    ["a///b", "a/_b"],
    ["a/./b", "a/_/b"],
    ["a/.b", "a/.b"],
    ["../a", "_a"],
    ["a/", "a_"],
    [`${"a".repeat(249)}/b`, `${"a".repeat(249)}_`],
  ])("of %j is %j, a path that is no other", (name, fitting) => {
    expect(fittingName(name)).toBe(fitting);
    expect(posix.normalize(fitting)).toBe(fitting);
  });
});

describe("a class's label in names", () => {
  it("is one of its own that every tracker takes", () => {
    const label = fc.oneof(fc.string({ maxLength: 4 }), fc.string({ unit: fc.constantFrom(".", "_", "a", "?", " ") }));
    fc.assert(
      fc.property(fc.uniqueArray(label, { minLength: 3, maxLength: 20 }), (labels) => {
        const names = trackedLabels(labels).map((name) => `class.${name}.f1`);
        expect(new Set(names).size).toBe(labels.length);
        expect(names.map(fittingName)).toEqual(names);
        for (const name of names) checkName("metric", name);
      }),
      { numRuns: budget(100) },
    );
  });
});

describe("what is logged of a version", () => {
  const draft = (parameters: Record<string, unknown>): VersionDraft =>
    ({
      registeredAt: "2026-01-01T00:00:00.000Z",
      provenance: {
        learner: "network",
        seed: 3,
        dataHash: "",
        rows: { train: 5, validation: 1 },
        versions: {},
        parameters,
      },
      metrics: {
        rows: 6,
        positives: 2,
        threshold: 0.5,
        values: { auc: { value: 0.8, low: 0.7, high: NaN }, f1: { value: null } },
      },
    }) as unknown as VersionDraft;

  it("is parameters as texts, under names that MLflow takes", () => {
    const logged = runParameters(
      draft({
        rate: 0.01,
        layers: [64, 32],
        "a b$c": true,
        ["__proto__"]: 1,
        "../x": null,
        long: "x".repeat(2000),
        "": 1,
      }),
    );
    const params = new Map(logged.map(({ key, value }) => [key, value]));
    expect(params.get("rate")).toBe("0.01");
    expect(params.get("layers")).toBe("[64,32]");
    expect(params.get("a b_c")).toBe("true");
    expect(params.get("long")).toHaveLength(500);
    expect(params.get("learner")).toBe("network");
    expect(params.get("seed")).toBe("3");
    expect(params.get("train_rows")).toBe("5");
    for (const [key, value] of params) {
      expect(key).toMatch(/^[\w-][\w\-./ ]*$/);
      expect(key).not.toContain("..");
      expect(typeof value).toBe("string");
    }
  });

  it("is metrics with the ends of their intervals; NaN as a text, nothing for what has no value", () => {
    const metrics = new Map(runMetrics(draft({})).map(({ key, value }) => [key, value]));
    expect([...metrics]).toEqual([
      ["rows", 6],
      ["positives", 2],
      ["threshold", 0.5],
      ["auc", 0.8],
      ["auc.low", 0.7],
      ["auc.high", "NaN"],
    ]);
  });

  it("has the metrics of several classes, under names that MLflow takes", () => {
    const { metrics, ...rest } = draft({});
    const classes = { ...planMetrics, classes: planMetrics.classes.map((one) => ({ ...one, label: `${one.label}?` })) };
    const logged = new Map(
      runMetrics({ ...rest, metrics: { ...metrics, classes } }).map(({ key, value }) => [key, value]),
    );
    expect(logged.get("classes.accuracy")).toBe(0.6);
    expect(logged.get("class.basic_.recall")).toBe(0.5);
    expect(logged.get("class.pro_.rows")).toBe(0);
    expect(logged.has("class.pro_.recall")).toBe(false);
  });

  it("keeps classes apart whose labels differ only in what no name may hold", () => {
    const { metrics, ...rest } = draft({});
    const labels = ["<1 year", ">1 year", `${"long ".repeat(59)}year`];
    const classes = {
      ...planMetrics,
      classes: planMetrics.classes.map((one, k) => ({ ...one, label: labels[k] ?? "" })),
    };
    const logged = new Map(
      runMetrics({ ...rest, metrics: { ...metrics, classes } }).map(({ key, value }) => [key, value]),
    );
    const rows = planMetrics.classes.map((one) => one.rows);
    expect(["_1 year", "_1 year_2", "long ".repeat(20)].map((name) => logged.get(`class.${name}.rows`))).toEqual(rows);
  });

  it("goes in calls of at most 100 parameters, and 1,000 of both", () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(3000), (p, m) => {
        const params = Array.from({ length: p }, (_, i) => i);
        const metrics = Array.from({ length: m }, (_, i) => -i);
        const calls = logBatches(params, metrics);
        expect(calls.flatMap((call) => call.params)).toEqual(params);
        expect(calls.flatMap((call) => call.metrics)).toEqual(metrics);
        for (const call of calls) {
          expect(call.params.length).toBeLessThanOrEqual(100);
          expect(call.params.length + call.metrics.length).toBeLessThanOrEqual(1000);
          expect(call.params.length + call.metrics.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: budget(30) },
    );
  });
});

describe("labels that MLflow cannot keep", () => {
  it.each(["churnkit.status", "mlflow.user"])("a tag %s", (name) => {
    expect(() => checkMlflowLabels({ tags: { [name]: "x" } })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }) as Error,
    );
  });

  it("a reason without end", () => {
    const note = (reason: string): void => checkMlflowLabels({ statusNote: { by: "ada", at: "now", reason } });
    expect(() => note("x".repeat(5_000))).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
    expect(() => note("x".repeat(1_000))).not.toThrow();
  });
});
