import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { uniform } from "../../../src/base/random.js";
import { sigmoid } from "../../../src/stats/logistic.js";
import { column, contractOf, defineFeatures, ratio, tableFromRecords } from "../../../src/data/index.js";
import { boosting, type BoostingOptions } from "../../../src/model/kinds/trees/boosting-learner.js";
import type { Scorer } from "../../../src/model/scoring/compile.js";
import { train, type TrainedModel } from "../../../src/model/training/train.js";
import { bent } from "./data.js";

const contract = contractOf(
  z.object({
    tenure: z.int(),
    charges: z.number().nullable(),
    usage: z.number(),
    senior: z.boolean(),
    paperless: z.boolean(),
    plan: z.enum(["A", "B", "C"]),
    churn: z.enum(["No", "Yes"]),
  }),
  { target: "churn", positive: "Yes" },
);
const features = defineFeatures(contract, { derive: () => ({ paid: ratio(column("charges"), column("tenure")) }) });

/** The share of churners bends along the tenure, a third of which is 0; it falls with both flags, more for some plans. */
const random = uniform(5);
const records = Array.from({ length: 2000 }, () => {
  const tenure = random() < 0.3 ? 0 : Math.floor(72 * random());
  const record = {
    tenure,
    charges: random() < 0.1 ? null : 20 + 80 * random(),
    usage: random(),
    senior: random() < 0.2,
    paperless: random() < 0.8,
    plan: (["A", "B", "C"] as const)[Math.floor(3 * random())] ?? "A",
  };
  const bend = Math.sin(tenure / 8) + (record.charges ?? 0) / 50 - 2 * record.usage;
  const flags = (record.senior ? -1 : 0) - (record.paperless && record.plan === "A" ? 1.5 : 0);
  return { ...record, churn: random() < sigmoid(bend + flags) ? "Yes" : "No" } as const;
});
const table = tableFromRecords(contract, records);
const fit = (options: BoostingOptions): Promise<TrainedModel> =>
  train(features, table, { learner: boosting({ rounds: 40, members: 2, ...options }), baseline: false, seed: 3 });

/** How far the probability goes the wrong way along the values of a column, at most, over 80 records. */
function worstStep(
  { scorer }: { scorer: Scorer },
  column: string,
  values: readonly unknown[],
  direction: 1 | -1,
): number {
  let worst = 0;
  for (const record of records.slice(0, 80)) {
    const scores = scorer.scoreRecords(values.map((value) => ({ ...record, [column]: value })));
    for (let i = 1; i < scores.length; i++) {
      const step = (scores[i]?.probability ?? NaN) - (scores[i - 1]?.probability ?? NaN);
      worst = Math.max(worst, -direction * step);
    }
  }
  return worst;
}

const tenures = Array.from({ length: 80 }, (_, i) => i - 2);
/** Calibration computes with rounding. */
const rounding = 1e-12;

describe("boosting that must be monotone", () => {
  let model: TrainedModel;
  let free: TrainedModel;
  beforeAll(async () => {
    model = await fit({ monotone: { tenure: -1, charges: 1, senior: 1, paperless: 1 } });
    free = await fit({});
  }, 60_000);

  it("is so for every record, by number", () => {
    expect(worstStep(free, "tenure", tenures, -1)).toBeGreaterThan(0.05);
    expect(worstStep(model, "tenure", tenures, -1)).toBeLessThan(rounding);
    const charges = Array.from({ length: 60 }, (_, i) => 2 * i);
    expect(worstStep(free, "charges", charges, 1)).toBeGreaterThan(0.001);
    expect(worstStep(model, "charges", charges, 1)).toBeLessThan(rounding);
  });

  it("is so by flags, rare and frequent, though the rows say the opposite", () => {
    for (const flag of ["senior", "paperless"]) {
      expect(worstStep(free, flag, [false, true], 1)).toBeGreaterThan(0.02);
      expect(worstStep(model, flag, [false, true], 1)).toBeLessThan(rounding);
    }
  });

  it("still learns: the other columns as well, and that one as far as it may", () => {
    const range = worstStep(model, "tenure", [0, 70], 1);
    expect(range).toBeGreaterThan(0.05);
    expect(model.heldOut.values.auc.value ?? 0).toBeGreaterThan((free.heldOut.values.auc.value ?? 1) - 0.08);
  });

  it("costs nothing where the rows agree", async () => {
    const agreeing = await fit({ monotone: { charges: 1, usage: -1, senior: -1, paperless: -1 } });
    expect(worstStep(agreeing, "usage", [0, 0.2, 0.4, 0.6, 0.8, 1], -1)).toBeLessThan(rounding);
    expect(agreeing.heldOut.values.auc.value ?? 0).toBeGreaterThan((free.heldOut.values.auc.value ?? 1) - 0.005);
  }, 60_000);
});

it("refuses a column without an order, a direction that is none, and a matrix whose columns have no names", async () => {
  await expect(fit({ monotone: { plan: 1 } })).rejects.toThrow(/"plan", which is not encoded as a number/);
  for (const monotone of [{ tenure: 2 as 1 }, JSON.parse("null") as Record<string, 1>])
    expect(() => boosting({ monotone })).toThrow(
      /monotone of the boosting learner is .*; it must be an object of 1 and -1/,
    );
  const nameless = boosting({ monotone: { tenure: 1 } }).fit(bent(100), undefined, { seed: 0 });
  await expect(nameless).rejects.toThrow(/without its recipe/);
});
