import { beforeAll, describe, expect, it } from "vitest";
import { logit } from "../../../src/stats/logistic.js";
import { defineFeatures } from "../../../src/data/features/define.js";
import { column, cross, ratio } from "../../../src/data/features/expressions/builders.js";
import { syntheticContract, syntheticCustomers } from "../../../src/data/synthetic.js";
import { tableFromRecords } from "../../../src/data/read/records.js";
import type { Artifact } from "../../../src/model/artifact.js";
import { compile } from "../../../src/model/scoring/compile.js";
import { explainerOf } from "../../../src/model/explain/explainer.js";
import type { Explainer } from "../../../src/model/explain/explanation.js";
import { reasons } from "../../../src/model/explain/reasons.js";
import { subjectOf } from "../../../src/model/explain/words.js";
import { logistic } from "../../../src/model/kinds/linear/learner.js";
import { train } from "../../../src/model/training/train.js";
import { sampleArtifact } from "../../helpers/artifact.js";

const { records } = syntheticCustomers({ rows: 600, seed: 1 });
let artifact: Artifact;
let explainer: Explainer;
beforeAll(async () => {
  const features = defineFeatures(syntheticContract, {
    derive: () => ({
      perMonth: ratio(column("totalCharges"), column("tenureMonths")),
      both: cross(column("contract"), column("onlineSecurity")),
    }),
  });
  ({ artifact } = await train(features, tableFromRecords(syntheticContract, records), { learner: logistic() }));
  explainer = await explainerOf(artifact);
});

describe("reasons for a score", () => {
  it("add up to the scorer's log odds", async () => {
    const scorer = await compile(artifact);
    for (const record of records.slice(0, 20)) {
      const found = reasons(explainer, record, { top: 4 });
      if (found.probability === null) throw new Error("the record keeps the contract");
      expect(found.probability).toBeCloseTo(scorer.scoreRecord(record).probability ?? NaN, 9);
      expect(found.logOdds).toBeCloseTo(logit(found.probability), 9);
      expect(found.reasons.length).toBe(4);
      expect(found.base + found.others + found.reasons.reduce((sum, reason) => sum + reason.logOdds, 0)).toBeCloseTo(
        found.logOdds,
        9,
      );
      const sizes = found.reasons.map((reason) => Math.abs(reason.logOdds));
      expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    }
  });

  it("say in words what the value is and which way it moves the score", () => {
    const record: Record<string, unknown> = { ...records[0], tenureMonths: 2 };
    const all = reasons(explainer, record, { top: 100, outcome: "risk of churn" }).reasons;
    const tenure = all.find(({ column }) => column === "tenureMonths");
    expect(tenure?.value).toBe(2);
    expect(tenure?.sentence).toMatch(
      /^tenureMonths of 2 months (raises|lowers) the risk of churn \(log odds [+-]\d+\.\d\d\)$/,
    );
    for (const { direction, logOdds, sentence } of all) {
      expect(direction).toBe(logOdds > 0 ? "raises" : "lowers");
      expect(sentence).toContain(direction);
    }
    const made = all.find(({ column }) => column === "perMonth");
    expect(made?.sentence).toContain("(made of totalCharges and tenureMonths)");
    expect(made?.value).toBeCloseTo(Number(record["totalCharges"]) / 2, 9);
    const pair = all.find(({ column }) => column === "both");
    expect(pair?.value).toBe(`${String(record["contract"])} & ${String(record["onlineSecurity"])}`);
  });

  it("can be limited to one direction", () => {
    for (const { direction } of reasons(explainer, records[3], { top: 50, direction: "raises" }).reasons)
      expect(direction).toBe("raises");
  });

  it("report a record that breaks the contract, and one that is odd", async () => {
    const broken = reasons(explainer, { ...records[0], tenureMonths: "many" });
    expect(broken).toMatchObject({ probability: null, logOdds: null, reasons: [] });
    expect(broken.issues[0]?.column).toBe("tenureMonths");
    expect(reasons(explainer, null).probability).toBeNull();
    expect(reasons(explainer, "x").issues.length).toBe(1);
    const sample = await explainerOf(await sampleArtifact({ networks: 0 }));
    const odd = reasons(
      sample,
      { customer: "c", tenure: 500, charges: null, paperless: true, since: "2020-02-02", plan: "gold" },
      { top: 10 },
    );
    expect(odd.issues.map(({ rule }) => rule).sort()).toEqual(["newLevel", "outsideObserved"]);
  });

  it("report a record without a finite score instead of throwing", async () => {
    const sample = await sampleArtifact({ networks: 0 });
    const weights = sample.model.kind === "linear" ? sample.model.weights : [];
    // The background's tenure encodes to 2 at most, the record's to 10.
    const wild: Artifact = {
      ...sample,
      calibration: { kind: "identity" },
      model: { kind: "linear", bias: 0, weights: weights.map((_, j) => (j === 0 ? 0.8e308 : 0)) },
    };
    const found = reasons(await explainerOf(wild), {
      customer: "c",
      tenure: 1e9,
      charges: 1,
      paperless: true,
      since: "2020-02-02",
      plan: "plus",
    });
    expect(found).toMatchObject({ probability: null, issues: [{ rule: "finite" }] });
  });

  it("leave out what the sampling can't tell from 0", async () => {
    const sampled = await explainerOf(await sampleArtifact({ networks: 3 }), { samples: 8 });
    const record = { customer: "c", tenure: 3, charges: 20, paperless: true, since: "2020-02-02", plan: null };
    for (const { logOdds, standardError } of reasons(sampled, record, { top: 20 }).reasons)
      expect(Math.abs(logOdds)).toBeGreaterThan(2 * standardError);
  });

  it("refuse a top that is no number of reasons", () => {
    for (const top of [0, 1.5, NaN]) expect(() => reasons(explainer, records[0], { top })).toThrow(/top is/);
  });
});

describe("the subject of a sentence", () => {
  it.each([
    ["tenure of 2 months", { kind: "number", unit: "months" } as const, 2],
    ["tenure of 0.33333", { kind: "number" } as const, 1 / 3],
    ["a missing tenure", { kind: "number", unit: "months" } as const, null],
    ["tenure being true", { kind: "boolean" } as const, true],
    ["tenure of 2024-01-31", { kind: "date" } as const, "2024-01-31"],
    ['tenure of "A \\"b\\""', { kind: "category" } as const, 'A "b"'],
    ["tenure of 7", undefined, 7],
  ])("%s", (words, declared, value) => expect(subjectOf("tenure", declared, value)).toBe(words));

  it("cuts a long label", () => expect(subjectOf("t", undefined, "x".repeat(500)).length).toBeLessThan(80));
});
