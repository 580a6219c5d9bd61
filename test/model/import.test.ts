import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { register } from "../../src/cli/commands/import.js";
import { contractOf, tableFromRecords } from "../../src/data/index.js";
import { explainerOf } from "../../src/model/explain/explainer.js";
import { floatEdge, nextUp } from "../../src/model/import/foreign.js";
import { importTrees } from "../../src/model/import/import-trees.js";
import { openBundle } from "../../src/model/bundle/open.js";
import { toBundleFiles } from "../../src/model/bundle/format.js";
import {
  foreignFile as bytesOf,
  foreignModels as models,
  foreignRecords as records,
  foreignRows as rows,
} from "../helpers/foreign-trees.js";

const changed = (file: string, from: string | RegExp, to: string): Uint8Array => {
  const text = bytesOf(file).toString();
  const other = text.replace(from, to);
  expect(other).not.toBe(text);
  return new TextEncoder().encode(other);
};
const gap = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (x, i) => Math.abs(x - (b[i] ?? NaN))));

describe.each(Object.entries(models))("%s", (name, { file, probabilities }) => {
  it("scores as it did, alone, in a batch and from a bundle", async () => {
    const { artifact, scorer } = await importTrees(bytesOf(file), rows, { name });
    expect(gap(scorer.score(rows), probabilities)).toBeLessThan(1e-6);
    const alone = records.slice(0, 50).map((record) => scorer.scoreRecord(record).probability ?? NaN);
    expect(gap(alone, probabilities.slice(0, 50))).toBeLessThan(1e-6);
    const opened = await openBundle(await toBundleFiles(artifact));
    expect(opened.artifact.provenance.learner).toBe(name.startsWith("xgboost") ? "XGBoost" : "LightGBM");
  });
});

it("explains an imported model by the contract's columns, summing to the score", async () => {
  const { artifact, scorer } = await importTrees(bytesOf("xgboost.json"), rows);
  const { columns, base, values, outputs } = (await explainerOf(artifact, { background: rows })).explain(rows);
  expect(columns.map(({ name }) => name).sort()).toEqual(["charges", "plan", "tenure", "usage"]);
  const logit = (p: number): number => Math.log(p / (1 - p));
  const scores = scorer.score(rows);
  for (let row = 0; row < 20; row++) {
    const sum = values.subarray(4 * row, 4 * row + 4).reduce((total, value) => total + value, base);
    expect(sum).toBeCloseTo(logit(scores[row] ?? NaN), 6);
    expect(outputs[row]).toBeCloseTo(sum, 6);
  }
});

describe("a level that the model never saw", () => {
  it("goes where the library sends it", async () => {
    const { scorer } = await importTrees(bytesOf("lightgbm.txt"), rows);
    const [missing, unseen] = [null, "Enterprise"].map(
      (plan) => scorer.scoreRecord({ ...records[0], plan }).probability,
    );
    expect(unseen).toBe(missing);
  });
});

/** An XGBoost model of one tree with one split. */
const xgboost = (tree: object, model: object = {}): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      learner: {
        feature_names: ["code"],
        learner_model_param: { base_score: "5E-1", num_class: "0" },
        objective: { name: "binary:logistic" },
        gradient_booster: {
          name: "gbtree",
          model: {
            trees: [
              {
                left_children: [1, -1, -1],
                right_children: [2, -1, -1],
                split_indices: [0, 0, 0],
                split_conditions: [0, -1, 1],
                default_left: [1, 0, 0],
                split_type: [1, 0, 0],
                categories_nodes: [0],
                categories_segments: [0],
                tree_param: {},
                ...tree,
              },
            ],
            tree_info: [0],
            ...model,
          },
        },
      },
    }),
  );

describe("categories", () => {
  const table = (levels: string[]) =>
    tableFromRecords(
      contractOf(z.object({ code: z.enum(levels), churn: z.enum(["No", "Yes"]) }), {
        target: "churn",
        positive: "Yes",
      }),
      levels.map((code, i) => ({ code, churn: i % 2 === 0 ? "No" : "Yes" }) as const),
    );

  it("that are numbers have the codes of the file, not of the contract", async () => {
    const bytes = xgboost(
      { categories: [1, 3], categories_sizes: [2] },
      { cats: { enc: [{ type: 15, values: [3, 7, 10, 20] }] } },
    );
    const rows = table(["10", "20", "3", "7"]);
    const { scorer } = await importTrees(bytes, rows);
    expect([...scorer.score(rows)].map((p) => p > 0.5)).toEqual([false, true, false, true]);
  });

  it("are as many as they are, and the bundle opens", async () => {
    const levels = Array.from({ length: 2500 }, (_, i) => `level ${i}`);
    const rows = table(levels);
    const { artifact } = await importTrees(
      xgboost({ categories: [...levels.keys()].slice(500), categories_sizes: [2000] }),
      rows,
    );
    const { scorer } = await openBundle(await toBundleFiles(artifact));
    expect([...scorer.score(rows)].map((p) => p > 0.5)).toEqual(levels.map((_, i) => i >= 500));
  });
});

