import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inferFromFile, readTable } from "../../src/data/read/read-file.js";
import { kFold } from "../../src/data/split/folds.js";
import { splitByTime } from "../../src/data/split/time.js";
import { split, splitByRowNumbers } from "../../src/data/split/split.js";
import { tableFromRecords } from "../../src/data/read/records.js";
import { labels } from "../../src/data/table/labels.js";
import type { Table } from "../../src/data/table/table.js";
import { hasShared, sharedPath } from "../helpers/shared.js";
import { categoryColumn, contractWith, dateColumn, numberColumn } from "./read/csv-writer.js";
import { budget } from "../helpers/budget.js";

const contract = contractWith(
  [numberColumn("n"), dateColumn("d"), categoryColumn("t", ["No", "Yes"], { role: "target", nullable: false })],
  { target: { column: "t", classes: ["No", "Yes"], positive: "Yes" } },
);

const tableOf = (no: number, yes: number): Table =>
  tableFromRecords(
    contract,
    [...Array<string>(no).fill("No"), ...Array<string>(yes).fill("Yes")].map((t, n) => ({ n, t })),
  );

const positives = (table: Table): number => {
  const data = table.columns.get("t");
  return data?.storage === "coded" ? data.codes.filter((code) => code === 1).length : -1;
};

describe("split", () => {
  const sets = [
    ["telco-churn", "telco-churn.csv", "Churn", "Yes"],
    ["bank-churn", "bank-churn.csv", "Exited", "1"],
    ["cell2cell", "cell2cell.csv.gz", "Churn", "Yes"],
  ] as const;

  it.skipIf(!hasShared).each(sets)("gives the fixed test rows of %s", async (name, file, target, positive) => {
    const path = sharedPath(`data/${file}`);
    const { contract: inferred } = await inferFromFile(path, { target, positive });
    const table = await readTable(
      { ...inferred, columns: inferred.columns.filter((column) => column.name === target) },
      path,
    );
    const given = JSON.parse(readFileSync(sharedPath(`data/splits/${name}.json`), "utf8")) as
      | number[][]
      | { splits: number[][] };
    const splits = Array.isArray(given) ? given : given.splits;
    expect(splits.length).toBe(5);
    splits.forEach((rows, seed) => expect([...split(table, { seed }).test.rowNumbers]).toEqual(rows));
  });

  it("takes floor(share * n + 0.5) rows of each class, each row once, in order", () => {
    const share = fc.constantFrom(0, 0.1, 0.2, 0.25, 0.5);
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 60 }),
        fc.integer({ min: 20, max: 60 }),
        share,
        share,
        fc.nat(),
        (no, yes, test, validation, seed) => {
          const parts = split(tableOf(no, yes), { seed, test, validation });
          const round = (value: number): number => Math.floor(value + 0.5);
          expect(positives(parts.test)).toBe(round(test * yes));
          expect(parts.test.rows).toBe(round(test * yes) + round(test * no));
          expect(positives(parts.validation)).toBe(round(validation * (yes - round(test * yes))));
          const rows = [parts.train, parts.validation, parts.test].map(({ rowNumbers }) => [...rowNumbers]);
          for (const part of rows) expect(part).toEqual([...part].sort((a, b) => a - b));
          expect(rows.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: no + yes }, (_, i) => i));
        },
      ),
      { numRuns: budget(60) },
    );
  });

  it("depends on the seed, and on row numbers rather than positions", () => {
    const table = tableOf(50, 50);
    const test = (seed: number): string => split(table, { seed }).test.rowNumbers.join();
    expect(test(1)).toBe(test(1));
    expect(test(1)).not.toBe(test(2));
    expect(split(table).train.rows).toBe(64);
  });

  it("refuses shares out of range and tables too small", () => {
    for (const share of [-0.1, 1, NaN])
      expect(() => split(tableOf(9, 9), { test: share })).toThrow("must be at least 0 and below 1");
    expect(() => split(tableOf(1, 0))).toThrow("1 row are too few to split");
  });

  it("parts by row numbers of the source", () => {
    const table = tableFromRecords(contract, [
      { n: 0, t: "No" },
      { n: "bad", t: "No" },
      { n: 2, t: "Yes" },
      { n: 3, t: "Yes" },
    ]);
    const { inside, outside } = splitByRowNumbers(table, [3, 1]);
    expect([[...inside.rowNumbers], [...outside.rowNumbers]]).toEqual([[3], [0, 2]]);
    expect(() => splitByRowNumbers(table, [4])).toThrow("there is no data row 4");
  });
});

