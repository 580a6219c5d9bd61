import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import { defineFeatures } from "../../src/data/features/index.js";
import { tableFromRecords } from "../../src/data/index.js";
import { toJavaScript, toSql } from "../../src/export/index.js";
import {
  type Artifact,
  compile,
  counterfactuals,
  crossValidate,
  explainerOf,
  loadBundle,
  logistic,
  partialDependence,
  permutationImportance,
  reasons,
  saveBundle,
  train,
} from "../../src/model/index.js";
import { contractOfColumns, numberColumn, textColumn } from "../data/features/tables.js";

const contract = contractOfColumns([textColumn("note"), numberColumn("tenure")]);
const random = uniform(11);
const pick = (words: readonly string[]): string => words[Math.floor(random() * words.length)] ?? "";
const records = Array.from({ length: 300 }, (_, i) => {
  const leaves = random() < 0.4;
  const bad = leaves === random() < 0.9;
  const mood = bad ? ["awful 😡", "so slow", "broken", "cancel it!"] : ["great", "very fast", "happy 😀", "I love it"];
  const note = i % 12 === 0 ? null : `${pick(["the phone", "my bill", "a call"])} was ${pick(mood)}`;
  return { note, tenure: Math.floor(60 * random()), churn: leaves ? "yes" : "no" };
});
const table = tableFromRecords(contract, records);
const features = defineFeatures(contract);

describe("a model of texts and numbers", () => {
  let artifact: Artifact;
  beforeAll(async () => {
    ({ artifact } = await train(features, table, { learner: logistic(), seed: 1 }));
  });

  it("scores alike from memory, from a bundle, as JavaScript, one by one and at once", async () => {
    const folder = await mkdtemp(join(tmpdir(), "churnkit-texts-"));
    try {
      await saveBundle(artifact, join(folder, "model"));
      const loaded = await compile((await loadBundle(join(folder, "model"))).artifact);
      const scorer = await compile(artifact);
      const all = scorer.score(table);
      expect(loaded.score(table)).toEqual(all);
      const module = toJavaScript(artifact);
      const { score } = (await import(`data:text/javascript;base64,${Buffer.from(module).toString("base64")}`)) as {
        score: (record: unknown) => { probability: number | null };
      };
      records.forEach((record, row) => {
        if (row % 5 > 0) return;
        expect(loaded.scoreRecord(record).probability).toBe(all[row]);
        expect(score(record).probability).toBe(all[row]);
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("refuses a text that is too long or no text, and takes any other", async () => {
    const scorer = await compile(artifact);
    expect(scorer.scoreRecord({ note: "x".repeat(1_000_000), tenure: 1 })).toMatchObject({
      probability: null,
      issues: [{ column: "note", rule: "length" }],
    });
    expect(scorer.scoreRecord({ note: ["a"], tenure: 1 })).toMatchObject({
      issues: [{ column: "note", rule: "type" }],
    });
    for (const note of [null, "", "\ud800", "__proto__ constructor", "😡😡", 12, "ש\u05b8לום\u202e"]) {
      expect(scorer.scoreRecord({ note, tenure: 1 }).probability).toBeGreaterThan(0);
    }
  });

  it("explains by the column, whatever its words", async () => {
    const explainer = await explainerOf(artifact);
    expect(reasons(explainer, { note: "my bill was awful 😡, cancel it!", tenure: 30 }).reasons[0]).toMatchObject({
      column: "note",
      direction: "raises",
      sentence: expect.stringContaining('note of "my bill was awful 😡, cancel it!" raises') as string,
    });
    const scorer = await compile(artifact);
    expect(permutationImportance(scorer, table)[0]).toMatchObject({ columns: ["note"] });
    expect(partialDependence(scorer, table, "note", { values: ["great", "awful"] }).grid).toEqual(["great", "awful"]);
    const { options } = counterfactuals(scorer, table, { note: "it is awful 😡", tenure: 30 });
    expect(options.flatMap(({ changes }) => changes.map(({ column }) => column))).not.toContain("note");
  });

  it("is not written as SQL, which says why", () => {
    expect(() => toSql(artifact)).toThrow(/"note" is free text/);
  });

  it("fits the words on each fold's training rows", async () => {
    const { metrics } = await crossValidate(features, table, { learner: logistic(), folds: 3, seed: 1, workers: 1 });
    expect(metrics.auc?.mean).toBeGreaterThan(0.75);
  });
});
