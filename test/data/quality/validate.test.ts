import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { uniform } from "../../../src/base/random.js";
import { inferContract } from "../../../src/data/contract/infer.js";
import { defineDataset } from "../../../src/data/dataset.js";
import { findLeaks } from "../../../src/data/quality/leaks.js";
import { repeatedRows } from "../../../src/data/quality/row-groups.js";
import { qualityRules } from "../../../src/data/contract/rules.js";
import { validateTable, type Validation } from "../../../src/data/quality/validate.js";
import { tableFromRecords } from "../../../src/data/read/records.js";
import type { ColumnData } from "../../../src/data/table/table.js";
import { hasShared, sharedPath } from "../../helpers/shared.js";

const { contract } = defineDataset({
  name: "customers",
  schema: z.object({
    id: z.string(),
    tenure: z.int().min(0).max(72).nullable(),
    plan: z.enum(["basic", "plus"]),
    city: z.string().nullable(),
    spend: z.number(),
    left: z.enum(["No", "Yes"]),
  }),
  id: "id",
  target: "left",
  positive: "Yes",
});

const random = uniform(7);
const good = Array.from({ length: 200 }, (_, i) => ({
  id: `k${i}`,
  tenure: Math.floor(random() * 73),
  plan: random() < 0.5 ? "basic" : "plus",
  city: `city ${Math.floor(random() * 30)}`,
  spend: Math.round(random() * 1e6) / 100,
  left: random() < 0.3 ? "Yes" : "No",
}));

type Change = (record: Record<string, unknown>, row: number) => void;

function validate(change: Change = () => undefined): Validation {
  const records = good.map((record, row) => {
    const copy: Record<string, unknown> = { ...record };
    change(copy, row);
    return copy;
  });
  return validateTable(tableFromRecords(contract, records, { target: "optional" }));
}

describe("a good table", () => {
  it("is valid, has no finding and the best score", () => {
    expect(validate()).toEqual({ valid: true, rows: 200, rejected: 0, qualityScore: 1, findings: [] });
  });
});

it("names dates that stand for none in a declared column, until they mean missing there", () => {
  const of = (missing: readonly string[]): Validation => {
    const dated = defineDataset({
      name: "d",
      schema: z.object({ until: z.iso.date().nullable().meta({ missing }), left: z.enum(["No", "Yes"]) }),
      target: "left",
      positive: "Yes",
    });
    const records = good.map(({ left }, i) => ({
      until: i % 4 === 0 ? "9999-12-31" : `20${10 + (i % 14)}-01-01`,
      left,
    }));
    return validateTable(tableFromRecords(dated.contract, records));
  };
  expect(of([]).findings).toMatchObject([
    {
      rule: "sentinel",
      column: "until",
      severity: "warning",
      count: 50,
      rows: expect.arrayContaining([0, 4]) as number[],
    },
    { rule: "duplicateRow" },
  ]);
  expect(of(["9999-12-31"]).findings.map(({ rule }) => rule)).toEqual(["duplicateRow"]);
});

