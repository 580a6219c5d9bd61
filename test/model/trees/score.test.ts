import fc from "fast-check";
import { expect, it } from "vitest";
import type { TreesModel } from "../../../src/model/artifact.js";
import { loadKernel } from "../../../src/model/kinds/network/kernel.js";
import { uniform } from "../../../src/base/random.js";
import { treesScorer } from "../../../src/model/kinds/trees/score.js";
import { budget } from "../../helpers/budget.js";

const inputs = 5;
type Tree = { leaf: number } | { feature: number; threshold: number; left: Tree; right: Tree };

const number = fc.oneof(fc.constantFrom(0, -0, 1, 0.5, -1, 1e30), fc.float({ noNaN: true }));
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    { weight: 1, arbitrary: fc.record({ leaf: fc.float({ noNaN: true, noDefaultInfinity: true }) }) },
    {
      weight: 4,
      arbitrary: fc.record({ feature: fc.nat(inputs - 1), threshold: number, left: tie("tree"), right: tie("tree") }),
    },
  ),
}));

/** A model of trees in preorder. */
function modelOf(trees: readonly Tree[]): TreesModel {
  const [roots, features, values, right]: number[][] = [[], [], [], []];
  const add = (one: Tree): void => {
    const node = features?.push("leaf" in one ? -1 : one.feature) ?? 0;
    values?.push("leaf" in one ? one.leaf : one.threshold);
    right?.push(0);
    if ("leaf" in one) return;
    add(one.left);
    right?.splice(node - 1, 1, features?.length ?? 0);
    add(one.right);
  };
  for (const one of trees) {
    roots?.push(features?.length ?? 0);
    add(one);
  }
  return {
    kind: "trees",
    inputs,
    link: "logistic",
    bias: 0.25,
    roots: Uint32Array.from(roots ?? []),
    features: Int32Array.from(features ?? []),
    values: Float32Array.from(values ?? []),
    right: Uint32Array.from(right ?? []),
  };
}

const kernel = await loadKernel();

/** Scores with the kernel, all rows together and each alone, beside a walk from each root. */
function scores(model: TreesModel, x: Float32Array) {
  const rows = x.length / inputs;
  const [together, alone, walked] = [new Float64Array(rows), new Float64Array(rows), new Float64Array(rows)];
  const scorer = treesScorer(model, kernel);
  scorer.score(x, rows, together);
  for (let row = 0; row < rows; row++)
    scorer.score(x.subarray(row * inputs, (row + 1) * inputs), 1, alone.subarray(row, row + 1));
  treesScorer(model).score(x, rows, walked);
  return { together, alone, walked };
}

it("gives rows the same bits in blocks, alone and by a walk, whatever the trees", () => {
  const value = fc.oneof(number, fc.constantFrom(NaN, Infinity, -Infinity));
  fc.assert(
    fc.property(
      fc.array(tree, { minLength: 1, maxLength: 6 }),
      fc.array(fc.array(value, { minLength: inputs, maxLength: inputs }), { minLength: 1, maxLength: 10 }),
      fc.integer({ min: 1, max: 300 }),
      (trees, some, rows) => {
        const x = Float32Array.from({ length: rows * inputs }, (_, i) => {
          const row = Math.floor(i / inputs);
          return some[(row * 7) % some.length]?.[i % inputs] ?? 0;
        });
        const { together, alone, walked } = scores(modelOf(trees), x);
        expect(together).toEqual(walked);
        expect(alone).toEqual(walked);
      },
    ),
    { numRuns: budget(200) },
  );
});

it.each([1, 2, 8, 9, 16, 17, 31, 32, 33, 100, 256, 257])(
  "gives the same bits with trees of %i leaves, at and beside their thresholds",
  (leaves) => {
    const random = uniform(leaves);
    const threshold = (): number => Math.fround(Math.floor(random() * 400) / 7);
    const grown = (size: number): Tree => {
      if (size === 1) return { leaf: Math.fround(random() - 0.5) };
      const left = 1 + Math.floor(random() * (size - 1));
      const feature = Math.floor(random() * inputs);
      return { feature, threshold: threshold(), left: grown(left), right: grown(size - left) };
    };
    const model = modelOf([...Array.from({ length: 20 }, () => grown(leaves)), grown(1), grown(3)]);
    for (const rows of [1, 9, 10, 127, 128, 129, 300]) {
      const x = Float32Array.from({ length: rows * inputs }, () => {
        const kind = random();
        return kind < 0.05 ? NaN : kind < 0.5 ? threshold() : 57 * random();
      });
      const { together, alone, walked } = scores(model, x);
      expect(together).toEqual(walked);
      expect(alone).toEqual(walked);
    }
  },
);
