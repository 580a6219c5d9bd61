import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { rankAuc } from "../../../src/stats/ranks/auc.js";
import { boosting, forest, logistic } from "../../../src/model/index.js";
import type { LabeledMatrix, Learner } from "../../../src/model/kinds/learner.js";
import { treesScorer } from "../../../src/model/kinds/trees/score.js";
import { bagger } from "../../../src/model/kinds/trees/bag.js";
import { binMatrix } from "../../../src/model/kinds/trees/bins.js";
import { bundleFlags } from "../../../src/model/kinds/trees/bundle.js";
import { booster } from "../../../src/model/kinds/trees/boost.js";
import { TreeGrower } from "../../../src/model/kinds/trees/grow.js";
import { loadTreeKernel } from "../../../src/model/kinds/trees/kernel.js";
import { planFolds } from "../../../src/model/kinds/trees/plan.js";
import { bent, learn, matrixOf, transformed, treesOf, walk } from "./data.js";
import { budget } from "../../helpers/budget.js";

const quickBoosting = (): Learner => boosting({ rounds: 60, patience: 10, members: 3 });
const quickForest = (): Learner => forest({ trees: 40, minLeafRows: 3 });

function scores(learned: Awaited<ReturnType<typeof learn>>, { matrix, labels }: LabeledMatrix): Float64Array {
  const out = new Float64Array(labels.length);
  treesScorer(treesOf(learned)).score(matrix, labels.length, out);
  return out;
}

