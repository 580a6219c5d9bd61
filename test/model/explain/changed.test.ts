import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { logit, sigmoid } from "../../../src/stats/logistic.js";
import { tableFromRecords } from "../../../src/data/read/records.js";
import { takeRows } from "../../../src/data/table/take-rows.js";
import { recordOf } from "../../../src/data/table/record-of.js";
import type { Table } from "../../../src/data/table/table.js";
import { counterfactuals } from "../../../src/model/explain/changed/counterfactuals.js";
import { partialDependence } from "../../../src/model/explain/changed/partial-dependence.js";
import { permutationImportance } from "../../../src/model/explain/changed/permutation-importance.js";
import { compileRecipe } from "../../../src/data/features/encode.js";
import { compile, type Scorer } from "../../../src/model/scoring/compile.js";
import { sampleArtifact, sampleContract, sampleRecords, sampleTable } from "../../helpers/artifact.js";
import { budget } from "../../helpers/budget.js";
import { randomTrees } from "./oracle.js";

const table = sampleTable(300, 7);
const features = ["tenure", "charges", "paperless", "since", "plan"];

/** A score in closed form: a curve of the tenure, and a step for one plan. */
const curve = (tenure: number): number => ((tenure - 40) / 30) ** 2;
const additive: Pick<Scorer, "contract" | "score"> = {
  contract: sampleContract,
  score: (rows) =>
    Float64Array.from({ length: rows.rows }, (_, row) => {
      const { tenure, plan } = recordOf(rows, row);
      return sigmoid(curve(Number(tenure)) + (plan === "plus" ? 1 : 0) - 1);
    }),
};

let linear: Scorer;
let scorers: Scorer[];
beforeAll(async () => {
  const one = await sampleArtifact({ networks: 0 });
  const inputs = compileRecipe(one.recipe, one.contract).width;
  linear = await compile(one);
  scorers = [
    linear,
    await compile(await sampleArtifact({ networks: 2, seed: 3 })),
    // Steps, up and down: neither smooth nor monotone.
    await compile({ ...one, model: randomTrees(inputs, 8, 5, 4) }),
    await compile({ ...one, model: { ...randomTrees(inputs, 1, 6, 5), link: "identity", bias: 0.5 } }),
  ];
});

describe("partial dependence", () => {
  it("is the function of the column in an additive model, for every row", () => {
    const { grid, mean, curves, rows } = partialDependence(additive, table, "tenure", {
      scale: "logOdds",
      centered: true,
    });
    expect([grid.length, grid[0], grid.at(-1), rows]).toEqual([20, 0, 72, 300]);
    const truth = grid.map((value) => curve(Number(value)) - curve(Number(grid[0])));
    truth.forEach((value, i) => expect(mean[i]).toBeCloseTo(value, 9));
    const farthest = curves.reduce((most, at, i) => Math.max(most, Math.abs(at - (truth[i % grid.length] ?? NaN))), 0);
    expect(farthest).toBeLessThan(1e-9);
  });

  it("takes labels, truth values, dates, and values that are given", () => {
    const { grid, mean } = partialDependence(additive, table, "plan", { scale: "logOdds" });
    expect(grid).toEqual(["basic", "plus", "toString"]);
    expect((mean[1] ?? NaN) - (mean[0] ?? NaN)).toBeCloseTo(1, 9);
    expect(partialDependence(additive, table, "plan", { points: 2 }).grid).toHaveLength(2);
    expect(partialDependence(linear, table, "paperless").grid).toEqual([false, true]);
    expect(partialDependence(linear, table, "since", { points: 3 }).grid[1]).toMatch(/^20\d\d-\d\d-\d\d$/);
    const given = partialDependence(linear, table, "charges", { values: [null, 50, 20.5] });
    expect(given.grid).toEqual([null, 50, 20.5]);
    const changed = takeRows(table, [4]);
    const alone = linear.scoreRecord({ ...recordOf(changed, 0), charges: 20.5 }).probability;
    expect(given.curves[4 * 3 + 2]).toBe(alone);
    expect(partialDependence(linear, table, "plan", { values: ["unheard of"] }).grid).toEqual(["unheard of"]);
  });

  it("refuses what does not fit, by name", () => {
    const refused = (column: string, options: object, rows: Table = table): (() => unknown) => {
      return () => partialDependence(linear, rows, column, options);
    };
    expect(refused("tenur", {})).toThrow(/column names "tenur", which is not in the contract/);
    expect(refused("customer", {})).toThrow(/"customer", which is no feature but id/);
    expect(refused("tenure", { points: 1e9 })).toThrow(/points is 1000000000/);
    expect(refused("tenure", { values: [...Array(1000).keys()] }, takeRows(table, new Uint32Array(10_001)))).toThrow(
      /10001 rows x 1000 values are more than 10000000 numbers/,
    );
    expect(refused("tenure", { values: [3, NaN] })).toThrow(/A value of the grid breaks the contract: .*tenure/);
    expect(refused("tenure", { values: [] })).toThrow(/number of values is 0/);
    expect(refused("tenure", {}, takeRows(table, []))).toThrow(/no rows/);
    const missing = tableFromRecords(
      sampleContract,
      sampleRecords(20).map((record) => ({ ...record, charges: null })),
    );
    expect(refused("charges", {}, missing)).toThrow(/charges is missing in every row/);
  });
});

