import { describe, expect, it } from "vitest";
import { z } from "zod";
import { contractOf, defineFeatures, syntheticCustomers, tableFromRecords } from "../../src/data/index.js";
import type { MetricValue } from "../../src/model/evaluate/metrics.js";
import type { LabeledMatrix, Learner } from "../../src/model/kinds/learner.js";
import { logistic } from "../../src/model/kinds/linear/learner.js";
import { churnNetwork } from "../../src/model/kinds/network/learner.js";
import { repeatedByWeight } from "../../src/model/kinds/row-weights.js";
import { boosting } from "../../src/model/kinds/trees/boosting-learner.js";
import { forest } from "../../src/model/kinds/trees/forest-learner.js";
import { monitorBaselineOf, watchedArtifact } from "../../src/monitor/index.js";
import { train } from "../../src/model/training/train.js";
import { bent, learn } from "./trees/data.js";

/** Fewer values than bins, so that these are the same for repeated rows. */
const rounded = (rows: number, seed?: number): LabeledMatrix => {
  const { matrix, ...rest } = bent(rows, seed);
  return { ...rest, matrix: matrix.map((x) => Math.round(100 * x) / 100) };
};
const data = rounded(1200);
const later = rounded(600, 2);
/** Rows count once, twice or three times. */
const times = Array.from(data.labels, (label, row) => 1 + ((row + 2 * label) % 3));
const scaled = (by: number): LabeledMatrix => ({ ...data, rowWeights: Float32Array.from(times, (one) => by * one) });
const weighted = scaled(1);
const rows = times.flatMap((count, row) => Array<number>(count).fill(row));
const repeated: LabeledMatrix = {
  matrix: Float32Array.from(rows.flatMap((row) => [...data.matrix.subarray(row * data.width, (row + 1) * data.width)])),
  width: data.width,
  labels: Uint8Array.from(rows, (row) => data.labels[row] ?? 0),
};

/** The largest distance of two models' probabilities of later rows. */
async function distance(learner: Learner, a: LabeledMatrix, b: LabeledMatrix): Promise<number> {
  const [one, other] = [await learn(learner, a, later), await learn(learner, b, later)];
  return Math.max(...one.heldOut.probabilities.map((p, i) => Math.abs(p - (other.heldOut.probabilities[i] ?? NaN))));
}

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;
/** The mean probability of later rows where positives weigh five times as much, beside the share of that weight. */
async function withHeavyPositives(learner: Learner): Promise<readonly [mean: number, share: number]> {
  const rowWeights = Float32Array.from(data.labels, (label) => (label === 1 ? 5 : 1));
  const { heldOut } = await learn(learner, { ...data, rowWeights }, later);
  const share = mean(data.labels);
  return [mean(heldOut.probabilities), (5 * share) / (1 + 4 * share)];
}

describe("a row of weight 2 counts like two equal rows", () => {
  it("in logistic regression", async () => {
    const learner = logistic({ l2: 1 });
    expect(await distance(learner, weighted, repeated)).toBeLessThan(1e-6);
    expect(await distance(learner, data, repeated)).toBeGreaterThan(1e-3);
  });

  it("in boosting, up to the rounding of its sums", async () => {
    const learner = boosting({ members: 2, rounds: 30, rowShare: 1, featureShare: 1 });
    expect(await distance(learner, weighted, repeated)).toBeLessThan(1e-4);
    expect(await distance(learner, data, repeated)).toBeGreaterThan(1e-2);
  });

  it("in a forest, up to chance, and whatever the unit of the weights", async () => {
    const learner = forest({ trees: 100, minLeafRows: 20 });
    expect(await distance(learner, weighted, scaled(7))).toBeLessThan(1e-6);
    const [found, share] = await withHeavyPositives(learner);
    expect(Math.abs(found - share)).toBeLessThan(0.1);
  });

  it("in a network, up to chance, and whatever the unit of the weights", async () => {
    const learner = churnNetwork({ members: 1, epochs: 12, patience: 12, units: [16], dropout: [0] });
    expect(await distance(learner, weighted, scaled(4))).toBeLessThan(1e-5);
    const [found, share] = await withHeavyPositives(learner);
    // From 0.4 without weights to about 0.8.
    expect(Math.abs(found - share)).toBeLessThan(0.2);
  });

  it("without validation rows too", async () => {
    for (const learner of [logistic({ l2: 1 }), boosting({ members: 2, rounds: 5 }), forest({ trees: 20 })]) {
      const { heldOut } = await learn(learner, {
        ...data,
        rowWeights: Float32Array.from(data.labels, (y) => 1 + 4 * y),
      });
      expect(mean(heldOut.probabilities)).toBeGreaterThan(mean(data.labels) + 0.2);
    }
  });
});

