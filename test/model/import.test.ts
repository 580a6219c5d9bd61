import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { contractOf, tableFromRecords } from "../../src/data/index.js";
import { explain } from "../../src/model/explain/explainer.js";
import { floatEdge, nextUp } from "../../src/model/import/foreign.js";
import { importTrees } from "../../src/model/import/import-trees.js";
import { openBundle } from "../../src/model/bundle/open.js";
import { toBundleFiles } from "../../src/model/bundle/format.js";

/** Made by make.py, with the libraries' own predictions. */
const folder = resolve(import.meta.dirname, "../fixtures/trees");
const { rows: records, models } = JSON.parse(readFileSync(resolve(folder, "scored.json"), "utf8")) as {
  rows: Record<string, string | number | null>[];
  models: Record<string, { file: string; probabilities: number[] }>;
};
const contract = contractOf(
  z.object({
    tenure: z.number(),
    charges: z.number().nullable(),
    usage: z.number(),
    plan: z.enum(["Enterprise", "Team", "Student", "Pro", "Plus", "Large, yearly", "Basic"]).nullable(),
    churn: z.enum(["No", "Yes"]),
  }),
  { target: "churn", positive: "Yes" },
);
const rows = tableFromRecords(contract, records);
const bytesOf = (file: string): Uint8Array => readFileSync(resolve(folder, file));
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
  const { columns, base, values, outputs } = await explain(artifact, rows, { background: rows });
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
