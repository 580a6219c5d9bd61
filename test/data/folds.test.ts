import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tableFromRecords } from "../../src/data/read/records.js";
import { kFold } from "../../src/data/split/folds.js";
import { timeFolds } from "../../src/data/split/time-folds.js";
import { budget } from "../helpers/budget.js";
import { categoryColumn, contractWith, numberColumn } from "./read/csv-writer.js";

const contract = contractWith(
  [
    numberColumn("month"),
    numberColumn("household"),
    categoryColumn("churn", ["No", "Yes"], { role: "target", nullable: false }),
  ],
  { target: { column: "churn", classes: ["No", "Yes"], positive: "Yes" } },
);
const tableOf = (rows: readonly { month?: number; household?: number; yes: boolean }[]) =>
  tableFromRecords(
    contract,
    rows.map(({ month = 0, household = 0, yes }) => ({ month, household, churn: yes ? "Yes" : "No" })),
  );
const rowsOf = (households: number) =>
  fc.array(fc.record({ household: fc.nat(households), month: fc.nat(40), yes: fc.boolean() }), {
    minLength: 60,
    maxLength: 120,
  });

describe("folds of groups", () => {
  it("never separate a group, and test every row once", () => {
    fc.assert(
      fc.property(rowsOf(30), fc.integer({ min: 2, max: 5 }), fc.nat(), (rows, k, seed) => {
        fc.pre(new Set(rows.map(({ household }) => household)).size >= k);
        fc.pre(rows.filter(({ yes }) => yes).length >= k && rows.filter(({ yes }) => !yes).length >= k);
        const folds = kFold(tableOf(rows), k, seed, "household");
        const groups = (part: Uint32Array) => new Set([...part].map((row) => rows[row]?.household));
        for (const { train, test } of folds) {
          const trained = groups(train);
          expect([...groups(test)].filter((group) => trained.has(group))).toEqual([]);
          expect([...train, ...test].sort((a, b) => a - b)).toEqual([...rows.keys()]);
        }
        expect(folds.flatMap(({ test }) => [...test]).sort((a, b) => a - b)).toEqual([...rows.keys()]);
      }),
      { numRuns: budget(50) },
    );
  });

  it("keep the classes even where the groups allow it", () => {
    const rows = Array.from({ length: 1000 }, (_, i) => ({ household: i >> 1, yes: i % 4 === 0 }));
    for (const { test } of kFold(tableOf(rows), 5, 3, "household")) {
      expect(test.length).toBe(200);
      expect([...test].filter((row) => rows[row]?.yes).length).toBe(50);
    }
  });

  it("are none of them empty where each group is of one class", () => {
    const rows = Array.from({ length: 24 }, (_, i) => ({ household: Math.floor(i / 3), yes: i < 12 }));
    for (let seed = 0; seed < 20; seed++)
      expect(Math.min(...kFold(tableOf(rows), 5, seed, "household").map(({ test }) => test.length))).toBe(3);
  });

  it("depend on the seed, and take the group of each row as well", () => {
    const rows = Array.from({ length: 100 }, (_, i) => ({ household: i >> 1, yes: i % 3 === 0 }));
    const byColumn = kFold(tableOf(rows), 4, 1, "household");
    const labels = rows.map(({ yes }) => Number(yes));
    expect(byColumn).not.toEqual(kFold(tableOf(rows), 4, 2, "household"));
    expect(
      kFold(
        labels,
        4,
        1,
        rows.map(({ household }) => household),
      ),
    ).toEqual(byColumn);
  });

  it.each([
    ["INPUT_COLUMNS", "town"],
    ["TOO_FEW_ROWS", "month"],
  ])("fail with %s by %s", (code, column) => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ household: i, yes: i % 2 === 0 }));
    expect(() => kFold(tableOf(rows), 3, 0, column)).toThrow(expect.objectContaining({ code }));
  });

  it("refuse a row without a group", () => {
    const records = Array.from({ length: 20 }, (_, i) => ({
      household: i === 7 ? null : i,
      churn: i % 2 ? "Yes" : "No",
    }));
    expect(() => kFold(tableFromRecords(contract, records), 2, 0, "household")).toThrow(/row 7 has no "household"/);
  });
});

describe("folds in time", () => {
  it("never look ahead, and test every row but the first part once", () => {
    fc.assert(
      fc.property(rowsOf(5), fc.integer({ min: 1, max: 5 }), (rows, k) => {
        fc.pre(new Set(rows.map(({ month }) => month)).size > 25);
        const folds = timeFolds(tableOf(rows), "month", k);
        const months = (part: Uint32Array) => [...part].map((row) => rows[row]?.month ?? NaN);
        let before = 0;
        for (const { train, test } of folds) {
          expect(Math.max(...months(train))).toBeLessThan(Math.min(...months(test)));
          expect(train.length).toBeGreaterThan(before);
          before = train.length;
        }
        expect(new Set([...(folds[0]?.train ?? []), ...folds.flatMap(({ test }) => [...test])]).size).toBe(rows.length);
      }),
      { numRuns: budget(50) },
    );
  });

  it("cut the rows into parts of one size", () => {
    const rows = Array.from({ length: 120 }, (_, i) => ({ month: (i * 7) % 120, yes: i % 2 === 0 }));
    const folds = timeFolds(tableOf(rows), "month", 3);
    expect(folds.map(({ train, test }) => [train.length, test.length])).toEqual([
      [30, 30],
      [60, 30],
      [90, 30],
    ]);
  });

  it("say when there are too few moments", () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({ month: i % 2, yes: i % 3 === 0 }));
    expect(() => timeFolds(tableOf(rows), "month", 3)).toThrow(expect.objectContaining({ code: "TOO_FEW_ROWS" }));
  });
});