describe("permutation importance", () => {
  it("is 0 for columns that the model doesn't use, and the greatest where it relies on one", () => {
    for (const metric of ["logLoss", "auc"] as const) {
      const found = permutationImportance(additive, labeled(additive), { metric });
      expect(found.map(({ columns }) => columns[0]).sort()).toEqual([...features].sort());
      expect(
        found
          .slice(0, 2)
          .map(({ columns }) => columns[0])
          .sort(),
      ).toEqual(["plan", "tenure"]);
      expect(found[1]?.worsening).toBeGreaterThan(3 * (found[1]?.standardError ?? NaN));
      for (const { columns, worsening, standardError } of found) {
        if (["charges", "paperless", "since"].includes(columns[0] ?? ""))
          expect([worsening, standardError]).toEqual([0, 0]);
      }
    }
  });

  it("shuffles a group together, the same way for the same seed", () => {
    const rows = labeled(additive);
    const options = { groups: [["tenure", "plan"]], seed: 4 };
    const found = permutationImportance(additive, rows, options);
    expect(found).toHaveLength(4);
    expect(found[0]?.columns).toEqual(["tenure", "plan"]);
    expect(permutationImportance(additive, rows, options)).toEqual(found);
    expect(permutationImportance(additive, rows, { ...options, seed: 5 })).not.toEqual(found);
    const alone = permutationImportance(additive, rows, { seed: 4 })[0]?.worsening ?? NaN;
    expect(found[0]?.worsening).toBeGreaterThan(alone);
  });

  it("refuses what does not fit, by name", () => {
    expect(() => permutationImportance(linear, table, { groups: [["plan", "nothing"]] })).toThrow(
      /groups names "nothing", which is not in the contract/,
    );
    expect(() => permutationImportance(linear, table, { groups: [["plan"], ["tenure", "plan"]] })).toThrow(
      /plan twice/,
    );
    expect(() => permutationImportance(linear, table, { repeats: 1 })).toThrow(/repeats is 1/);
    const unlabeled = tableFromRecords(sampleContract, sampleRecords(5), { target: "ignore" });
    expect(() => permutationImportance(linear, unlabeled)).toThrow(/"churned" is not in the data/);
  });

  /** The table with the labels that the score deserves. */
  function labeled(scorer: Pick<Scorer, "score">): Table {
    const scores = scorer.score(table);
    return tableFromRecords(
      sampleContract,
      sampleRecords(300, 7).map((record, row) => ({ ...record, churned: (scores[row] ?? 0) > 0.45 ? "Yes" : "No" })),
    );
  }
});

