import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../src/base/errors.js";
import type { Contract } from "../../../src/data/contract/contract.js";
import { profileTable } from "../../../src/data/profile/profile-table.js";
import { tableFromRecords } from "../../../src/data/read/records.js";
import { recordOf } from "../../../src/data/table/record-of.js";
import { backgroundFromProfile, backgroundFromTable } from "../../../src/model/explain/background.js";
import { sampleContract, sampleTable } from "../../helpers/artifact.js";

const table = sampleTable(2000);
const profile = profileTable(table, { cutPoints: 64 });

const numbers = (rows: ReturnType<typeof backgroundFromProfile>, name: string): number[] => {
  const data = rows.columns.get(name);
  return data?.storage === "numeric" ? [...data.values] : [];
};

describe("a background from a profile", () => {
  const background = backgroundFromProfile(sampleContract, profile, { rows: 500, seed: 3 });

  it("holds rows that keep the contract", () => {
    const records = Array.from({ length: background.rows }, (_, row) => recordOf(background, row));
    for (const record of records) record["customer"] = "anybody";
    expect(tableFromRecords(sampleContract, records, { target: "ignore" }).rejected).toEqual([]);
    expect(new Set(records.map((record) => typeof record["paperless"]))).toEqual(new Set(["boolean"]));
    expect(records.every(({ tenure }) => Number.isInteger(tenure))).toBe(true);
  });

  it("keeps each column's distribution, missing values included", () => {
    for (const name of ["tenure", "charges", "since"]) {
      const given = numbers(table, name);
      const drawn = numbers(background, name);
      const mean = (values: number[]): number =>
        values.filter((v) => !Number.isNaN(v)).reduce((a, b, _, all) => a + b / all.length, 0);
      const spread =
        Math.max(...given.filter((v) => !Number.isNaN(v))) - Math.min(...given.filter((v) => !Number.isNaN(v)));
      expect(Math.abs(mean(given) - mean(drawn))).toBeLessThan(0.01 * spread);
      const missing = (values: number[]): number => values.filter(Number.isNaN).length / values.length;
      expect(missing(drawn)).toBeCloseTo(missing(given), 2);
    }
    const share = (rows: typeof background, label: string): number => {
      const data = rows.columns.get("plan");
      return data?.storage === "coded"
        ? [...data.codes].filter((code) => data.levels[code] === label).length / rows.rows
        : NaN;
    };
    for (const label of ["basic", "plus", "toString"])
      expect(share(background, label)).toBeCloseTo(share(table, label), 2);
  });

  it("follows from the seed, column by column", () => {
    expect(backgroundFromProfile(sampleContract, profile, { rows: 500, seed: 3 })).toEqual(background);
    expect(numbers(backgroundFromProfile(sampleContract, profile, { rows: 500, seed: 4 }), "tenure")).not.toEqual(
      numbers(background, "tenure"),
    );
    // Drawn independently: the order of one column tells nothing of another.
    const [a, b] = [numbers(background, "tenure"), numbers(background, "since")];
    const center = (values: number[]): number[] =>
      values.map((v) => v - values.reduce((x, y) => x + y, 0) / values.length);
    const [x, y] = [center(a), center(b)];
    const dot = (u: number[], v: number[]): number => u.reduce((total, value, i) => total + value * (v[i] ?? 0), 0);
    expect(Math.abs(dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y)))).toBeLessThan(0.15);
  });

  it("has missing values where the profile knows nothing", () => {
    const empty = backgroundFromProfile(sampleContract, { format: 1, rows: 0, columns: [] }, { rows: 4 });
    expect(numbers(empty, "tenure")).toEqual([NaN, NaN, NaN, NaN]);
    expect(recordOf(empty, 0)["plan"]).toBeNull();
    const blank: Contract = {
      ...sampleContract,
      columns: sampleContract.columns.map((column) => ({ ...column, nullable: true })),
    };
    const nothing = tableFromRecords(blank, [
      { customer: "a", churned: "No" },
      { customer: "b", churned: "Yes" },
    ]);
    const drawn = backgroundFromProfile(blank, profileTable(nothing), { rows: 3 });
    expect(recordOf(drawn, 2)).toMatchObject({ tenure: null, plan: null, paperless: null, since: null });
  });

  it("draws a level that the profile pooled as an unknown one", () => {
    const pooled = {
      ...profile,
      columns: profile.columns.map((column) =>
        column.name === "plan" && !("cuts" in column)
          ? { ...column, counts: [0, 0, 0], other: 10, missing: 0 }
          : column,
      ),
    };
    expect(recordOf(backgroundFromProfile(sampleContract, pooled, { rows: 2 }), 0)["plan"]).toBe("(other)");
  });
});

describe("a background from a table", () => {
  it("is a sample without repeats, the whole where it is small", () => {
    const some = backgroundFromTable(table, { rows: 50, seed: 1 });
    expect(new Set(some.rowNumbers).size).toBe(50);
    expect(backgroundFromTable(sampleTable(20), { rows: 100 }).rows).toBe(20);
  });

  it("refuses what is no sample", () => {
    const codeOf = (work: () => unknown): string => {
      try {
        work();
      } catch (error) {
        return ChurnkitError.isInstance(error) ? error.code : "other";
      }
      return "none";
    };
    expect(codeOf(() => backgroundFromTable(table, { rows: 0 }))).toBe("OPTION_INVALID");
    expect(codeOf(() => backgroundFromProfile(sampleContract, profile, { rows: 1.5 }))).toBe("OPTION_INVALID");
    expect(codeOf(() => backgroundFromTable({ ...table, rows: 0 }))).toBe("TOO_FEW_ROWS");
  });
});
