import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binMatrix } from "../../../src/model/kinds/trees/bins.js";
import { bundleFlags } from "../../../src/model/kinds/trees/bundle.js";
import { TreeGrower, type GrowRules } from "../../../src/model/kinds/trees/grow.js";
import { loadTreeKernel } from "../../../src/model/kinds/trees/kernel.js";
import type { Tree } from "../../../src/model/kinds/trees/tree.js";
import { bent, matrixOf } from "./data.js";
import { budget } from "../../helpers/budget.js";

const kernel = await loadTreeKernel();
const rules: GrowRules = { leaves: Infinity, depth: 64, shrinkage: 1, l2: 0, leastWeight: 1 };

/** Grows one tree on whole-number targets by squared error: gradients -y, weights 1. */
function grow(
  rows: readonly (readonly number[])[],
  targets: readonly number[],
  own: Partial<GrowRules> = {},
  drawn = false,
) {
  const { matrix, width } = matrixOf(rows, []);
  const binned = bundleFlags(binMatrix(matrix, rows.length, width));
  const grower = new TreeGrower(kernel, binned);
  const n = rows.length;
  grower.kernel.integers(grower.packed, 2 * n).set(targets.flatMap((y) => [1, -y]));
  grower.kernel.words(grower.inside, n).set(Array.from(rows.keys()));
  const features = Array.from(binned.columns.keys());
  const { tree, leaves } = grower.grow(
    n,
    0,
    drawn ? () => features : features,
    { ...rules, ...own },
    { first: 1, second: 1 },
  );
  const sums = grower.kernel.allocate(8 * n);
  for (const leaf of leaves) grower.addLeaf(leaf, sums, true);
  return { tree, binned, sums: Array.from(grower.kernel.doubles(sums, n)) };
}

const shape = ({ features, bins, right, values }: Tree) =>
  Array.from(features, (feature, i) =>
    feature < 0 ? { value: values[i] } : { feature, bin: bins[i], right: right[i] },
  );

