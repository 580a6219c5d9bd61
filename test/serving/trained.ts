import { defineFeatures } from "../../src/data/features/define.js";
import { syntheticContract, syntheticCustomers } from "../../src/data/synthetic.js";
import { tableFromRecords } from "../../src/data/read/records.js";
import type { Learner } from "../../src/model/kinds/learner.js";
import { logistic } from "../../src/model/kinds/linear/learner.js";
import { churnNetwork } from "../../src/model/kinds/network/learner.js";
import { train, type TrainedModel } from "../../src/model/training/train.js";

const learners = {
  logistic: () => logistic(),
  "two networks": () => churnNetwork({ members: 2, units: [16, 8], epochs: 3 }),
} as const satisfies Record<string, () => Learner>;

export type TrainedName = keyof typeof learners;
export const trainedNames = Object.keys(learners) as TrainedName[];

/** A small model, trained in a second on synthetic customers. */
export function trained(name: TrainedName): Promise<TrainedModel> {
  const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 600, seed: 1 }).records);
  return train(defineFeatures(syntheticContract), table, {
    learner: learners[name](),
    baseline: false,
    seed: 1,
    workers: 0,
  });
}

/** Customers that no model here was trained on, as a caller sends them: without their class. */
export function customers(rows: number): Record<string, unknown>[] {
  return syntheticCustomers({ rows, seed: 2 }).records.map((record) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => name !== "churn")),
  );
}

/** The same customers as a table. */
export const customerTable = (rows: number) =>
  tableFromRecords(syntheticContract, customers(rows), { target: "ignore" });