describe("kFold", () => {
  it("tests every row once, with classes and sizes even to one row", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 70 }),
        fc.integer({ min: 10, max: 70 }),
        fc.integer({ min: 2, max: 10 }),
        fc.nat(),
        (no, yes, k, seed) => {
          const table = tableOf(no, yes);
          const folds = kFold(table, k, seed);
          const truth = labels(table);
          const sizes = folds.map(({ test }) => test.length);
          const yeses = folds.map(({ test }) => test.filter((row) => truth[row] === 1).length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          expect(Math.max(...yeses) - Math.min(...yeses)).toBeLessThanOrEqual(1);
          expect(folds.flatMap(({ test }) => [...test]).sort((a, b) => a - b)).toEqual(
            Array.from({ length: no + yes }, (_, i) => i),
          );
          for (const { train, test } of folds) expect(new Set([...train, ...test]).size).toBe(no + yes);
          expect(kFold(truth, k, seed)).toEqual(folds);
        },
      ),
      { numRuns: budget(60) },
    );
  });

  it("refuses fewer rows of a class than folds, naming it", () => {
    expect(() => kFold(tableOf(10, 3), 5)).toThrow('The class "Yes" has only 3 rows for 5 folds');
    expect(() => kFold(tableOf(10, 3), 5)).toThrow(expect.objectContaining({ code: "TOO_FEW_ROWS" }) as Error);
    expect(() => kFold(new Uint8Array(0), 2)).toThrow("only 0 rows");
    for (const k of [1, 2.5, NaN]) expect(() => kFold(tableOf(9, 9), k)).toThrow("number of folds");
  });
});

describe("splitByTime", () => {
  const days = ["2024-01-05", "2024-01-01", "2024-01-03", "2024-01-03", "2024-01-02", "2024-01-04"];
  const table = tableFromRecords(
    contract,
    days.map((d, n) => ({ d, n, t: "No" })),
  );
  const parts = (cut: Parameters<typeof splitByTime>[2], column = "d"): number[][] => {
    const { train, validation, test } = splitByTime(table, column, cut);
    return [train, validation, test].map(({ rowNumbers }) => [...rowNumbers]);
  };

  it("cuts at dates, texts or numbers", () => {
    expect(parts({ test: "2024-01-04" })).toEqual([[1, 2, 3, 4], [], [0, 5]]);
    expect(parts({ validation: new Date("2024-01-03"), test: "2024-01-05" })).toEqual([[1, 4], [2, 3, 5], [0]]);
    expect(parts({ test: 4 }, "n")).toEqual([[0, 1, 2, 3], [], [4, 5]]);
  });

  it("takes shares of the rows in order of time, and never parts equal times", () => {
    expect(parts({ shares: { test: 1 / 3 } })).toEqual([[1, 2, 3, 4], [], [0, 5]]);
    expect(parts({ shares: { test: 0.5 } })).toEqual([[1, 4], [], [0, 2, 3, 5]]);
    expect(parts({ shares: { test: 1 / 6, validation: 1 / 6 } })).toEqual([[1, 2, 3, 4], [5], [0]]);
  });

  it("refuses what has no place in time", () => {
    expect(() => parts({ test: "soon" })).toThrow('"soon" is not a point in time');
    expect(() => parts({ test: "2023-01-01" })).toThrow("no row is left for the train part");
    expect(() => parts({ test: "2025-01-01" })).toThrow("no row is left for the test part");
    expect(() => parts({ validation: "2024-01-05", test: "2024-01-02" })).toThrow("must begin before");
    expect(() => parts({ test: 1 }, "x")).toThrow('no column "x"');
    expect(() => parts({ test: 1 }, "t")).toThrow("is a category");
    const gaps = tableFromRecords(contract, [{ d: "2024-01-01", t: "No" }, { t: "No" }]);
    expect(() => splitByTime(gaps, "d", { test: "2024-01-01" })).toThrow('row 1 has no "d"');
  });
});