describe("a grown tree", () => {
  it("is the one worked out by hand", () => {
    // x = 1 2 3 4, y = 0 0 4 1: gains of the three places -(25/4) + : 25/3 -> 2.08, 25/2 -> 6.25, 16/3+1 -> 0.08.
    // Then 3 | 4: 16 + 1 - 25/2 = 4.5.
    const { tree, sums } = grow([[1], [2], [3], [4]], [0, 0, 4, 1]);
    expect(shape(tree)).toEqual([
      { feature: 0, bin: 1, right: 2 },
      { value: 0 },
      { feature: 0, bin: 2, right: 4 },
      { value: 4 },
      { value: 1 },
    ]);
    expect(sums).toEqual([0, 0, 4, 1]);
  });

  it("shrinks leaves by l2 and by the learning rate, and obeys leaves, depth and least weight", () => {
    const rows = [[1], [2], [3], [4]];
    expect(grow(rows, [0, 0, 4, 1], { l2: 3, shrinkage: 0.5, leaves: 2 }).sums).toEqual([0, 0, 0.5, 0.5]);
    expect(grow(rows, [0, 0, 4, 1], { leaves: 2 }).sums).toEqual([0, 0, 2.5, 2.5]);
    expect(grow(rows, [0, 0, 4, 1], { depth: 1 }).sums).toEqual([0, 0, 2.5, 2.5]);
    expect(grow(rows, [0, 0, 4, 1], { leastWeight: 2 }).sums).toEqual([0, 0, 2.5, 2.5]);
    expect(grow(rows, [0, 0, 4, 1], { leastWeight: 3 }).sums).toEqual([1.25, 1.25, 1.25, 1.25]);
  });

  it("makes the split that gains most first", () => {
    // The right half differs by 100, the left half by 1.
    const rows = [[1], [2], [3], [4]];
    expect(grow(rows, [0, 1, 1000, 1100], { leaves: 3 }).sums).toEqual([0.5, 0.5, 1000, 1100]);
    expect(grow(rows, [1000, 1100, 0, 1], { leaves: 3 }).sums).toEqual([1000, 1100, 0.5, 0.5]);
  });

  it("is one leaf where nothing can be gained", () => {
    expect(shape(grow([[1], [2], [3]], [2, 2, 2]).tree)).toEqual([{ value: 2 }]);
    expect(shape(grow([[5], [5], [5]], [1, 2, 3]).tree)).toEqual([{ value: 2 }]);
  });

  const some = fc.integer({ min: 2, max: 40 }).chain((n) =>
    fc.record({
      rows: fc.array(
        fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 1 })),
        { minLength: n, maxLength: n },
      ),
      targets: fc.array(fc.integer({ min: -5, max: 5 }), { minLength: n, maxLength: n }),
    }),
  );

  it("begins with a split as good as the best of all splits", () => {
    fc.assert(
      fc.property(some, ({ rows, targets }) => {
        const error = (group: readonly number[]): number => {
          const mean = group.reduce((sum, y) => sum + y, 0) / group.length;
          return group.reduce((sum, y) => sum + (y - mean) ** 2, 0);
        };
        let best = error(targets);
        for (const feature of [0, 1, 2] as const)
          for (const row of rows) {
            const left = targets.filter((_, i) => (rows[i]?.[feature] ?? 0) <= row[feature]);
            const right = targets.filter((_, i) => (rows[i]?.[feature] ?? 0) > row[feature]);
            if (left.length > 0 && right.length > 0) best = Math.min(best, error(left) + error(right));
          }
        const { sums } = grow(rows, targets, { leaves: 2 });
        expect(targets.reduce((sum, y, i) => sum + (y - (sums[i] ?? NaN)) ** 2, 0)).toBeCloseTo(best, 4);
      }),
      { numRuns: budget(100) },
    );
  });

  it("is the same whether a child's sums are counted or taken from its parent's", () => {
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 4 }), ({ rows, targets }, leastWeight) => {
        expect(grow(rows, targets, { leastWeight }).tree).toEqual(grow(rows, targets, { leastWeight }, true).tree);
      }),
      { numRuns: budget(100) },
    );
  });

  it("does not depend on the order of rows or columns", () => {
    fc.assert(
      fc.property(some, ({ rows, targets }) => {
        const { sums } = grow(rows, targets, { leaves: 4 });
        expect(grow([...rows].reverse(), [...targets].reverse(), { leaves: 4 }).sums.reverse()).toEqual(sums);
      }),
      { numRuns: budget(60) },
    );
  });

  it("gives each row the value of its leaf, whatever the columns are", () => {
    // Flags of levels share a column, the others stand alone; 11 columns are more than the kernel counts at once.
    const table = fc.array(
      fc.tuple(
        fc.integer({ min: 0, max: 5 }),
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 5, maxLength: 5 }),
        fc.integer({ min: -9, max: 9 }),
      ),
      { minLength: 2, maxLength: 60 },
    );
    fc.assert(
      fc.property(table, fc.integer({ min: 2, max: 12 }), (rows, leaves) => {
        const columns = rows.map(([level, numbers]) => [
          ...Array.from({ length: 6 }, (_, i) => (i === level ? 1 : 0)),
          ...numbers,
        ]);
        const targets = rows.map(([, , target]) => target);
        const { tree, binned, sums } = grow(columns, targets, { leaves });
        const leafOf = (row: readonly number[]): number => {
          let node = 0;
          for (let feature = tree.features[0] ?? -1; feature >= 0; feature = tree.features[node] ?? -1) {
            const threshold = binned.cuts[feature]?.[tree.bins[node] ?? NaN] ?? NaN;
            node = (row[binned.columns[feature] ?? NaN] ?? NaN) <= threshold ? node + 1 : (tree.right[node] ?? NaN);
          }
          return node;
        };
        const own = columns.map(leafOf);
        own.forEach((leaf, row) => {
          const together = targets.filter((_, other) => own[other] === leaf);
          expect(sums[row]).toBeCloseTo(together.reduce((sum, y) => sum + y, 0) / together.length, 5);
          expect(tree.values[leaf]).toBe(sums[row]);
        });
      }),
      { numRuns: budget(100) },
    );
  });

  it("is the same where there is no room to keep sums", () => {
    const data = bent(3000);
    const binned = bundleFlags(binMatrix(data.matrix, 3000, data.width));
    const grown = (most?: number) => {
      const grower = new TreeGrower(kernel, binned, most);
      grower.kernel.integers(grower.packed, 6000).set(Array.from(data.labels).flatMap((y) => [1, -y]));
      grower.kernel.words(grower.inside, 3000).set(Array.from({ length: 3000 }, (_, row) => row));
      return grower.grow(3000, 0, Array.from(binned.columns.keys()), { ...rules, leaves: 40 }, { first: 1, second: 1 })
        .tree;
    };
    expect(grown(1)).toEqual(grown());
  });
});