describe("findings", () => {
  it("gather refused cells by column and rule, with rows as they stand in the source", () => {
    const { valid, rejected, rows, findings, qualityScore } = validate((record, row) => {
      if (row % 8 === 3) record["tenure"] = "1,234";
      if (row === 3) record["plan"] = "Basic";
    });
    expect({ valid, rejected, rows }).toEqual({ valid: false, rejected: 25, rows: 200 });
    expect(findings.map(({ rule, column, severity, count }) => [rule, column, severity, count])).toEqual([
      ["number", "tenure", "error", 25],
      ["level", "plan", "error", 1],
    ]);
    expect(findings[0]?.rows).toEqual(Array.from({ length: 20 }, (_, i) => 8 * i + 3));
    expect(findings[0]?.message).toContain('25 rows, such as row 3: Column "tenure": "1,234"');
    expect(findings[1]?.message).toMatch(/^Row 3: Column "plan": "Basic" is not a level/);
    expect(qualityScore).toBeCloseTo(175 / 200, 12);
  });

  it.each<[string, Change, [string, string | null, string, number]]>([
    [
      "many missing values",
      (record, row) => (record["tenure"] = row < 80 ? null : record["tenure"]),
      ["missingRate", "tenure", "warning", 80],
    ],
    ["no value", (record) => (record["city"] = null), ["allMissing", "city", "warning", 200]],
    ["one value", (record) => (record["plan"] = "plus"), ["constant", "plan", "warning", 200]],
    ["a label in every row", (record, row) => (record["city"] = `city ${row}`), ["idLike", "city", "warning", 200]],
    [
      "a repeated id",
      (record, row) => (record["id"] = row === 9 ? "k4" : record["id"]),
      ["duplicateId", null, "warning", 1],
    ],
    [
      "a repeated row",
      (record, row) => row === 9 && Object.assign(record, { ...good[4], id: "k9" }),
      ["duplicateRow", null, "warning", 1],
    ],
    [
      "a rare class",
      (record, row) => (record["left"] = row % 50 === 0 ? "Yes" : "No"),
      ["imbalance", "left", "warning", 4],
    ],
    ["one class", (record) => (record["left"] = "No"), ["oneClass", "left", "error", 200]],
    ["a column that nobody knows", (record) => (record["color"] = "red"), ["extraColumn", "color", "info", 0]],
    [
      "the target under another name",
      (record) => (record["plan"] = record["left"] === "Yes" ? "plus" : "basic"),
      ["leak", "plan", "warning", 200],
    ],
    [
      "a number that tells the target",
      (record, row) => (record["tenure"] = record["left"] === "Yes" ? row % 9 : 9 + (row % 9)),
      ["leak", "tenure", "warning", 200],
    ],
    [
      "a value only those have who left",
      (record, row) => (record["tenure"] = record["left"] === "Yes" ? row % 9 : null),
      ["leak", "tenure", "warning", 200],
    ],
  ])("%s", (_, change, expected) => {
    const { findings, valid, qualityScore } = validate(change);
    const found = findings.map(({ rule, column, severity, count }) => [rule, column, severity, count]);
    expect(found).toContainEqual(expected);
    expect(valid).toBe(expected[2] !== "error");
    if (["leak", "constant", "idLike"].includes(expected[0])) expect(qualityScore).toBeLessThanOrEqual(0.75);
  });

  it("name the repeated rows", () => {
    expect(
      validate((record, row) => (record["id"] = row === 9 || row === 11 ? "k4" : record["id"])).findings[0]?.rows,
    ).toEqual([9, 11]);
  });

  it("say what an inferred contract has not seen before", () => {
    const names = ["n", "day", "label"];
    const rows = Array.from({ length: 50 }, (_, i) => [
      String(i),
      i === 9 ? "" : `2024-01-${10 + (i % 9)}`,
      i % 2 ? "a" : "b",
    ]);
    const inferred = inferContract(names, rows).contract;
    const table = tableFromRecords(inferred, [
      { n: 60, day: "2025-01-01", label: "c" },
      { n: 5, day: "2024-01-12", label: "a" },
      { n: -1, day: null, label: "c" },
    ]);
    const { findings, valid } = validateTable(table);
    expect(valid).toBe(true);
    expect(findings.map(({ rule, column, count, rows: at }) => [rule, column, count, at])).toEqual([
      ["missingRate", "day", 1, [2]],
      ["outsideObserved", "day", 1, [0]],
      ["newLevel", "label", 2, [0, 2]],
      // `n` numbers the rows of the first file, so it is no feature.
    ]);
    expect(findings[1]?.message).toContain("2024-01-10 to 2024-01-18");
    expect(findings[2]?.message).toContain('"c"');
  });

  it("say which columns are not there", () => {
    const table = tableFromRecords(contract, good, { target: "ignore" });
    const columns = new Map([...table.columns].filter(([name]) => name !== "plan" && name !== "id"));
    const { valid, findings } = validateTable({ ...table, columns });
    expect(valid).toBe(false);
    expect(findings.map(({ rule, column, severity }) => [rule, column, severity])).toEqual([
      ["missingColumn", "plan", "error"],
      ["missingColumn", "id", "info"],
      ["missingColumn", "left", "info"],
    ]);
  });

  it("hold for a table of no rows, and for rows to be scored", () => {
    const empty = validateTable(tableFromRecords(contract, [{ ...good[0], plan: "x" }]));
    expect(empty).toMatchObject({ valid: false, rows: 1, rejected: 1, qualityScore: 0 });
    expect(empty.findings.map(({ rule }) => rule)).toEqual(["noRows", "level"]);
    expect(validate((record) => (record["left"] = null)).findings).toEqual([]);
  });

  it("carry only rules of the table, with whole counts", () => {
    const value = fc.oneof(fc.integer(), fc.constantFrom("basic", "plus", "Yes", "No", "", null, "1,2"), fc.string());
    const record = fc.record({ id: value, tenure: value, plan: value, city: value, spend: value, left: value });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 40 }), (records) => {
        const validation = validateTable(tableFromRecords(contract, records, { target: "optional" }));
        expect(validation.rows).toBe(records.length);
        expect(validation.qualityScore).toBeGreaterThanOrEqual(0);
        expect(validation.qualityScore).toBeLessThanOrEqual(1);
        for (const { rule, count, rows } of validation.findings) {
          expect(Object.keys(qualityRules)).toContain(rule);
          expect(Number.isInteger(count) && rows.length <= 20 && rows.every((row) => row < records.length)).toBe(true);
        }
      }),
    );
  });

  it("need limits that make sense", () => {
    const table = tableFromRecords(contract, good);
    for (const options of [{ missingRate: 2 }, { imbalance: NaN }, { leakAuc: 0.2 }]) {
      expect(() => validateTable(table, options)).toThrowError(expect.objectContaining({ code: "OPTION_INVALID" }));
    }
  });
});

