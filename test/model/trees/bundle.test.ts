import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binMatrix } from "../../../src/model/kinds/trees/bins.js";
import { bundleFlags } from "../../../src/model/kinds/trees/bundle.js";
import { matrixOf } from "./data.js";
import { budget } from "../../helpers/budget.js";

/** A feature's codes, read back from its bundle. */
function unbundled({ rows, places, codes }: ReturnType<typeof bundleFlags>, feature: number): number[] {
  const { bundle = NaN, code = NaN, rare = NaN } = places[feature] ?? {};
  const own = Array.from(codes.subarray(bundle * rows, (bundle + 1) * rows));
  return code === 0 ? own : own.map((value) => (value === code ? rare : 1 - rare));
}

describe("bundled flags", () => {
  const tables = fc
    .integer({ min: 1, max: 30 })
    .chain((rows) =>
      fc.array(
        fc.tuple(
          fc.integer({ min: 0, max: 20 }),
          fc.integer({ min: 0, max: 3 }),
          fc.boolean(),
          fc.integer({ min: 0, max: 300 }),
        ),
        { minLength: rows, maxLength: rows },
      ),
    );

  it("can be read back, and hold no more codes than they say", () => {
    fc.assert(
      fc.property(tables, (table) => {
        const rows = table.map(([level, few, flag, number]) => [
          ...Array.from({ length: 21 }, (_, i) => (i === level ? 1 : 0)),
          few,
          flag ? 1 : 0,
          flag ? 0 : 1,
          number,
        ]);
        const { matrix, width } = matrixOf(rows, []);
        const binned = binMatrix(matrix, rows.length, width);
        const bundled = bundleFlags(binned);
        binned.columns.forEach((_, feature) => {
          expect(unbundled(bundled, feature)).toEqual(
            Array.from(binned.codes.subarray(feature * rows.length, (feature + 1) * rows.length)),
          );
        });
        bundled.codes.forEach((code, i) => expect(code).toBeLessThan(bundled.bins[Math.floor(i / rows.length)] ?? 0));
      }),
      { numRuns: budget(60) },
    );
  });

  it("put a category of 600 levels into three columns", () => {
    const rows = Array.from({ length: 1200 }, (_, row) =>
      Array.from({ length: 600 }, (_, level) => (row % 600 === level ? 1 : 0)),
    );
    const { matrix, width } = matrixOf(rows, []);
    const bundled = bundleFlags(binMatrix(matrix, rows.length, width));
    expect(bundled.columns).toHaveLength(600);
    expect(bundled.bins).toEqual([256, 256, 91]);
  });
});