describe("counterfactuals", () => {
  const records = sampleRecords(300, 7);

  it("are valid, in range, keep what is fixed, and need every change", () => {
    const situation = fc.record({
      model: fc.nat(3),
      row: fc.nat(299),
      share: fc.double({ min: 0.3, max: 0.99, noNaN: true }),
      fixed: fc.subarray(features, { maxLength: 3 }),
      direction: fc.constantFrom("up", "down"),
      mostChanges: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(situation, ({ model, row, share, fixed, direction, mostChanges }) => {
        const scorer = scorers[model] ?? linear;
        const record = records[row] ?? {};
        const now = scorer.scoreRecord(record).probability ?? NaN;
        const below = share * now;
        const options = { below, fixed, directions: { tenure: direction }, mostChanges } as const;
        const found = counterfactuals(scorer, table, record, options);
        expect(counterfactuals(scorer, table, record, options)).toEqual(found);
        expect(found.probability).toBe(now);
        expect(found.options.length > 0).toBe(found.outcome === "found");
        const columns = found.options.map(({ changes }) =>
          changes
            .map(({ column }) => column)
            .sort()
            .join(),
        );
        expect(new Set(columns).size).toBe(columns.length);
        expect(found.options.map(({ changes }) => changes.length)).toEqual(
          found.options.map(({ changes }) => changes.length).sort(),
        );
        for (const { changes, probability } of found.options) {
          expect(changes.length).toBeLessThanOrEqual(mostChanges);
          const changed = { ...record, ...Object.fromEntries(changes.map(({ column, to }) => [column, to])) };
          const scored = scorer.scoreRecord(changed);
          expect([scored.probability, scored.issues]).toEqual([probability, []]);
          expect(probability).toBeLessThan(below);
          for (const { column, from, to } of changes) {
            expect(fixed).not.toContain(column);
            expect(record[column]).toBe(from);
            expect(to).not.toBe(from);
            if (column === "tenure") expect(Number(to) > Number(from)).toBe(direction === "up");
            const without = scorer.scoreRecord({ ...changed, [column]: from }).probability;
            expect(without).toBeGreaterThanOrEqual(below);
          }
        }
        if (found.best !== null) expect(found.best.probability).toBeGreaterThanOrEqual(below);
      }),
      { numRuns: budget(25) },
    );
  });

  it("take the smallest step that suffices", () => {
    const threshold: Pick<Scorer, "contract" | "decision" | "scoreRecords"> = {
      ...linear,
      scoreRecords: (rows) =>
        rows.map((row) => {
          const { tenure } = row as { tenure: number };
          return { probability: tenure >= 33 ? 0.1 : 0.8, label: "Yes", issues: [] };
        }),
    };
    const found = counterfactuals(threshold, table, { ...records[0], tenure: 5 });
    expect(found.options).toMatchObject([{ changes: [{ column: "tenure", from: 5, to: 33 }], probability: 0.1 }]);
    expect(
      counterfactuals(threshold, table, { ...records[0], tenure: 5 }, { directions: { tenure: "down" } }),
    ).toMatchObject({ outcome: "notFound", probability: 0.8, options: [], best: null });
  });

  it("say when there is nothing to do, nothing to find and nothing to score", () => {
    const record = { ...records[0], plan: "unheard of" };
    expect(counterfactuals(linear, table, record, { below: 1 })).toMatchObject({ outcome: "already", options: [] });
    const never = counterfactuals(linear, table, record, { below: 0 });
    expect(never).toMatchObject({ outcome: "notFound", options: [] });
    expect(never.best?.probability).toBeLessThan(never.probability ?? NaN);
    expect(counterfactuals(linear, table, record, { below: 0, fixed: features }).best).toBeNull();
    for (const broken of [null, 7, {}, { ...record, tenure: NaN }, { ...record, tenure: "x" }]) {
      const refused = counterfactuals(linear, table, broken);
      expect(refused).toMatchObject({ outcome: "notScored", probability: null, options: [], best: null });
      expect(refused.issues.length).toBeGreaterThan(0);
    }
  });

  it("refuse what does not fit, by name", () => {
    const refused = (options: object, rows = table): (() => unknown) => {
      return () => counterfactuals(linear, rows, records[0], options);
    };
    expect(refused({ fixed: ["gender"] })).toThrow(/fixed names "gender", which is not in the contract/);
    expect(refused({ directions: { customer: "up" } })).toThrow(
      /directions names "customer", which is no feature but id/,
    );
    expect(refused({ directions: { plan: "up" } })).toThrow(/plan, a category, which goes neither up nor down/);
    expect(refused({ directions: { tenure: "left" } })).toThrow(/gives tenure the direction "left"/);
    expect(refused({ below: NaN })).toThrow(/below is NaN/);
    expect(refused({ count: 0 })).toThrow(/count is 0/);
    expect(refused({ mostChanges: 7 })).toThrow(/mostChanges is 7/);
    expect(refused({}, takeRows(table, []))).toThrow(/no rows/);
  });
});

it("log odds of a partial dependence are those of its probabilities", () => {
  const options = { values: [10] } as const;
  const { curves } = partialDependence(linear, table, "tenure", options);
  const { curves: odds } = partialDependence(linear, table, "tenure", { ...options, scale: "logOdds" });
  curves.forEach((p, row) => expect(odds[row]).toBe(logit(p)));
});
