import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../src/base/errors.js";
import type { TreesModel } from "../../../src/model/artifact.js";
import { treesScorer } from "../../../src/model/kinds/trees/score.js";
import { readTrees, writeTrees } from "../../../src/model/kinds/trees/format.js";
import { walk } from "./data.js";
import { budget } from "../../helpers/budget.js";

type Plain = number | { readonly by: number; readonly at: number; readonly low: Plain; readonly high: Plain };

const inputs = 3;
const { tree: trees } = fc.letrec<{ tree: Plain }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6 },
    fc.float({ min: -2, max: 2, noNaN: true }),
    fc.record({
      by: fc.nat(inputs - 1),
      at: fc.float({ min: -2, max: 2, noNaN: true }),
      low: tie("tree"),
      high: tie("tree"),
    }),
  ),
}));
const models = fc.record({
  plain: fc.array(trees, { maxLength: 5 }),
  bias: fc.double({ min: -3, max: 3, noNaN: true }),
  link: fc.constantFrom("logistic", "identity"),
});

/** The model of plain trees, by another way than the library's. */
function modelOf(plain: readonly Plain[], bias = 0, link: TreesModel["link"] = "logistic"): TreesModel {
  const nodes: { feature: number; value: number; right: number }[] = [];
  const place = (tree: Plain): void => {
    if (typeof tree === "number") {
      nodes.push({ feature: -1, value: tree, right: 0 });
      return;
    }
    const node = { feature: tree.by, value: tree.at, right: 0 };
    nodes.push(node);
    place(tree.low);
    node.right = nodes.length;
    place(tree.high);
  };
  const roots = plain.map((tree) => {
    const root = nodes.length;
    place(tree);
    return root;
  });
  return {
    kind: "trees",
    inputs,
    link,
    bias,
    roots: Uint32Array.from(roots),
    features: Int32Array.from(nodes, ({ feature }) => feature),
    values: Float32Array.from(nodes, ({ value }) => value),
    right: Uint32Array.from(nodes, ({ right }) => right),
  };
}

const read = (bytes: Uint8Array, model: TreesModel, change: object = {}) =>
  readTrees("trees/0/trees.bin", bytes, { inputs, trees: model.roots.length, nodes: model.features.length, ...change });

const x = Float32Array.from({ length: 40 * inputs }, (_, i) => ((i * 7919) % 41) / 10 - 2);

describe("trees in a bundle", () => {
  it("come back as they were, and score as a plain walk does", () => {
    fc.assert(
      fc.property(models, ({ plain, bias, link }) => {
        const model = modelOf(plain, bias, link);
        const again = { ...model, ...read(writeTrees(model), model) };
        expect(again).toEqual(model);
        const out = new Float64Array(40);
        treesScorer(again).score(x, 40, out);
        for (let row = 0; row < 40; row++)
          expect(out[row]).toBeCloseTo(walk(model, x.subarray(row * inputs, (row + 1) * inputs)), 12);
        const alone = new Float64Array(1);
        treesScorer(again).score(x.subarray(17 * inputs, 18 * inputs), 1, alone);
        expect(alone[0]).toBe(out[17]);
      }),
    );
  });

  const sample = modelOf([
    { by: 0, at: 0.5, low: { by: 2, at: 1, low: 1, high: 2 }, high: 3 },
    4,
    { by: 1, at: 0, low: 5, high: 6 },
  ]);
  // Nodes: 0 split, 1 split, 2 leaf, 3 leaf, 4 leaf | 5 leaf | 6 split, 7 leaf, 8 leaf.
  it.each<[string, (model: TreesModel) => void]>([
    ["a feature that is not there", ({ features }) => (features[0] = 3)],
    ["a feature below a leaf's", ({ features }) => (features[0] = -2)],
    ["a threshold that is no number", ({ values }) => (values[0] = NaN)],
    ["a leaf without end", ({ values }) => (values[8] = Infinity)],
    ["a right child that is the node itself", ({ right }) => (right[0] = 0)],
    ["a right child before its parent", ({ right }) => (right[1] = 0)],
    ["a right child that is the left one", ({ right }) => (right[0] = 1)],
    ["a right child inside the left subtree", ({ right }) => (right[0] = 3)],
    ["a right child in another tree", ({ right }) => (right[0] = 5)],
    ["a right child outside the file", ({ right }) => (right[6] = 99)],
    ["a leaf with a child", ({ right }) => (right[2] = 3)],
    ["a split where a leaf was", ({ features }) => (features[8] = 1)],
    ["a leaf where a split was", (model) => ((model.features[1] = -1), (model.right[1] = 0))],
    ["a first root that is not the first node", ({ roots }) => (roots[0] = 1)],
    ["roots out of order", ({ roots }) => (roots[1] = 6)],
    ["a root inside a tree", ({ roots }) => (roots[1] = 3)],
    ["a root outside the file", ({ roots }) => (roots[2] = 9)],
  ])("refuses %s", (_, change) => {
    const model = structuredClone(sample);
    change(model);
    expect(() => read(writeTrees(model), model)).toThrow(
      expect.objectContaining({
        code: "BUNDLE_CORRUPT",
        where: expect.objectContaining({ file: "trees/0/trees.bin" }) as object,
      }) as Error,
    );
  });

  it("refuses a file of another size, and absurd ones before it allocates", () => {
    const bytes = writeTrees(sample);
    for (const [cut, change] of [
      [bytes.slice(1), {}],
      [bytes, { nodes: 8 }],
      [bytes, { trees: 2 }],
      [bytes, { nodes: 1e12 }],
      [bytes, { trees: 1e12 }],
      [new Uint8Array(12), { trees: 0, nodes: 1 }],
    ] as const) {
      expect(() => read(cut, sample, change)).toThrow(expect.objectContaining({ code: "BUNDLE_CORRUPT" }) as Error);
    }
    expect(read(new Uint8Array(0), sample, { trees: 0, nodes: 0 }).features).toHaveLength(0);
  });

  it("never lets a changed file through that does not end at a leaf", () => {
    const bytes = writeTrees(sample);
    let passed = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const changed = Uint8Array.from(bytes);
          for (const [at, byte] of changes) changed[at] = byte;
          let nodes: ReturnType<typeof read>;
          try {
            nodes = read(changed, sample);
          } catch (error) {
            expect(ChurnkitError.isInstance(error) && error.code === "BUNDLE_CORRUPT").toBe(true);
            return;
          }
          passed++;
          const out = new Float64Array(40);
          treesScorer({ ...sample, ...nodes }).score(x, 40, out);
          expect(out.every((p) => p >= 0 && p <= 1)).toBe(true);
        },
      ),
      { numRuns: budget(500) },
    );
    expect(passed).toBeGreaterThan(20);
  });
});