describe("findLeaks", () => {
  it("does not take a unique label for a leak, nor a strong but honest feature", () => {
    const honest = good.map((record, i) => ({
      ...record,
      city: `city ${i}`,
      tenure: record.left === "Yes" ? i % 40 : 5 + (i % 68),
    }));
    expect(findLeaks(tableFromRecords(contract, honest))).toEqual([]);
  });

  it("is silent with too few rows of a class", () => {
    const few = good.slice(0, 12).map((record) => ({ ...record, plan: record.left === "Yes" ? "plus" : "basic" }));
    expect(findLeaks(tableFromRecords(contract, few))).toEqual([]);
  });

  it("looks at a sample of many rows, the same every time", () => {
    const many = Array.from({ length: 5000 }, (_, i) => ({
      ...good[i % 200],
      plan: good[i % 200]?.left === "Yes" ? "plus" : "basic",
    }));
    const table = tableFromRecords(contract, many);
    const [leak] = findLeaks(table, { maxRows: 500 });
    expect(leak?.rule).toBe("leak");
    expect(Math.abs((leak?.count ?? 0) - 500)).toBeLessThan(100);
    expect(findLeaks(table, { maxRows: 500 })).toEqual([leak]);
  });
});

describe("repeatedRows", () => {
  it("is what comparing every row with every earlier one gives", () => {
    const cell = fc.constantFrom(NaN, 0, 1, -1.5);
    const code = fc.constantFrom(-1, 0, 1);
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, code, cell), { maxLength: 60 }), (rows) => {
        const columns: ColumnData[] = [
          { storage: "numeric", values: Float64Array.from(rows, ([a]) => a) },
          { storage: "coded", codes: Int32Array.from(rows, ([, b]) => b), levels: ["x", "y"] },
          { storage: "numeric", values: Float64Array.from(rows, ([, , c]) => c) },
        ];
        const keys = rows.map((row) => row.join("|"));
        expect(repeatedRows(columns, rows.length)).toEqual(
          keys.flatMap((key, i) => (keys.indexOf(key) < i ? [i] : [])),
        );
      }),
    );
  });

  it("finds nothing in no columns", () => {
    expect(repeatedRows([], 3)).toEqual([]);
  });
});

describe.skipIf(!hasShared)("Telco", () => {
  it("is valid and has only rows that repeat another but for the id", () => {
    const [header = "", ...lines] = readFileSync(sharedPath("data/telco-churn.csv"), "utf8").trimEnd().split("\n");
    const names = header.split(",");
    const rows = lines.map((line) => line.split(","));
    const inferred = inferContract(names, rows, { target: "Churn", positive: "Yes", id: "customerID" }).contract;
    const records = rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i] ?? ""])));
    const { valid, findings, qualityScore } = validateTable(tableFromRecords(inferred, records));
    const contents = rows.map((row) => row.slice(1).join());
    expect(valid).toBe(true);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ rule: "duplicateRow", count: contents.length - new Set(contents).size });
    expect(qualityScore).toBeGreaterThan(0.99);
  });
});