/** A tree of 100 categorical splits in a row, all by the same 100,000 categories. */
const sharedWords = [
  "Tree=0",
  "num_leaves=101",
  `split_feature=${Array(100).fill(3).join(" ")}`,
  `threshold=${Array(100).fill(0).join(" ")}`,
  `decision_type=${Array(100).fill(1).join(" ")}`,
  `left_child=${Array.from({ length: 100 }, (_, i) => -1 - i).join(" ")}`,
  `right_child=${Array.from({ length: 100 }, (_, i) => (i < 99 ? i + 1 : -101)).join(" ")}`,
  `leaf_value=${Array(101).fill(0).join(" ")}`,
  "cat_boundaries=0 3125",
  `cat_threshold=${Array(3125).fill(4294967295).join(" ")}`,
  "",
  "",
].join("\n");
const manyTrees = new TextEncoder().encode(
  [
    "tree\nnum_tree_per_iteration=1\nobjective=binary sigmoid:1\nfeature_names=tenure\n",
    ...Array.from({ length: 100_001 }, (_, i) => `Tree=${i}\nnum_leaves=1\nleaf_value=0\n`),
    "end of trees\n",
  ].join("\n"),
);

describe("what is refused, with what to do", () => {
  const fails = (bytes: Uint8Array) => expect(importTrees(bytes, rows)).rejects;
  it.each<[string, Uint8Array, RegExp]>([
    ["UBJSON", Uint8Array.from([0x7b, 0x4c, 0, 0]), /UBJSON.*model\.json/],
    ["a pickle", Uint8Array.from([0x80, 4]), /neither XGBoost's JSON nor LightGBM's text/],
    ["half a JSON", bytesOf("xgboost.json").subarray(0, 5000), /not valid JSON/],
    ["half a text", bytesOf("lightgbm.txt").subarray(0, 1500), /cut short/],
    ["another objective", changed("xgboost.json", "binary:logistic", "multi:softprob"), /objective multi:softprob/],
    ["several classes", changed("xgboost.json", '"num_class":"0"', '"num_class":"3"'), /several classes/],
    ["a linear booster", changed("xgboost.json", '"name":"gbtree"', '"name":"gblinear"'), /is a gblinear/],
    [
      "another objective",
      changed("lightgbm.txt", "binary sigmoid:1", "multiclass num_class:3"),
      /objective multiclass/,
    ],
    ["a circle", changed("xgboost.json", /"left_children":\[1,/, '"left_children":[0,'), /nodes are no tree/],
    ["a child nowhere", changed("lightgbm.txt", /left_child=-?\d+/, "left_child=999"), /nodes are no tree/],
    [
      "a number that is none",
      changed("lightgbm.txt", /leaf_value=\S+/, "leaf_value=nan"),
      /leaf_value must be \d+ finite/,
    ],
    [
      "a leaf beyond 32-bit floats",
      changed("lightgbm.txt", /leaf_value=\S+/, "leaf_value=1e300"),
      /a number of it is too large/,
    ],
    [
      "a threshold beyond 32-bit floats",
      changed("xgboost.json", /"split_conditions":\[[^,]+/, '"split_conditions":[1e300'),
      /a number of it is too large/,
    ],
    [
      "sets that name the same categories again and again",
      xgboost({
        categories: Array.from({ length: 1000 }, (_, i) => i),
        categories_nodes: Array<number>(5000).fill(0),
        categories_segments: Array<number>(5000).fill(0),
        categories_sizes: Array<number>(5000).fill(1000),
      }),
      /sets of more than 4194304 categories/,
    ],
    [
      "words of categories that many splits name",
      changed("lightgbm.txt", /Tree=0\n[^]*?\n\n/, sharedWords),
      /sets of more than 4194304 categories/,
    ],
    ["more trees than can be scored", manyTrees, /more than 100000 trees/],
    ["zeros as missing", changed("lightgbm.txt", /decision_type=\d+/, "decision_type=4"), /zeros for missing/],
    [
      "lists that do not fit",
      changed("xgboost.json", /"split_indices":\[\d+,/, '"split_indices":['),
      /one for each node/,
    ],
    [
      "a feature without name",
      changed("xgboost.json", /"split_indices":\[\d+,/, '"split_indices":[77,'),
      /no name for feature 77/,
    ],
    [
      "another feature",
      changed("lightgbm.txt", "feature_names=tenure", "feature_names=months"),
      /"months" does not fit/,
    ],
  ])("%s", async (_, bytes, message) => {
    await fails(bytes).toThrow(message);
  });
});

it("says on the command line which file is not there", async () => {
  const program = new Command().exitOverride();
  register(program);
  const run = program.parseAsync(["import", "no-model.json", "rows.csv", "--out", "no-bundle"], { from: "user" });
  await expect(run).rejects.toMatchObject({
    code: "INPUT_NOT_FOUND",
    message: expect.stringMatching(/^The model no-model\.json cannot be read/) as string,
  });
});

it("reads a text with the line ends of Windows", async () => {
  const plain = await importTrees(bytesOf("lightgbm.txt"), rows);
  const other = await importTrees(changed("lightgbm.txt", /\n/g, "\r\n"), rows);
  expect(other.scorer.score(rows)).toEqual(plain.scorer.score(rows));
});

it("finds the numbers at which a comparison turns", () => {
  for (const x of [0, 1, -1, 0.1, -0.1, 1e-45, 3.4e38, 12345.678, -(2 ** -149)]) {
    const float = Math.fround(x);
    const edge = floatEdge(x);
    expect(Math.fround(edge)).toBeGreaterThanOrEqual(float);
    expect(Math.fround(-nextUp(-edge))).toBeLessThan(float);
    expect(nextUp(x)).toBeGreaterThan(x);
    expect((x + nextUp(x)) / 2 === x || (x + nextUp(x)) / 2 === nextUp(x)).toBe(true);
  }
});
