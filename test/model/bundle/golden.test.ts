import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { syntheticContract } from "../../../src/data/synthetic.js";
import type { Column, Contract } from "../../../src/data/contract/contract.js";
import { tableFromRecords } from "../../../src/data/read/records.js";
import { goldenRows } from "../../../src/model/bundle/golden.js";
import { sampleContract } from "../../helpers/artifact.js";
import { budget } from "../../helpers/budget.js";

const contractOf = (columns: Column[]): Contract => ({ format: 1, name: "c", origin: "declared", columns });
const common = { role: "feature", nullable: false, optional: false, missing: [] } as const;

/** How many records keep the contract. */
const kept = (contract: Contract, rows = 64): number =>
  tableFromRecords(contract, goldenRows(contract, { rows, seed: 3 }), { target: "ignore" }).rows;

describe("goldenRows", () => {
  it("draws records that keep their contract", () => {
    expect(kept(sampleContract)).toBe(64);
    expect(kept(syntheticContract)).toBe(64);
  });

  it("is the same for the same seed only", () => {
    expect(goldenRows(sampleContract, { seed: 1 })).toEqual(goldenRows(sampleContract, { seed: 1 }));
    expect(goldenRows(sampleContract, { seed: 1 })).not.toEqual(goldenRows(sampleContract, { seed: 2 }));
    expect(goldenRows(sampleContract)).toHaveLength(16);
  });

  it("covers missing values, all levels and one label nobody knows, and leaves the target out", () => {
    const rows = goldenRows(sampleContract, { rows: 64 });
    expect(rows[0]?.["plan"]).toBe("an unseen label");
    expect(new Set(rows.slice(1).map((row) => row["plan"]))).toEqual(new Set(["basic", "plus", "toString", null]));
    expect(rows.some((row) => row["charges"] === null)).toBe(true);
    expect(rows.every((row) => !("churned" in row))).toBe(true);
  });

  it("keeps any limits of a number", () => {
    const limits = fc.record({
      min: fc.integer({ min: -1000, max: 1000 }),
      span: fc.integer({ min: 2, max: 1000 }),
      integer: fc.boolean(),
      exclusive: fc.boolean(),
      multipleOf: fc.constantFrom(undefined, 1, 2),
      sides: fc.constantFrom("both", "low", "high", "none"),
    });
    fc.assert(
      fc.property(limits, ({ min, span, integer, exclusive, multipleOf, sides }) => {
        const low = sides === "both" || sides === "low" ? { [exclusive ? "exclusiveMin" : "min"]: min } : {};
        const high =
          sides === "both" || sides === "high" ? { [exclusive ? "exclusiveMax" : "max"]: min + span + 2 } : {};
        const column: Column = {
          ...common,
          name: "x",
          kind: "number",
          integer,
          ...low,
          ...high,
          ...(multipleOf ? { multipleOf } : {}),
        };
        expect(kept(contractOf([column]), 16)).toBe(16);
      }),
      { numRuns: budget(200) },
    );
  });

  it("keeps the limits of dates, texts and booleans", () => {
    const day = Date.UTC(2024, 1, 29);
    expect(
      kept(
        contractOf([
          { ...common, name: "d", kind: "date", precision: "date", min: day, max: day },
          { ...common, name: "t", kind: "date", precision: "datetime", min: day + 5, max: day + 10 },
          { ...common, name: "s", kind: "text", maxLength: 3 },
          { ...common, name: "b", kind: "boolean", truthy: ["y"], falsy: ["n"], caseSensitive: true },
          { ...common, name: "c", kind: "category", levels: [], open: true },
        ]),
      ),
    ).toBe(64);
  });
});