describe.each([
  ["boosting", quickBoosting],
  ["forest", quickForest],
] as const)("%s", (name, make) => {
  const data = bent(600);
  const later = bent(2000, 2);

  it("learns what no line can", async () => {
    const learned = await learn(make(), data);
    expect(rankAuc(later.labels, scores(learned, later))).toBeGreaterThan(0.8);
    const line = await logistic().fit(data, undefined, { seed: 0 });
    expect(rankAuc(data.labels, line.heldOut.probabilities)).toBeLessThan(0.65);
  });

  it("judges itself about as well as later rows do", async () => {
    const { heldOut, ...learned } = await learn(make(), data);
    expect(Array.from(heldOut.rows)).toEqual(Array.from(data.labels.keys()));
    const own = rankAuc(data.labels, heldOut.probabilities) ?? 0;
    const fresh = rankAuc(later.labels, scores({ heldOut, ...learned }, later)) ?? 0;
    expect(Math.abs(own - fresh)).toBeLessThan(0.05);
  });

  it("gives the same bits for the same seed, others for another", async () => {
    const [one, two, other] = [
      await learn(make(), data),
      await learn(make(), data),
      await learn(make(), data, undefined, 1),
    ];
    expect(two).toEqual(one);
    expect(treesOf(other).values).not.toEqual(treesOf(one).values);
  });

  it("does not change its data", async () => {
    const own = bent(200);
    await learn(make(), own, bent(50, 9));
    expect(own).toEqual(bent(200));
  });

  it("predicts the same after a rising transformation of a feature", async () => {
    // Whole numbers, so that thresholds half way part old rows and new ones alike.
    const whole = transformed(data, [(x) => Math.floor(x * 40), (x) => Math.floor(x * 40), (x) => x, (x) => x]);
    const bendings = [
      (x: number) => x ** 3,
      (x: number) => Math.floor(Math.exp(x / 4) * 10),
      (x: number) => 2 * x + 7,
      (x: number) => x * 1e20,
    ];
    const plain = await learn(make(), whole);
    const moved = await learn(make(), transformed(whole, bendings));
    expect(moved.heldOut).toEqual(plain.heldOut);
    expect(scores(moved, transformed(whole, bendings))).toEqual(scores(plain, whole));
  });

  it("stops and judges on validation rows where they are given", async () => {
    const learned = await learn(make(), data, later);
    expect(Array.from(learned.heldOut.rows)).toEqual(Array.from(later.labels.keys()));
    scores(learned, later).forEach((p, i) => expect(learned.heldOut.probabilities[i]).toBeCloseTo(p, 6));
  });

  it("scores as a plain walk does", async () => {
    const model = treesOf(await learn(make(), data));
    const out = scores(
      { model, heldOut: { rows: new Uint32Array(), probabilities: new Float64Array() }, history: [] },
      later,
    );
    for (let row = 0; row < 300; row++)
      expect(out[row]).toBeCloseTo(walk(model, later.matrix.subarray(4 * row, 4 * row + 4)), 12);
  });

  it("takes anything that is a table of both classes", async () => {
    const value = fc.oneof(
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -2, max: 2 }),
      fc.constant(0),
    );
    const some = fc
      .record({ rows: fc.integer({ min: 6, max: 30 }), width: fc.integer({ min: 0, max: 4 }) })
      .chain(({ rows, width }) =>
        fc.record({
          rows: fc.array(fc.array(value, { minLength: width, maxLength: width }), { minLength: rows, maxLength: rows }),
          from: fc.integer({ min: 3, max: rows - 3 }),
        }),
      );
    await fc.assert(
      fc.asyncProperty(some, async ({ rows, from }) => {
        const own = matrixOf(
          rows,
          rows.map((_, i) => (i < from ? 1 : 0)),
        );
        const learned = await learn(make(), own);
        for (const p of [...learned.heldOut.probabilities, ...scores(learned, own)])
          expect(p >= 0 && p <= 1).toBe(true);
      }),
      { numRuns: budget(25) },
    );
  });

  it("gives the share of positives where nothing can be learned", async () => {
    const constant = matrixOf(
      Array.from({ length: 40 }, () => [3, 3]),
      Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? 1 : 0)),
    );
    for (const p of scores(await learn(make(), constant), constant))
      expect(p).toBeCloseTo(0.25, name === "forest" ? 1 : 2);
    const ten = matrixOf(
      Array.from({ length: 10 }, (_, i) => [i]),
      Array.from({ length: 10 }, (_, i) => i % 2),
    );
    for (const p of scores(await learn(make(), ten), ten)) expect(Math.abs(p - 0.5)).toBeLessThan(0.3);
  });

  it("refuses what it can't learn from", async () => {
    const code = (data: LabeledMatrix) => expect(learn(make(), data)).rejects;
    await code(matrixOf([], [])).toMatchObject({ code: "TOO_FEW_ROWS" });
    await code(matrixOf([[1], [2], [3]], [1, 1, 1])).toMatchObject({ code: "TARGET_INVALID" });
    await code(matrixOf([[1], [NaN], [3]], [1, 0, 1])).toMatchObject({ code: "VALUE_INVALID", where: { row: 1 } });
    await code(matrixOf([[1], [2], [3]], [1, 0, 2])).toMatchObject({ code: "VALUE_INVALID", where: { row: 2 } });
    await code({ matrix: new Float32Array(5), width: 2, labels: Uint8Array.of(0, 1) }).toMatchObject({
      code: "OPTION_INVALID",
    });
  });

  it("can be stopped", async () => {
    const stop = new AbortController();
    const running = make().fit(data, undefined, { seed: 0, signal: stop.signal });
    stop.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
  });
});

it.each([
  ["forest", () => [forest({ trees: 0 }), forest({ trees: 1.5 })]],
  ["forest", () => forest({ minLeafRows: NaN })],
  ["forest", () => forest({ depth: 65 })],
  ["forest", () => forest({ featuresPerNode: 0 })],
  ["forest", () => forest({ l2: -1 })],
  ["boosting", () => boosting({ members: 1 })],
  ["boosting", () => boosting({ rounds: 0 })],
  ["boosting", () => boosting({ patience: Infinity })],
  ["boosting", () => boosting({ learningRate: 0 })],
  ["boosting", () => boosting({ rowShare: 1.1 })],
  ["boosting", () => boosting({ featureShare: NaN })],
  ["boosting", () => boosting({ leaves: 1 })],
  ["boosting", () => boosting({ minChildWeight: -1 })],
  ["boosting", () => boosting({ l2: Infinity })],
])("refuses options of the %s learner out of range (%#)", (of, make) => {
  expect(make).toThrow(
    expect.objectContaining({ code: "OPTION_INVALID", message: expect.stringContaining(of) as string }) as Error,
  );
});