describe("weights that are none", () => {
  const kinds = [logistic(), boosting({ rounds: 1 }), forest({ trees: 1 }), churnNetwork({ members: 1, epochs: 1 })];
  const small = rounded(60);
  const weighing = (rowWeights: number[]): LabeledMatrix => ({ ...small, rowWeights: Float32Array.from(rowWeights) });
  const ones = Array<number>(60).fill(1);

  it.each(kinds)("are refused by $name, in training and validation rows", async (learner) => {
    for (const [weights, message] of [
      [ones.with(7, NaN), /weight of row 7 is NaN/],
      [ones.with(8, -1), /weight of row 8 is -1/],
      [ones.with(9, Infinity), /weight of row 9 is Infinity/],
      [ones.map(() => 0), /weight of row 0 is 0/],
      [ones.slice(1), /There are 59 weights for 60 rows/],
    ] as const) {
      const refused = { code: "OPTION_INVALID", message: expect.stringMatching(message) as string };
      for (const given of [[weighing(weights)], [small, weighing(weights)]] as const) {
        const [training, validation] = given;
        const fit = async () => learner.fit(training, validation, { seed: 1 });
        await expect(fit()).rejects.toMatchObject(refused);
      }
    }
  });
});

describe("held-out rows by weight", () => {
  const heldOut = { rows: Uint32Array.of(0, 2, 3), probabilities: Float64Array.of(0.1, 0.2, 0.3) };

  it("are repeated as often as whole weights say", () => {
    const { rows, probabilities } = repeatedByWeight(heldOut, Float32Array.of(2, 9, 1, 3));
    expect([...rows]).toEqual([0, 0, 2, 3, 3, 3]);
    expect([...probabilities]).toEqual([0.1, 0.1, 0.2, 0.3, 0.3, 0.3]);
  });

  it("are sampled in proportion to other weights", () => {
    const many = { rows: Uint32Array.from({ length: 1000 }, (_, i) => i), probabilities: new Float64Array(1000) };
    const { rows } = repeatedByWeight(
      many,
      Float32Array.from(many.rows, (row) => (row % 2 === 0 ? 0.3 : 1.5)),
    );
    expect(rows.length).toBe(1000);
    expect(rows.filter((row) => row % 2 === 0).length).toBeGreaterThan(160);
    expect(rows.filter((row) => row % 2 === 0).length).toBeLessThan(174);
  });
});

describe("train with weights", () => {
  const contract = contractOf(
    z.object({ tenureMonths: z.int(), monthlyCharges: z.number(), churn: z.enum(["No", "Yes"]) }),
    {
      target: "churn",
      positive: "Yes",
    },
  );
  const table = tableFromRecords(contract, syntheticCustomers({ rows: 800 }).records);
  const options = { learner: logistic({ l2: 1 }), baseline: false };

  it("judges and calibrates by weight", async () => {
    const churners = table.columns.get("churn");
    if (churners?.storage !== "coded") throw new Error("no labels");
    const yes = churners.levels.indexOf("Yes");
    const weights = Array.from(churners.codes, (code) => (code === yes ? 4 : 1));
    const plain = await train(defineFeatures(contract), table, options);
    const { heldOut, heldOutScores } = await train(defineFeatures(contract), table, { ...options, weights });
    const mean = heldOutScores.probabilities.reduce((sum, p) => sum + p, 0) / heldOutScores.rows.length;
    const positives = weights.filter((weight) => weight === 4).length;
    expect(heldOutScores.rows.length).toBe(800 + 3 * positives);
    expect(mean).toBeCloseTo((4 * positives) / (800 + 3 * positives), 2);
    expect(heldOut.values.logLoss.value).not.toBe(plain.heldOut.values.logLoss.value);
  });

  it("knows no more of a model by three copies of each row", async () => {
    const plain = await train(defineFeatures(contract), table, options);
    const weights = new Float32Array(800).fill(3);
    const { heldOut } = await train(defineFeatures(contract), table, { ...options, weights });
    const width = ({ low = NaN, high = NaN }: MetricValue): number => high - low;
    expect(heldOut.rows).toBe(2400);
    expect(width(heldOut.values.auc) / width(plain.heldOut.values.auc)).toBeGreaterThan(0.8);
  });

  it("keeps the intervals in a monitor's baseline, also of rows of several files with the same numbers", async () => {
    const weights = new Float32Array(800).fill(2);
    const files = { ...table, rowNumbers: table.rowNumbers.map((row) => row % 400) };
    const model = await train(defineFeatures(contract), files, { ...options, weights });
    const { heldOut } = monitorBaselineOf(await watchedArtifact(model, files, { attributionRows: 0 })).quality;
    expect(heldOut).toEqual(model.artifact.metrics);
  });

  it("refuses weights that are none", async () => {
    const fit = (weights: number[]) => train(defineFeatures(contract), table, { ...options, weights });
    await expect(fit([1, 2])).rejects.toThrow(/There are 2 weights for 800 rows/);
    await expect(fit(Array.from({ length: 800 }, (_, i) => (i === 5 ? 0 : 1)))).rejects.toThrow(/weight of row 5 is 0/);
  });
});