describe("rows that judge were not trained on", () => {
  const data = bent(300);
  const matrix = bundleFlags(binMatrix(data.matrix, 300, data.width));
  const flipped = (rows: ArrayLike<number>): Uint8Array => {
    const labels = Uint8Array.from(data.labels);
    for (const row of Array.from(rows)) labels[row] = 1 - (labels[row] ?? 0);
    return labels;
  };

  it("boosting: other labels on a fold leave its probabilities the same", async () => {
    const rules = { learningRate: 0.3, leaves: 6, depth: 8, l2: 1, leastWeight: 1, rowShare: 0.8, featureShare: 0.7 };
    const plan = planFolds(data, undefined, 4, 1);
    expect(plan.members.flatMap(({ heldOut }) => Array.from(heldOut)).sort((a, b) => a - b)).toEqual(
      Array.from(data.labels.keys()),
    );
    for (const rows of plan.members) {
      expect(Array.from(rows.training).filter((row) => rows.heldOut.includes(row))).toEqual([]);
      const boosted = async (labels: Uint8Array) => {
        const own = booster(new TreeGrower(await loadTreeKernel(), matrix), { labels }, rows, rules, 3);
        for (let round = 0; round < 5; round++) own.step();
        return own.heldOutMargins();
      };
      const margins = await boosted(data.labels);
      expect(await boosted(flipped(rows.heldOut))).toEqual(margins);
      expect(new Set(margins).size).toBeGreaterThan(3);
    }
  });

  it("forest: another label on a row leaves its out-of-bag mean the same", async () => {
    const rules = { featuresPerNode: 2, depth: 64, l2: 1, leaves: Infinity, leastWeight: 3, shrinkage: 1 };
    const kernel = await loadTreeKernel();
    const fit = (labels: Uint8Array) => bagger(new TreeGrower(kernel, matrix), { labels }, 0.5, rules, 3)(0, 25);
    const plain = fit(data.labels);
    expect(plain.outOfBagCounts.reduce((sum, count) => sum + count, 0) / (25 * 300)).toBeCloseTo(Math.exp(-1), 1);
    const random = uniform(4);
    for (let i = 0; i < 10; i++) {
      const row = Math.floor(random() * 300);
      const other = fit(flipped([row]));
      expect(other.outOfBagSums[row]).toBe(plain.outOfBagSums[row]);
      expect(other.outOfBagSums).not.toEqual(plain.outOfBagSums);
    }
  });
});

it("boosting takes the steps worked out by hand", async () => {
  // Two rows of three are positive at x = 1, one of three at x = 0: p = 1/2 everywhere, g = p - y, h = 1/4.
  const data = matrixOf([[0], [0], [0], [1], [1], [1]], [0, 0, 1, 0, 1, 1]);
  const matrix = bundleFlags(binMatrix(data.matrix, 6, 1));
  const rules = { learningRate: 0.5, leaves: 2, depth: 1, l2: 0.25, leastWeight: 0, rowShare: 1, featureShare: 1 };
  const rows = { training: Uint32Array.from([0, 1, 2, 3, 4, 5]), heldOut: Uint32Array.from([5, 0, 3]) };
  const own = booster(new TreeGrower(await loadTreeKernel(), matrix), data, rows, rules, 1);
  own.step();
  // Left G = 1/2, H = 3/4: -(1/2) / (3/4 + 1/4) / 2 = -1/4.
  expect(own.trees.map(({ values }) => Array.from(values))).toEqual([[0, -0.25, 0.25]]);
});
